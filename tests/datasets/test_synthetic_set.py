import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file, save_file
from small_synthetic_set import make_set

from reid_align.batches.sources import ReidSource, SyntheticSource
from reid_align.datasets import load_dataset, read_image
from reid_align.datasets.synthetic_set import SyntheticSet
from reid_align.errors import DatasetFormatError, DatasetNotFoundError, InvalidInputError
from reid_align.evaluate import main as evaluate
from reid_align.evaluation import dataset_features
from reid_align.features import ExtractOptions, extract_features
from reid_align.models import san_resnet50
from reid_align.preprocess import Preprocess


def test_queries_and_gallery_are_those_of_the_split(set_folder: Path) -> None:
    test, val = (
        load_dataset("synthetic", set_folder),
        load_dataset("synthetic", set_folder, split="val"),
    )
    assert [split.name for split in (*test.splits, *val.splits)] == ["test", "val"]
    assert [record.person_id for record in test.splits[0].query] == [7, 7]
    assert [record.camera_id for record in test.splits[0].query] == [4, 5]
    assert [record.camera_id for record in test.splits[0].gallery] == [4, 5]
    assert {record.person_id for record in val.splits[0].gallery} == {6}
    assert test.train == val.train
    assert [record.person_id for record in test.train] == np.repeat(range(6), 4).tolist()


def test_paths_are_rows_of_shards(set_folder: Path, source: SyntheticSource) -> None:
    records = load_dataset("synthetic", set_folder).train
    expected = os.path.join(set_folder, "shard-00001.safetensors", "images", "jpeg", "000002")
    assert records[18].path == expected
    assert np.array_equal(read_image(records[18].path), source.image(18))


def test_training_images_can_have_companion_files(set_folder: Path, tmp_path: Path) -> None:
    dataset = load_dataset("synthetic", set_folder)
    for record in dataset.train:
        path = tmp_path / os.path.relpath(record.path, dataset.root)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(f"{path}.png")
    assert ReidSource(dataset, textures=tmp_path).texture(3).shape == (8, 8, 3)


def test_paired_data_have_training_images_only(tmp_path: Path) -> None:
    pit = load_dataset("synthetic", make_set(tmp_path / "pit", pit=True))
    assert not pit.splits
    assert {record.person_id for record in pit.train} == {-1}


def test_missing_sets_and_splits_are_refused(set_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(
        InvalidInputError, match="split 'train' of a synthetic set: choose val or test"
    ):
        load_dataset("synthetic", set_folder, split="train")
    with pytest.raises(DatasetNotFoundError, match=r"expected set\.json"):
        load_dataset("synthetic", tmp_path)
    (make_set(tmp_path / "set") / "shard-00000.safetensors").unlink()
    with pytest.raises(DatasetFormatError, match="1 of 2 shards are missing"):
        load_dataset("synthetic", tmp_path / "set")


def test_features_come_straight_from_the_shards(set_folder: Path) -> None:
    encoder = san_resnet50().eval()
    encoder.preprocess = Preprocess(32, 16)
    dataset = load_dataset("synthetic", set_folder)
    options = ExtractOptions("cpu", "float32", None, None, False, normalize=False)
    features = dataset_features(dataset, encoder, options)
    images = [read_image(path) for path in features.paths]
    expected = extract_features(images, encoder, device="cpu", channel_order="rgb", normalize=False)
    assert len(features.paths) == 4
    torch.testing.assert_close(torch.from_numpy(features.values), torch.from_numpy(expected.values))


def test_evaluate_command_refuses_a_split_with_one_identity(
    set_folder: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["synthetic", str(set_folder), "--weights", weights, "--data-option", "split=val"]
    assert evaluate(command) == 2
    shown = capsys.readouterr().err
    assert f"synthetic at {set_folder}, split 'val': all images show one identity" in shown


def test_names_are_those_at_opening(tmp_path: Path) -> None:
    folder = make_set(tmp_path / "set")
    found = SyntheticSet(folder)
    expected = [
        str(folder / f"shard-0000{shard}.safetensors" / "images" / "iuv" / f"{row:06d}")
        for shard in range(2)
        for row in range(16)
    ]
    shutil.copy(folder / "shard-00001.safetensors", folder / "shard-00002.safetensors")
    assert found.names("images", "iuv") == expected
    assert len(found.names("people", "texture")) == 8


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ('"pit": false', '"pit": "no"', r"set\.json: settings\.pit: expected true or false"),
        ('"pit": false', '"pit": 0', r"settings\.pit: expected true or false, got 0"),
        ('"pit"', '"pot"', r"settings\.pit: expected true or false, got None"),
        ('"identities": 8', '"identities": 9', r"set\.json lists 9 .* hold 8 identities"),
        ('"images": 4', '"images": 5', r"5 images each, .* and 32 images"),
        ('"images": 4', '"images": 4.0', "expected whole numbers, got 8 and 4.0"),
        ('"identities": 8', '"identities": true', "expected whole numbers, got True and 4"),
        ('"identities": 8', '"identities": -8', "lists -8 identities"),
    ],
)
def test_settings_that_do_not_match_the_shards_are_named(
    tmp_path: Path, old: str, new: str, text: str
) -> None:
    path = make_set(tmp_path / "set") / "set.json"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DatasetFormatError, match=text):
        SyntheticSet(tmp_path / "set")


@pytest.mark.parametrize(
    ("table", "column", "values"),
    [
        ("images", "split", np.full(16, 3, np.uint8)),
        ("images", "split", np.zeros(16)),
        ("images", "role", np.full(16, 255, np.uint8)),
        ("images", "role", np.full(16, -1, np.int8)),
        ("images", "camera", np.full(16, -1, np.int32)),
        ("images", "camera", np.zeros((16, 2), np.int32)),
        ("images", "camera", np.full(16, np.nan, np.float32)),
        ("images", "person", np.full(16, 99, np.int32)),
        ("people", "person", np.zeros(4, np.int32)),
        ("people", "person", np.array([4, 5, 6, 8], np.int32)),
    ],
)
def test_columns_with_impossible_numbers_are_named(
    tmp_path: Path, table: str, column: str, values: np.ndarray
) -> None:
    folder = make_set(tmp_path / "set")
    for index in (0, 1):
        path = folder / f"shard-0000{index}.safetensors"
        tensors = load_file(path)
        changed = index == 1 or values.dtype != tensors[f"{table}/{column}"].dtype
        if changed or values.ndim > 1:
            tensors[f"{table}/{column}"] = values
        save_file(tensors, path, {"format": "1"})
    with pytest.raises(DatasetFormatError, match="Generate the set again"):
        SyntheticSet(folder)
