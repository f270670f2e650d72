"""Gathering of publications: consistency checks and collected errors."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from published import NAME, measure
from safetensors.torch import load_file, save_file

from reid_align import from_pretrained, save_pretrained
from reid_align.errors import (
    InvalidInputError,
    UnknownNameError,
    WeightsError,
    WeightsFormatError,
    WeightsIntegrityError,
    WeightsNotFoundError,
)
from reid_align.publishing import Publication, gather_publication
from reid_align.weights import int8_rounded


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def gathered(folder: Path, name: str = NAME) -> Publication:
    return gather_publication(name, folder / "card.toml", folder / "run")


def test_the_recipe_combines_run_and_card(publication: Publication, made: Path) -> None:
    config = json.loads((made / "run" / "config.json").read_text())
    recipe = publication.recipe
    assert (recipe.name, recipe.seed) == ("san_baseline_tiny", 5)
    assert recipe.commit == config["environment"]["commit"]
    assert recipe.command.startswith("python -m reid_align.train")
    assert recipe.cost == "two seconds on one core"
    assert publication.trained.kind == "encoder"


def test_results_equal_the_evaluation(publication: Publication, made: Path) -> None:
    document = json.loads((made / "result.json").read_text())
    (result,) = publication.exact
    assert publication.of_rounded == ()
    assert [score.name for score in result.scores] == ["cosine", "euclidean"]
    cosine, euclidean = result.metrics(NAME, "a remark")
    assert (cosine.rank1, cosine.mAP) == (
        round(document["scores"][0]["rank1"], 2),
        round(document["scores"][0]["mAP"], 2),
    )
    assert cosine.note == "cosine; 64×32; a remark"
    assert euclidean.note == "euclidean; 64×32; a remark"
    assert cosine.command == f"python -m reid_align.evaluate synthetic FOLDER --model {NAME}"


def test_the_command_reproduces_the_result(made: Path, mine: Path) -> None:
    weights = made / "run" / "encoder.safetensors"
    how = ("--flip", "--dtype", "bfloat16", "--rerank", "--data-option", "split=test")
    shutil.copy(measure(made, weights, "how.json", *how), mine / "result.json")
    (result,) = gathered(mine).exact
    assert result.command("M") == (
        "python -m reid_align.evaluate synthetic FOLDER --model M --data-option split=test --flip "
        "--dtype bfloat16 --rerank"
    )
    assert result.note == "64×32; averaged with the mirror image; computed in bfloat16"
    assert "cosine, re-ranked" in [score.name for score in result.scores]


def test_results_of_adapted_weights_belong_to_the_original_weights(mine: Path) -> None:
    document = json.loads((mine / "result.json").read_text())
    how = document["features"][0]
    before = how["state_sha256"]
    # As evaluate --adapt --seed 3 writes it; there are too few images here for adaptation.
    how |= {
        "adapted": {"images": 400, "seed": 3, "state_sha256": before},
        "state_sha256": "0" * 64,
    }
    (mine / "result.json").write_text(json.dumps(document))
    (result,) = gathered(mine).exact
    assert result.state_sha256 == before
    assert result.command("M").endswith("FOLDER --model M --adapt --seed 3")
    assert result.note == "64×32; batch norms adapted to the test images, without labels"


def test_results_of_the_rounded_weights_are_recognized(made: Path, mine: Path) -> None:
    encoder = from_pretrained(made / "run" / "encoder.safetensors")
    save_pretrained(int8_rounded(encoder), mine / "rounded")
    shutil.copy(measure(made, mine / "rounded", "rounded.json"), mine)
    change(mine / "card.toml", 'note = "64×32"', '[[results]]\nfile = "rounded.json"')
    found = gathered(mine)
    assert len(found.exact) == len(found.of_rounded) == 1
    assert found.exact[0].state_sha256 != found.of_rounded[0].state_sha256


def test_results_of_other_weights_are_refused(mine: Path) -> None:
    document = json.loads((mine / "result.json").read_text())
    document["features"][0]["state_sha256"] = "0" * 64
    (mine / "result.json").write_text(json.dumps(document))
    with pytest.raises(InvalidInputError, match=r"result\.json was measured with other"):
        gathered(mine)


def test_a_converted_encoder_takes_its_recipe_from_the_card(made: Path, mine: Path) -> None:
    save_pretrained(from_pretrained(made / "run" / "encoder.safetensors"), mine / "converted")
    with pytest.raises(InvalidInputError, match=r"\[recipe\] lacks name, commit, seed"):
        gather_publication(NAME, mine / "card.toml", mine / "converted")
    recipe = f'[recipe]\nname = "theirs"\ncommit = "{"ab" * 20}"\nseed = 1\n'
    change(mine / "card.toml", "[recipe]\n", recipe)
    found = gather_publication(NAME, mine / "card.toml", mine / "converted")
    assert found.trained.run is None
    assert (found.recipe.name, found.recipe.seed) == ("theirs", 1)


def test_the_best_of_a_run_belongs_to_that_run(mine: Path) -> None:
    (mine / "run" / "best").mkdir()
    (mine / "run" / "encoder.safetensors").rename(mine / "run" / "best" / "encoder.safetensors")
    found = gather_publication(NAME, mine / "card.toml", mine / "run" / "best")
    assert found.recipe.seed == 5


def test_all_problems_are_reported_at_once(mine: Path) -> None:
    change(mine / "card.toml", 'license = "Apache-2.0"\n', "")
    with pytest.raises(InvalidInputError) as caught:
        gather_publication("resnet18_baseline", mine / "card.toml", mine / "nothing")
    lines = str(caught.value).splitlines()
    assert lines[0] == "3 problems:"
    assert "name: expected architecture.tag" in lines[1]
    assert "license: missing key. See docs/guides/publish.md" in lines[2]
    assert "nothing: no such file or folder" in lines[3]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('license = "Apache-2.0"\n', "", "license: missing key"),
        ('"Apache-2.0"\ncost', '""\ncost', "license: expected a text that is not empty"),
        ('["Random weights, for testing only."]', "[]", "limits: expected at least one sentence"),
        ("summary", "sumary", "sumary: unknown key"),
        ("synthetic = true", "", "training_data: 0: synthetic: missing key"),
        ("synthetic = true", 'synthetic = "yes"', "expected true or false"),
        ("cost = ", "cost = = ", "Invalid value"),
        ('"people of plain colors"', '"DukeMTMC-reID"', "withdrawn by its authors over privacy"),
        (
            "[recipe]\n",
            "[recipe]\nseed = 6\n",
            "recipe.seed is 6, but the run's",
        ),
        ("[recipe]\ncommand", "[recipe]\nname", "recipe.name is"),
        ('command = "python', 'comand = "python', "recipe: comand: unknown key"),
        ('file = "result.json"', 'file = "none.json"', "none.json is not an evaluation result"),
        ('file = "result.json"', 'file = "card.toml"', "card.toml is not an evaluation result"),
        ('[[results]]\nfile = "result.json"\nnote = "64×32"', "", r"lists no \[\[results\]\]"),
    ],
)
def test_an_incomplete_card_is_refused(mine: Path, old: str, new: str, message: str) -> None:
    change(mine / "card.toml", old, new)
    with pytest.raises(InvalidInputError, match=message):
        gathered(mine)


def test_no_training_data_is_refused(mine: Path) -> None:
    text = (mine / "card.toml").read_text("utf-8")
    start, end = text.index("[[training_data]]"), text.index("[[results]]")
    (mine / "card.toml").write_text("training_data = []\n" + text[:start] + text[end:], "utf-8")
    with pytest.raises(InvalidInputError, match=r"training_data: expected at least one"):
        gathered(mine)


def test_a_result_on_a_withdrawn_dataset_is_refused(mine: Path) -> None:
    change(mine / "result.json", '"dataset": "synthetic"', '"dataset": "dukemtmc"')
    with pytest.raises(InvalidInputError, match="dukemtmc: withdrawn by its authors"):
        gathered(mine)


def test_a_result_of_two_encoders_is_refused(mine: Path) -> None:
    document = json.loads((mine / "result.json").read_text())
    document["features"] += [document["features"][0] | {"state_sha256": "1"}]
    (mine / "result.json").write_text(json.dumps(document))
    with pytest.raises(InvalidInputError, match="features of more than one encoder"):
        gathered(mine)


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("resnet18_baseline", InvalidInputError, "architecture.tag"),
        ("resnet18_baseline.a b", InvalidInputError, "architecture.tag"),
        ("resnet18_baselin.try", UnknownNameError, "Did you mean 'resnet18_baseline'"),
        ("san_resnet50.try", InvalidInputError, "contains resnet18_baseline, not san_resnet50"),
        ("dense_uv.try", WeightsNotFoundError, "has neither dense_uv.safetensors"),
        ("san_decoder.try", WeightsNotFoundError, "has neither san_decoder.safetensors"),
    ],
)
def test_an_invalid_name_is_refused(
    mine: Path, name: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        gathered(mine, name)


def test_the_error_names_the_stages_of_a_run(mine: Path) -> None:
    with pytest.raises(WeightsNotFoundError, match="Its subfolder run has one; use that folder"):
        gather_publication(NAME, mine / "card.toml", mine)


def test_an_invalid_run_config_is_refused(mine: Path) -> None:
    (mine / "run" / "config.json").write_text("{}")
    with pytest.raises(WeightsFormatError, match=r"config\.json is not the config of a training"):
        gathered(mine)


def test_a_run_without_a_commit_needs_the_card(mine: Path) -> None:
    config = json.loads((mine / "run" / "config.json").read_text())
    config["environment"]["commit"] = None
    (mine / "run" / "config.json").write_text(json.dumps(config))
    with pytest.raises(InvalidInputError, match=r"\[recipe\] lacks commit\. Users need it"):
        gathered(mine)


@pytest.mark.parametrize("value", [float("nan"), 2.0], ids=["not finite", "another network"])
def test_changed_weights_are_refused(mine: Path, value: float) -> None:
    file = mine / "run" / "encoder.safetensors"
    tensors = load_file(file)
    metadata = header(file)
    file.unlink()
    name = next(name for name in tensors if name.endswith("conv1.weight"))
    save_file(tensors | {name: torch.full_like(tensors[name], value)}, file, metadata)
    with pytest.raises(WeightsIntegrityError):
        gathered(mine)


def test_a_damaged_file_is_refused(mine: Path) -> None:
    file = mine / "run" / "encoder.safetensors"
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content[: len(content) // 2])
    with pytest.raises(WeightsError):
        gathered(mine)


def header(path: Path) -> dict[str, str]:
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    metadata: dict[str, str] = json.loads(content[8 : 8 + length])["__metadata__"]
    return metadata
