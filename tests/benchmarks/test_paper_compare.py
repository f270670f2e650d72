import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.docs_tables.paper_blocks import draw_paper_rows, paper_block, variants_block
from benchmarks.papers.comparison import ComparisonBlock, compare
from benchmarks.papers.comparison_figure import draw_blocks
from benchmarks.papers.comparison_report import json_report, markdown_report, text_report
from benchmarks.papers.published import load_tables
from benchmarks.papers.row_results import (
    Result,
    Spread,
    all_results,
    describe_method,
    load,
    save,
)
from benchmarks.result_files import RESULTS, provenance
from reid_align.errors import InvalidInputError
from reid_align.recipes import RECIPES

SCALE = {"name": "small"}


def result(
    recipe: str, mean_ap: float, seed: int = 0, dataset: str = "market1501", scored: str = ""
) -> Result:
    scores = {scored or dataset: {"f": {"rank1": mean_ap + 10, "mAP": mean_ap}}}
    return Result(recipe, dataset, seed, SCALE, "imagenet", [], "test", 0.5, scores)


def blocks(table: str, *results: Result) -> dict[str, ComparisonBlock]:
    return {block.scored: block for block in compare(load_tables()[table], results)}


def line(block: ComparisonBlock, recipe: str) -> dict[str, object]:
    (found,) = [row for row in json_report([block])[0]["rows"] if row["recipe"] == recipe]
    return found


def test_line_has_published_figure_ours_and_difference() -> None:
    found = line(blocks("san1", result("san_full", 80.0))["market1501"], "san_full")
    assert found["paper"] == {"rank1": 96.1, "mAP": 88.0}
    assert found["ours"]["mAP"] == {"mean": 80.0, "deviation": None, "seeds": 1}
    assert found["difference"] == {"rank1": -6.1, "mAP": -8.0}


def test_gain_is_relative_to_the_best_baseline() -> None:
    measured = [result("san_baseline", 70), result("san_baseline_pginit", 72)]
    block = blocks("san1", *measured, result("san_full", 75.5))["market1501"]
    assert line(block, "san_full")["gain"]["ours"] == {"rank1": 3.5, "mAP": 3.5}
    assert line(block, "san_full")["gain"]["paper"] == {"rank1": 2.0, "mAP": 4.8}
    assert line(block, "san_baseline_pginit")["gain"]["ours"] == {}


def test_gain_uses_the_best_baseline_of_each_metric() -> None:
    other = {"market1501": {"f": {"rank1": 90.0, "mAP": 60.0}}}
    measured = [result("san_baseline", 70), replace(result("san_baseline_pginit", 0), scores=other)]
    block = blocks("san1", *measured, result("san_full", 70.04))["market1501"]
    assert line(block, "san_full")["gain"]["ours"] == {"rank1": -9.96, "mAP": 0.04}
    assert "-10.0 / +0.0" in text_report([block])
    assert "-0.0" not in text_report(
        [blocks("san1", *measured, result("san_full", 69.97))["market1501"]]
    )


def test_gain_without_map_shows_a_dash() -> None:
    ranks = {"viper": {"f": {"rank1": 40.0}}}
    other = {"viper": {"f": {"rank1": 42.0}}}
    measured = [
        replace(result("san_baseline", 0, dataset="viper"), scores=ranks),
        replace(result("san_full", 0, dataset="viper"), scores=other),
    ]
    assert "| +2.0 / - |" in markdown_report([blocks("san1", *measured)["viper"]])


def test_one_table_has_the_gains_of_both_papers_on_detected_boxes() -> None:
    measured = [
        result(name, value, dataset="cuhk03_detected")
        for name, value in (
            ("san_baseline", 60),
            ("san_baseline_pginit", 61),
            ("san_full", 63),
            ("dsa_full", 62),
        )
    ]
    block = blocks("san3", *measured)["cuhk03_detected"]
    gains = {name: line(block, name)["gain"] for name in ("san_full", "dsa_full")}
    assert gains["san_full"] == {
        "paper": {"rank1": 9.7, "mAP": 8.5},
        "ours": {"rank1": 2.0, "mAP": 2.0},
    }
    assert gains["dsa_full"] == {
        "paper": {"rank1": 8.5, "mAP": 7.0},
        "ours": {"rank1": 1.0, "mAP": 1.0},
    }


def test_cell_names_the_datasets_with_published_figures() -> None:
    text = text_report([blocks("dsa3", result("dsa_csa", 9, dataset="synthetic"))["synthetic"]])
    assert text.count("(market1501)") == 10
    assert "81.2" not in text


def test_withdrawn_dataset_is_marked() -> None:
    text = text_report([blocks("san3")["dukemtmc"]])
    assert "withdrawn" in text
    assert "87.9" in text
    assert "ours" not in text.splitlines()[1]


