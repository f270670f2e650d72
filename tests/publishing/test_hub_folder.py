"""The Hub folder: content, reproducible bytes, and a valid model card."""

import dataclasses
from pathlib import Path

import pytest
from huggingface_hub import ModelCard
from published import NAME, REPO_ID

from reid_align import from_pretrained
from reid_align.errors import InvalidInputError, OutputError
from reid_align.publishing import Publication, build_hub_folder, gather_publication
from reid_align.weights import module_fingerprint, read_folder, read_header


def card_of(publication: Publication, folder: Path, **changes: object) -> ModelCard:
    card = dataclasses.replace(publication.card, **changes)
    build_hub_folder(dataclasses.replace(publication, card=card), REPO_ID, folder)
    return ModelCard.load(folder / "README.md")


def test_it_holds_three_files_and_loads(built: Path, publication: Publication) -> None:
    assert {path.name for path in built.iterdir()} == {
        "README.md",
        "config.json",
        "model.safetensors",
    }
    encoder = from_pretrained(built)
    assert module_fingerprint(encoder) == read_folder(built).config.fingerprint
    assert encoder.preprocess == publication.encoder.preprocess
    info = read_header(built / "model.safetensors")
    assert info is not None
    assert info.training_data == "people of plain colors (Apache-2.0)"


def test_two_builds_have_the_same_bytes(built: Path, made: Path, tmp_path: Path) -> None:
    again = gather_publication(NAME, made / "card.toml", made / "run")
    build_hub_folder(again, REPO_ID, tmp_path / "elsewhere")
    for path in built.iterdir():
        assert (tmp_path / "elsewhere" / path.name).read_bytes() == path.read_bytes()


def test_the_metadata_holds_the_measured_results(built: Path, publication: Publication) -> None:
    data = ModelCard.load(built / "README.md").data
    assert data.library_name == "reid-align"
    assert data.pipeline_tag == "image-feature-extraction"
    assert data.license == "apache-2.0"
    assert "person-re-identification" in data.tags
    assert data.model_name == "try"
    (result,) = publication.exact
    found = {(one.dataset_type, one.metric_name): one.metric_value for one in data.eval_results}
    expected = {}
    for score in result.scores:
        expected["synthetic", f"rank-1 %, {score.name}"] = round(score.ranks[0], 2)
        expected["synthetic", f"mAP %, {score.name}"] = round(score.mean_ap or 0, 2)
    assert found == expected


def test_a_license_unknown_to_the_hub_is_shown_by_name(
    publication: Publication, tmp_path: Path
) -> None:
    data = card_of(publication, tmp_path / "out", license="Research only").data
    assert (data.license, data["license_name"]) == ("other", "Research only")


def test_the_text_has_the_required_facts(built: Path, publication: Publication) -> None:
    text = (built / "README.md").read_text("utf-8")
    assert '"smoothing": 0.5' in (built / "config.json").read_text("utf-8")
    for said in (
        f"# {NAME}",
        "Two steps on six people",
        "blurred by a Gaussian of 0.5 px, the darkest and brightest 2 % clipped to black",
        f'from_pretrained("{REPO_ID}")',
        "people of plain colors: synthetic people. Terms: Apache-2.0",
        publication.recipe.command,
        publication.recipe.commit,
        "two seconds on one core",
        "| synthetic, cross_camera | cosine |",
        f"--model {REPO_ID}",
        "- Random weights, for testing only.",
        "Re-identification is surveillance technology.",
        "The weights are under Apache-2.0.",
        "@inproceedings{jin2020san",
    ):
        assert said in text
    assert "$" not in text


def test_its_code_example_runs(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import Image

    (tmp_path / "crops").mkdir()
    Image.new("RGB", (32, 64), (200, 30, 30)).save(tmp_path / "crops" / "a.png")
    (tmp_path / REPO_ID).parent.mkdir()
    (tmp_path / REPO_ID).symlink_to(built)
    monkeypatch.chdir(tmp_path)
    code = (built / "README.md").read_text("utf-8").split("```python\n")[1].split("```")[0]
    names: dict[str, object] = {}
    exec(code, names)
    assert names["features"].values.shape == (1, 512)


def test_a_pipe_in_a_table_cell_is_escaped(publication: Publication, tmp_path: Path) -> None:
    recipe = dataclasses.replace(publication.recipe, cost="1 | 2 hours")
    text = card_of(dataclasses.replace(publication, recipe=recipe), tmp_path / "out").text
    assert "| cost | 1 &#124; 2 hours |" in text


def test_results_of_rounded_weights_are_not_listed(
    publication: Publication, tmp_path: Path
) -> None:
    only_rounded = dataclasses.replace(publication, exact=(), of_rounded=publication.exact)
    build_hub_folder(only_rounded, REPO_ID, tmp_path / "out")
    card = ModelCard.load(tmp_path / "out" / "README.md")
    assert card.data.eval_results is None
    assert "No results were measured in full precision." in card.text


def test_a_folder_with_files_is_left_alone(publication: Publication, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="is not empty"):
        build_hub_folder(publication, REPO_ID, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("repo_id", ["try", "org/", "org/a/b", "../try"])
def test_a_repository_needs_a_name(publication: Publication, tmp_path: Path, repo_id: str) -> None:
    with pytest.raises(InvalidInputError, match="repository: expected organization/repository"):
        build_hub_folder(publication, repo_id, tmp_path / "out")
    assert not (tmp_path / "out").exists()
