"""Study of explained regions: planted regions and matches, drawn pairs, and the command."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_people import make_set

from benchmarks.studies.explanation_regions import main
from benchmarks.studies.position_regions import draw_pairs, measure_pairs, region_grid
from reid_align import create_model, save_pretrained
from reid_align.body_atlas import PARTS
from reid_align.errors import InvalidInputError
from reid_align.explanation.position_grid import PositionGrid
from reid_align.preprocess import Preprocess


def part(region: str) -> int:
    return next(part.id for part in PARTS if part.region == region)


def test_a_position_has_the_most_frequent_region_of_its_box() -> None:
    parts = np.zeros((48, 16), np.uint8)
    parts[:4] = part("head")  # a quarter of the box: background
    parts[16:21], parts[21:28] = part("hand"), part("torso")
    parts[32:37] = part("torso") + 1  # front and back are one region
    grid = region_grid(parts, PositionGrid(3, 1, 48, 16, 7.5))
    assert grid[0, 0] == 0
    assert grid[1, 0] == grid[2, 0] > 0
    parts[32:37] = part("foot")
    assert region_grid(parts, PositionGrid(3, 1, 48, 16, 7.5))[2, 0] != grid[1, 0]


def test_planted_matches_give_the_right_measures() -> None:
    # The rows 0-0, 1-2, 2-3 and 3-1 match; each match has a quarter of the similarity 1.
    eye = torch.eye(4)
    images = [eye[:, None], eye[[0, 3, 1, 2], None]]
    regions = [np.array([[1], [2], [2], [0]]), np.array([[1], [3], [2], [2]])]
    found = measure_pairs([(0, 1)], images.__getitem__, regions.__getitem__)
    assert found == {
        "similarity": 1.0,
        "contribution": 1.0,
        "one_row": 75.0,
        "body_area": 87.5,
        "body_contribution": 87.5,
        "body_matches": 75.0,
        "same_region": 100.0,
        "chance": 41.667,  # 1-1, 2-2, 2-2, 2-2, 2-2 of 12
    }
    without = measure_pairs([(0, 1)], images.__getitem__, None)
    assert without == {"similarity": 1.0, "contribution": 1.0, "one_row": 75.0}


def test_pairs_are_of_two_cameras() -> None:
    people, cameras = np.array([1, 1, 1, 2, 2, 3]), np.array([1, 2, 2, 1, 2, 2])
    found = draw_pairs(people, cameras, 9, 0)
    assert sorted(found["same"]) == [(0, 1), (0, 2), (3, 4)]
    assert len(set(found["different"])) == 3
    for one, other in found["different"]:
        assert people[one] != people[other]
        assert cameras[one] != cameras[other]
    assert [len(pairs) for pairs in draw_pairs(people, cameras, 2, 0).values()] == [2, 2]
    for ids in (np.ones(6, np.int64), np.arange(6)):
        with pytest.raises(InvalidInputError, match="only one identity, or none in two cameras"):
            draw_pairs(ids, cameras, 9, 0)


def test_command_measures_a_set_and_a_dataset(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = make_set(tmp_path / "set")
    torch.manual_seed(0)
    encoder = create_model("san_resnet14").eval()
    encoder.preprocess = Preprocess(64, 32)
    weights = save_pretrained(encoder, tmp_path / "saved") / "model.safetensors"
    output = tmp_path / "regions.json"
    command = [str(people), f"--data=synthetic={people}", f"--weights={weights}", "--pairs=5"]
    assert main([*command, "-o", str(output)]) == 0
    record = json.loads(output.read_text("utf-8"))
    assert list(record["measured"]) == ["set", "synthetic"]
    for column in record["measured"]["set"].values():
        assert column["pairs"] == 5
        assert column["body_area"] == 50.0  # the second of two columns is centered on the body
    assert "body_area" not in record["measured"]["synthetic"]["same"]
    assert "| synthetic: mean similarity |" in capsys.readouterr().out
    assert main([str(people), "--pairs=0", "-o", str(output)]) == 2