def test_unmeasured_block_has_no_empty_columns() -> None:
    report = markdown_report([blocks("san1")["cuhk03_labeled"]])
    assert "not measured yet" in report
    assert "| SAN | 80.1 | 76.4 |" in report


def test_several_seeds_give_mean_and_deviation() -> None:
    measured = [result("san_full", value, seed) for seed, value in enumerate((70.0, 71.0, 75.0))]
    assert "72.0 ± 2.6 (3)" in markdown_report([blocks("san1", *measured)["market1501"]])
    assert Spread.of([70.0, 71.0, 75.0]).deviation == pytest.approx(2.6458, abs=1e-4)


def test_published_figures_are_not_compared_with_synthetic_crops() -> None:
    crops = result("san_full", 50, dataset="synthetic", scored="partial_reid")
    block = blocks("san4", crops)["partial_reid"]
    assert line(block, "san_full")["paper"] == {}
    assert "crops" in text_report([block])


def test_figure_height_depends_on_the_measured_rows() -> None:
    none, one = blocks("san1"), blocks("san1", result("san_full", 80.0))
    heights = [draw_blocks(list(found.values())).height for found in (none, one)]
    assert heights[1] > heights[0]


def test_paper_block_states_the_conditions(tmp_path: Path) -> None:
    scale = {"name": "small", "depth": 18, "height": 128, "width": 64}
    for one in (result("san_baseline", 70.0), result("san_full", 75.0)):
        save(replace(one, scale=scale, settings=["training.epochs=9"]), tmp_path)
    text = paper_block("san1", tmp_path)
    assert "| SAN | 96.1 | 88.0 | 85.0 | -11.1 | 75.0 | -13.0 | +2.0 / +4.8 | +5.0 / +5.0 |" in text
    assert "ResNet-18, images of 128×64; initial weights: imagenet" in text
    assert "`san_full:training.epochs=9`" in text
    assert "2 trainings, 1.0 hours" in text
    assert "market1501; single query, scale “small”**" in text
    # Nothing was measured on the other dataset, which has its published figures all the same.
    assert "| SAN | 80.1 | 76.4 |" in text


def test_figure_shows_one_training_dataset(
    tmp_path: Path,
) -> None:
    empty = draw_paper_rows("synthetic", tmp_path)
    save(result("dsa_concat_fc", 70.0), tmp_path)
    assert draw_paper_rows("synthetic", tmp_path).tobytes() == empty.tobytes()
    save(result("dsa_concat_fc", 70.0, dataset="synthetic"), tmp_path)
    # A block of one row, in the place of the line that there is nothing.
    assert draw_paper_rows("synthetic", tmp_path).height > empty.height


def test_variants_block_compares_changed_with_unchanged_rows(tmp_path: Path) -> None:
    usual, other = result("san_basic", 70.0), result("san_full", 50.0)
    changed = replace(result("san_basic", 71.5), settings=["task.reconstruction_weight=20"])
    for one in (usual, other):
        save(one, tmp_path / "paper_tables")
    save(changed, tmp_path / "paper_variants" / "louder")
    text = variants_block(tmp_path / "paper_tables")
    row = "| san_basic | market1501 | task.reconstruction_weight=20 | 80.0 / 70.0 | 81.5 / 71.5 |"
    assert row in text
    assert "san_full" not in text
    assert text.count("Measured with") == 1


def test_recorded_command_has_no_private_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    given = [
        "/a/b.py",
        "--data",
        "market1501=/home/me/data/market",
        "--set",
        "x:seed=3",
        "-o",
        "b/c",
    ]
    monkeypatch.setattr(sys, "argv", given)
    command = provenance()["command"]
    assert command.endswith("b.py --data market1501=market --set x:seed=3 -o b/c")


def test_result_is_loaded_again_unless_conditions_differ(tmp_path: Path) -> None:
    done = result("san_full", 80.0)
    assert load(done, tmp_path) is None
    save(done, tmp_path)
    assert load(done, tmp_path) == done
    assert all_results(tmp_path, "small") == [done]
    record = json.loads(done.place(tmp_path).read_text("utf-8"))
    assert {"command", "commit", "machine", "torch", "hours", "seed"} <= record.keys()
    other = replace(done, start="random")
    with pytest.raises(InvalidInputError, match=r"start \"imagenet\".* \"random\""):
        load(other, tmp_path)


def test_later_scoring_keeps_the_provenance_of_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = []
    for name, value in (("train.py", 80.0), ("score.py", 81.0)):
        monkeypatch.setattr(sys, "argv", [name])
        done = result("san_full", value)
        save(done, tmp_path)
        record = json.loads(done.place(tmp_path).read_text("utf-8"))
        commands.append((record["command"], record.get("rescored", {}).get("command")))
    assert commands == [("python train.py", None), ("python train.py", "python score.py")]
    assert load(done, tmp_path) == done


