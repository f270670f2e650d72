"""Study of thresholds, clusters and searches: planted values, and the command."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_people import make_set

from benchmarks.docs_tables.identity_tables import clusters, draws
from benchmarks.studies.identity_measures import (
    cluster_measures,
    draw_thresholds,
    near_pairs,
    search_rank1,
    threshold_measures,
    track_numbers,
)
from benchmarks.studies.same_identity import main
from reid_align import create_model, save_pretrained
from reid_align.calibration import (
    LabeledPairs,
    fit_calibration,
    pairs_of_images,
    write_calibration,
)
from reid_align.errors import InvalidInputError
from reid_align.metrics import Labels
from reid_align.preprocess import Preprocess


def planted(same: list[float], different: list[float]) -> LabeledPairs:
    people = [[0, 0]] * len(same) + [[0, 1]] * len(different)
    distances = np.array([*same, *different], np.float32)
    return LabeledPairs(distances, np.array(people), 9, True, len(different))


def angles(*degrees: float) -> np.ndarray:
    turns = np.radians(degrees)
    return np.stack([np.cos(turns), np.sin(turns)], 1).astype(np.float32)


def labels(people: list[int], cameras: list[int]) -> Labels:
    return Labels(np.array(people), np.array(cameras))


def test_rates_at_a_shipped_and_a_chosen_threshold() -> None:
    pairs = planted([0.1, 0.2, 0.3, 0.6], [0.25, 0.5, 0.7, 0.8])
    found = threshold_measures(pairs, 0.25, 0.2)
    assert found == {
        "same_pairs": 4,
        "different_pairs": 4,
        "equal_error_rate": 0.25,
        "equal_error_threshold": pytest.approx(0.3),
        "threshold": pytest.approx(0.3),
        "true_match_rate": 0.75,
        "shipped_false_match_rate": 0.0,
        "shipped_true_match_rate": 0.5,
    }


def test_draws_of_all_pairs_agree_with_all_pairs() -> None:
    pairs = planted([0.1, 0.2, 0.3, 0.6], [0.25, 0.5, 0.7, 0.8])
    found = draw_thresholds(pairs, 0.25, 4, 3, 0)
    assert found["thresholds"] == [pytest.approx(0.3)] * 3
    assert found["all_pairs_threshold"] == pytest.approx(0.3)
    assert found["false_match_rates"] == [0.25] * 3
    with pytest.raises(InvalidInputError, match="fewer"):
        draw_thresholds(pairs, 0.25, 5, 3, 0)


def test_near_pairs_are_labeled_by_identity() -> None:
    values, known = angles(0, 1, 90, 91), labels([1, 1, 2, 2], [0, 1, 0, 1])
    found = near_pairs(values, known, ["a", "b", "c", "d"], 0.25, 6, 0)
    assert (found["pairs"], found["same_pairs"]) == (6, 2)
    assert found["threshold"] == pytest.approx(1 - np.cos(np.radians(1)), abs=1e-5)


def test_clusters_and_tracklets() -> None:
    values, known = angles(0, 40, 90, 91), labels([1, 1, 2, 2], [0, 0, 0, 1])
    apart = cluster_measures(values, known, 0.01)
    assert (apart["items"], apart["clusters"]) == (4, 3)
    assert (apart["precision"], apart["recall"], apart["f1"]) == (1.0, 0.5, 0.6667)
    joined = cluster_measures(values, known, 0.01, track_numbers(known))
    assert (joined["items"], joined["clusters"], joined["ari"]) == (3, 2, 1.0)


def test_rank1_leaves_out_the_own_camera() -> None:
    query = angles(0), labels([1], [0])
    gallery = angles(0, 10, 20), labels([1, 1, 2], [0, 1, 1])
    assert search_rank1(query, gallery, 1, 2)["plain"] == 100.0
    wrong = angles(0, 20, 10), gallery[1]
    assert search_rank1(query, wrong, 1, 2)["plain"] == 0.0


def test_command_measures_a_dataset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people = make_set(tmp_path / "set")
    torch.manual_seed(0)
    encoder = create_model("san_resnet14").eval()
    encoder.preprocess = Preprocess(64, 32)
    weights = save_pretrained(encoder, tmp_path / "saved") / "model.safetensors"
    random, ids = np.random.default_rng(0), np.repeat(np.arange(40), 5)
    near = (random.normal(size=(40, 16))[ids] + random.normal(size=(200, 16))).astype(np.float32)
    calibration = tmp_path / "calibration.json"
    write_calibration(
        fit_calibration(pairs_of_images(near, Labels(ids)), place="planted features"), calibration
    )
    output = tmp_path / "result.json"
    command = [f"--data=synthetic={people}", f"--weights={weights}", "-o", str(output)]
    command += ["--pairs=12", "--draws=2"]
    assert main([*command, f"--calibration={calibration}"]) == 0
    record = json.loads(output.read_text("utf-8"))
    assert (record["images"], record["identities"]) == (8, 2)
    assert len(record["draws"]["thresholds"]) == 2
    assert draws(record).startswith("In 2 draws of 6 same and 6 different pairs from synthetic")
    assert clusters(record).count("\n| ") == 4
    assert "| planted features |" in capsys.readouterr().out
    assert main([*command[:-2], "--pairs=1"]) == 2
    assert main(command) != 0  # no calibration ships for these weights
