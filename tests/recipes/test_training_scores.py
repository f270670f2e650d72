"""Scores of encoders and fused features match features computed image by image."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_people import TRAINING, dense_map

from reid_align.datasets import load_dataset, read_image
from reid_align.errors import DatasetFormatError
from reid_align.evaluation import EvaluationOptions, dataset_features, evaluate
from reid_align.features import ExtractOptions, Features
from reid_align.metrics import Metric
from reid_align.preprocess import Preprocess
from reid_align.recipes import RECIPES, RecipeData, load_recipe_data, smoke_test
from reid_align.recipes.training_scores import find_maps, fused_features, make_evaluator
from reid_align.tasks import DsaTask
from reid_align.uv import IUV, part_images, save_iuv

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def task() -> DsaTask:
    torch.manual_seed(0)
    task = smoke_test(RECIPES["dsa_full"]).last.task.build(TRAINING).eval()
    assert isinstance(task, DsaTask)
    return task


@pytest.fixture(scope="module")
def maps(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with dense pose maps of all images of the table."""
    folder = tmp_path_factory.mktemp("maps")
    planes = torch.from_numpy(dense_map().transpose(2, 0, 1).copy())
    for image in sorted((table.parent / "images").iterdir()):
        path = folder / "images" / f"{image.stem}.png"
        path.parent.mkdir(exist_ok=True)
        save_iuv(path, IUV(planes))
    return folder


def test_fused_features_match_the_reference(task: DsaTask, table: Path, maps: Path) -> None:
    dataset = load_dataset("csv", table)
    found = fused_features(task, dataset, find_maps(dataset, str(maps)), 0, CPU)
    assert set(found) == {"z_G", "z_L", "z"}
    assert found["z"].values.shape == (8, 1024)
    preprocess = Preprocess(64, 32)
    iuv = IUV(torch.from_numpy(dense_map().transpose(2, 0, 1).copy()))
    for row in (0, 5):
        pixels = torch.from_numpy(read_image(found["z"].paths[row]).transpose(2, 0, 1).copy())
        image = preprocess.normalize(pixels[None])
        parts = preprocess.normalize(part_images(pixels, iuv))
        with torch.no_grad():
            said = task.guide(parts[None])
            z = task.encoder(image) + torch.cat((said.global_feature, said.local_features), 1)
        np.testing.assert_allclose(found["z"].values[row], z[0].numpy(), rtol=1e-3, atol=1e-4)
    halves = (found["z_G"].values, found["z_L"].values)
    np.testing.assert_array_equal(np.concatenate(halves, 1), found["z"].values)


def test_encoder_and_fused_features_are_scored(task: DsaTask, table: Path, maps: Path) -> None:
    data = load_recipe_data(evaluation=f"csv={table}", evaluation_iuv=str(maps))
    evaluator = make_evaluator(task, data, "cpu", 0)
    assert evaluator is not None
    scores = evaluator(task)
    assert {"mAP", "rank1", "z_mAP", "z_G_rank1", "z_L_mAP"} <= set(scores)
    dataset = load_dataset("csv", table)
    z = fused_features(task, dataset, find_maps(dataset, str(maps)), 0, CPU)["z"]
    expected = evaluate(dataset, Features(z.values, z.paths, ())).scores[0]
    assert scores["z_mAP"] == pytest.approx(expected.mean_average_precision)


def test_without_maps_only_the_encoder_is_scored(task: DsaTask, table: Path) -> None:
    evaluator = make_evaluator(task, load_recipe_data(evaluation=f"csv={table}"), "cpu", 0)
    assert evaluator is not None
    assert set(evaluator(task)) == {"rank1", "rank5", "rank10", "mAP"}


def test_task_without_an_encoder_is_scored_by_its_fused_features(people: Path) -> None:
    torch.manual_seed(0)
    parts = smoke_test(RECIPES["dsa_parts_only"]).last.task.build(TRAINING).eval()
    evaluator = make_evaluator(parts, load_recipe_data(evaluation=f"synthetic={people}"), "cpu", 0)
    assert evaluator is not None
    scores = evaluator(parts)
    assert scores["mAP"] == scores["z_mAP"]


def similar_people(folder: Path) -> Path:
    """Write images of random colors, for which the two metrics give different scores."""
    lines = ["path,person_id,camera_id,split"]
    for number, color in enumerate(np.random.default_rng(0).integers(0, 256, (16, 3))):
        Image.new("RGB", (32, 64), tuple(color.tolist())).save(folder / f"{number}.png")
        split = "query" if number < 4 else "gallery"
        lines.append(f"{number}.png,{number % 4},{split == 'query':d},{split}")
    (folder / "people.csv").write_text("\n".join(lines) + "\n")
    return folder / "people.csv"


@pytest.mark.parametrize(
    ("name", "metric", "other"),
    [
        ("san_full_official", "euclidean", "cosine"),
        ("san_baseline", "cosine", "euclidean"),
        ("dsa_two_branch", "cosine", "euclidean"),
    ],
)
def test_official_head_is_scored_by_euclidean_distances(
    name: str, metric: Metric, other: Metric, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    task = smoke_test(RECIPES[name]).last.task.build(TRAINING).eval()
    table = similar_people(tmp_path)
    dataset = load_dataset("csv", table)
    raw = ExtractOptions("cpu", num_workers=0, normalize=False)
    features = dataset_features(dataset, task.encoder, raw)
    found, wrong = (
        evaluate(dataset, features, EvaluationOptions(metrics=(one,))).scores[0]
        for one in (metric, other)
    )
    assert found.mean_average_precision != wrong.mean_average_precision
    evaluator = make_evaluator(task, load_recipe_data(evaluation=f"csv={table}"), "cpu", 0)
    assert evaluator is not None
    assert evaluator(task)["mAP"] == pytest.approx(found.mean_average_precision)


def test_no_evaluator_without_a_dataset_or_features(people: Path, data: RecipeData) -> None:
    dense = smoke_test(RECIPES["dense_uv"]).last.task.build(0)
    assert (
        make_evaluator(dense, load_recipe_data(evaluation=f"synthetic={people}"), "cpu", 0) is None
    )
    baseline = smoke_test(RECIPES["san_baseline"]).last.task.build(TRAINING)
    assert make_evaluator(baseline, data, "cpu", 0) is None


def test_missing_maps_are_named(table: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetFormatError, match=r"iuv: 8 of the 8"):
        find_maps(load_dataset("csv", table), str(tmp_path))