def test_result_of_other_data_is_refused_unless_it_has_no_digests(tmp_path: Path) -> None:
    done = replace(result("san_full", 80.0), sets={"data": "one"})
    save(done, tmp_path)
    assert load(done, tmp_path) == done
    with pytest.raises(InvalidInputError, match=r'sets {"data": "one"}; .* {"data": "two"}\. Use'):
        load(replace(done, sets={"data": "two"}), tmp_path)
    place = done.place(tmp_path)
    record = json.loads(place.read_text("utf-8"))
    del record["sets"]
    place.write_text(json.dumps(record))
    assert load(done, tmp_path) == replace(done, sets=None)


@pytest.mark.parametrize(
    ("other", "changed"),
    [
        (result("san_full", 80.0, seed=1), {"settings": ["training.epochs=9"]}),
        (result("san_full", 80.0, seed=1), {"sets": {"data": "other"}}),
        (result("san_full", 80.0, seed=1), {"method": {"decoder_skips": False}}),
        (result("san_baseline", 80.0), {"start": "random"}),
        (result("san_baseline", 80.0), {"start": "deep, sha256 01, by way of SAN-PG, sha256 02"}),
        (result("san_baseline", 80.0), {"scale": {"name": "small", "depth": 34}}),
    ],
)
def test_results_with_other_conditions_are_refused(
    tmp_path: Path, other: Result, changed: dict[str, object]
) -> None:
    save(replace(result("san_full", 80.0), sets={}), tmp_path)
    alike = replace(other, sets={})
    assert load(alike, tmp_path) is None
    with pytest.raises(InvalidInputError, match=r"san_full-0.json of market1501-test was measured"):
        load(replace(alike, **changed), tmp_path)


def test_an_older_result_without_the_method_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    method = describe_method(RECIPES["san_full"], trains_generator=True)
    assert method == {"decoder_skips": False, "generator_augmentation": "camera"}
    done = replace(result("san_full", 80.0), method=method)
    save(done, tmp_path)
    assert load(done, tmp_path) == done
    record = json.loads(done.place(tmp_path).read_text("utf-8"))
    del record["method"]
    done.place(tmp_path).write_text(json.dumps(record))
    with pytest.raises(InvalidInputError, match=r"with method {}; .*\"decoder_skips\": false"):
        load(done, tmp_path)


@pytest.mark.parametrize(
    ("recipe", "method"),
    [
        ("san_baseline", {}),
        ("san_full_official", {"decoder_skips": True}),
        ("san_pg", {"decoder_skips": False}),
        ("dsa_two_branch", {}),
        ("dsa_full", {"part_images": "stored image"}),
        ("dsa_csa", {"part_images": "stored image"}),
        ("dsa_parts_only", {"part_images": "stored image"}),
    ],
)
def test_method_has_what_versions_do_differently(recipe: str, method: dict[str, object]) -> None:
    assert describe_method(RECIPES[recipe]) == method


def test_stored_rows_with_a_decoder_or_part_images_say_how_they_were_made() -> None:
    stored = [
        one
        for folder in (RESULTS / "paper_tables", *(RESULTS / "paper_variants").glob("*"))
        for scale in ("small", "medium", "full")
        for one in all_results(folder, scale)
    ]
    assert len(stored) >= 60
    for one in stored:
        assert one.method.keys() >= describe_method(RECIPES[one.recipe]).keys()


def test_paper_block_states_the_method_of_its_rows(tmp_path: Path) -> None:
    scale = {"name": "small", "depth": 18, "height": 128, "width": 64}
    for name, method in (
        ("san_full", {"decoder_skips": True}),
        ("san_basic", {"decoder_skips": True}),
        ("san_basic_tr", {"decoder_skips": False, "generator_augmentation": "camera"}),
    ):
        save(replace(result(name, 70.0), scale=scale, method=method), tmp_path)
    assert (
        "Method: decoder with skip connections (san_basic, san_full); decoder without skip "
        "connections (san_basic_tr); generator with camera augmentation (san_basic_tr). 3 train"
    ) in paper_block("san1", tmp_path)


def test_rows_may_differ_in_guide_generator_and_settings(tmp_path: Path) -> None:
    encoder = "deep, sha256 01"
    save(replace(result("san_baseline", 80.0), start=encoder), tmp_path)
    ways = (", by way of SAN-PG, sha256 02", ", guided by sha256 03")
    for way in ways:
        other = replace(
            result("dsa_full", 80.0), start=encoder + way, settings=["training.epochs=9"]
        )
        assert load(other, tmp_path) is None


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"recipe": "san_full"}'])
def test_error_names_a_damaged_result(tmp_path: Path, content: str) -> None:
    place = result("san_full", 80.0).place(tmp_path)
    place.parent.mkdir(parents=True)
    place.write_text(content)
    for read in (
        lambda: load(result("san_full", 80.0), tmp_path),
        lambda: all_results(tmp_path, "small"),
    ):
        with pytest.raises(InvalidInputError, match=r"san_full-0.json is damaged.*Move it away"):
            read()
