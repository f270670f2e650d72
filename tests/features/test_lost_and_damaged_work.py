"""Extraction to files: nothing vanishes, is replaced or is trusted without a check."""

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reid_align import create_model, extract_features, read_features
from reid_align.errors import ImageReadError, InvalidInputError, OutputError, OutputExistsError
from reid_align.features import Adaptation, ExtractOptions, ImageShard, extract_to_file
from reid_align.features.image_list import ImageList
from reid_align.images import find_images
from reid_align.models.encoder import Encoder
from reid_align.preprocess import Preprocess

COUNT = 8
OPTIONS = ExtractOptions(batch_size=2, num_workers=0, device="cpu")
SKIP = ExtractOptions(batch_size=2, num_workers=0, device="cpu", on_error="skip")


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    torch.manual_seed(0)
    encoder = create_model("resnet18_baseline")
    encoder.preprocess = Preprocess(32, 16)
    return encoder


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    for index in range(COUNT):
        Image.new("RGB", (10, 20), (30 * index, 90, 200)).save(folder / f"{index}.png")
    return folder


class Vanishing:
    """Images that change after they were listed, as files in a folder do."""

    def __init__(self, folder: Path, *, gone: str = "", new: str = "") -> None:
        self.folder, self.gone, self.new = folder, gone, new

    def __iter__(self) -> Iterator[str]:
        yield from find_images([self.folder])
        if self.gone:
            (self.folder / self.gone).unlink(missing_ok=True)
        if self.new:
            shutil.copy(self.folder / "0.png", self.folder / self.new)


@pytest.mark.parametrize("adaptation", [None, Adaptation()])
@pytest.mark.parametrize("shard", [ImageShard(), ImageShard(1, 2)])
def test_an_image_deleted_after_the_listing_is_reported(
    encoder: Encoder, images: Path, tmp_path: Path, shard: ImageShard, adaptation: Adaptation | None
) -> None:
    for index in range(COUNT, 40):
        shutil.copy(images / "0.png", images / f"x{index}.png")
    listed = list(find_images([images]))
    done = extract_to_file(
        Vanishing(images, gone="3.png"),
        encoder,
        tmp_path / "f.npy",
        SKIP,
        shard=shard,
        adaptation=adaptation,
    )
    features = read_features(done.output)
    assert [Path(image.path).name for image in features.failed] == ["3.png"]
    assert len(features.paths) + 1 == len(listed[shard.index :: shard.count])
    with pytest.raises(ImageReadError, match=r"5\.png: the file does not exist"):
        extract_to_file(Vanishing(images, gone="5.png"), encoder, tmp_path / "g.npy", OPTIONS)


def test_an_image_added_after_the_listing_is_left_out(
    encoder: Encoder, images: Path, tmp_path: Path
) -> None:
    done = extract_to_file(
        Vanishing(images, new="4b.png"), encoder, tmp_path / "f.npy", OPTIONS, adaptation=None
    )
    assert done.rows == COUNT
    assert json.loads((tmp_path / "f.json").read_text())["images"] == COUNT


def test_a_long_image_list_is_read_twice_from_its_file(tmp_path: Path) -> None:
    names = [f"{'x' * 100}/{index}\udcff.png" for index in range(20_000)]
    copy = ImageList(iter(names), tmp_path)
    assert copy.images == len(names)
    first, second = iter(copy), iter(copy)
    assert [next(first), next(first)] == names[:2]
    assert list(second) == names
    assert list(first) == names[2:]
    assert copy.sha256 == ImageList(names, tmp_path).sha256
    assert not list(tmp_path.iterdir())


NAMES = [
    "carriage\rreturn.png",
    "line\nfeed.png",
    "both\r\n.png",
    'quo"te.png',
    '"quoted".png',
    "comma,.png",
    " space .png",
    "tab\t.png",
    "undecodable\udce9.png",
    "é × 人.png",
    "'single'.png",
    "=1+1.png",
    "back\\slash.png",
]


def test_every_file_name_survives(encoder: Encoder, images: Path, tmp_path: Path) -> None:
    folder = tmp_path / "names"
    folder.mkdir()
    for name in NAMES:
        shutil.copy(images / "0.png", folder / name)
    (folder / "broken\r\udce9.png").write_bytes(b"no image")
    listed = list(find_images([folder]))
    extract_to_file(listed, encoder, tmp_path / "f.npy", SKIP)
    features = read_features(tmp_path / "f.npy")
    good = [name for name in listed if "broken" not in name]
    assert list(features.paths) == good
    assert [image.path for image in features.failed] == [str(folder / "broken\r\udce9.png")]
    with open(tmp_path / "f.csv", newline="", errors="surrogateescape") as table:
        assert [row["path"] for row in csv.DictReader(table)] == good


def test_existing_files_are_kept(encoder: Encoder, images: Path, tmp_path: Path) -> None:
    paths, output = list(find_images([images])), tmp_path / "f.npy"
    for suffix in (".json", ".csv", ".npy"):
        mine = output.with_suffix(suffix)
        mine.write_text("mine")
        for resume in (False, True):
            with pytest.raises(OutputExistsError, match=rf"f\{suffix} exists\. Choose another"):
                extract_to_file(paths, encoder, output, OPTIONS, resume=resume)
        assert mine.read_text() == "mine"
        mine.unlink()
    extract_to_file(paths, encoder, output, OPTIONS)
    with pytest.raises(OutputExistsError, match="exists"):
        extract_to_file(paths[:2], encoder, output, OPTIONS)
    with pytest.raises(OutputExistsError, match="images was 8, now it is 2"):
        extract_to_file(paths[:2], encoder, output, OPTIONS, resume=True)
    assert len(read_features(output).paths) == COUNT
    extract_to_file(paths[:2], encoder, output, OPTIONS, overwrite=True)
    assert len(read_features(output).paths) == 2


def interrupted(encoder: Encoder, images: Path, output: Path) -> list[str]:
    """Stop a run at its sixth image; return its list of images."""
    paths = [*find_images([images])]
    broken = Path(paths[5])
    whole = broken.read_bytes()
    broken.write_bytes(b"no image")
    with pytest.raises(ImageReadError):
        extract_to_file(paths, encoder, output, OPTIONS)
    broken.write_bytes(whole)
    return paths


DAMAGE: dict[str, dict[str, object]] = {
    "more images": {"images": 7},
    "fewer images": {"images": 3},
    "fewer rows": {"rows": 2},
    "more rows": {"rows": 5, "images": 5},
    "a text": {"images": "4"},
    "a boolean": {"rows": True},
    "negative": {"images": -4, "rows": -4},
    "a fraction": {"images": 4.0},
    "infinite": {"images": float("inf")},
    "no sizes": {"sizes": {}},
    "negative sizes": {"sizes": {"features.npy": -1, "rows.csv": 0, "failed.jsonl": 0}},
    "null": {"images": None},
}


@pytest.mark.parametrize("change", DAMAGE.values(), ids=DAMAGE)
def test_damaged_progress_is_not_trusted(
    encoder: Encoder, images: Path, tmp_path: Path, change: dict[str, object]
) -> None:
    output = tmp_path / "f.npy"
    paths = interrupted(encoder, images, output)
    progress = tmp_path / "f.npy.partial" / "progress.json"
    recorded = json.loads(progress.read_text())
    assert (recorded["images"], recorded["rows"]) == (4, 4)
    progress.write_text(json.dumps(recorded | change))
    with pytest.raises(OutputError, match=r"is damaged .* Delete the folder to start over"):
        extract_to_file(paths, encoder, output, OPTIONS, resume=True)
    progress.write_text("[" * 100_000)
    with pytest.raises(OutputError, match="is damaged"):
        extract_to_file(paths, encoder, output, OPTIONS, resume=True)
    progress.write_text(json.dumps(recorded))
    assert extract_to_file(paths, encoder, output, OPTIONS, resume=True).resumed == 4
    assert read_features(output).paths == tuple(paths)


def test_rows_of_other_images_are_not_resumed(
    encoder: Encoder, images: Path, tmp_path: Path
) -> None:
    output = tmp_path / "f.npy"
    paths = interrupted(encoder, images, output)
    rows = tmp_path / "f.npy.partial" / "rows.csv"
    rows.write_text(rows.read_text().replace("2.png", "7.png"))
    with pytest.raises(OutputError, match=r"2\.png is missing"):
        extract_to_file(paths, encoder, output, OPTIONS, resume=True)


def test_resuming_a_finished_run_deletes_its_leftovers(
    encoder: Encoder, images: Path, tmp_path: Path
) -> None:
    output, paths = tmp_path / "f.npy", list(find_images([images]))
    extract_to_file(paths, encoder, output, OPTIONS)
    leftover = tmp_path / "f.npy.partial"
    leftover.mkdir()
    for name in ("lock", "progress.json", "published.json.7.partial"):
        (leftover / name).touch()
    assert extract_to_file(paths, encoder, output, OPTIONS, resume=True).resumed == COUNT
    assert not leftover.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"failed": ["a.png"]},
        {"failed": [{"path": "a.png"}]},
        {"failed": None},
        {"rows": "8"},
        {"feature_dim": None},
    ],
)
def test_a_damaged_description_is_named(
    encoder: Encoder, images: Path, tmp_path: Path, change: dict[str, object]
) -> None:
    output = tmp_path / "f.npy"
    extract_to_file(list(find_images([images])), encoder, output, OPTIONS)
    described = json.loads(output.with_suffix(".json").read_text())
    output.with_suffix(".json").write_text(json.dumps(described | change))
    with pytest.raises(OutputError, match="Cannot read"):
        read_features(output)


def test_a_damaged_table_or_matrix_is_named(encoder: Encoder, images: Path, tmp_path: Path) -> None:
    output = tmp_path / "f.npy"
    extract_to_file(list(find_images([images])), encoder, output, OPTIONS)
    table, values = output.with_suffix(".csv"), np.load(output)
    whole = table.read_text()
    for damaged in (whole.replace("3,", "4,", 1), whole.replace("row,", "no,"), whole + "8\n"):
        table.write_text(damaged)
        with pytest.raises(OutputError, match="Cannot read"):
            read_features(output)
    table.write_text(whole)
    np.save(output, values.astype(np.int32))
    with pytest.raises(OutputError, match="dtype is int32, expected float32"):
        read_features(output)


def test_incomplete_shards_of_different_lists_are_not_joined(
    encoder: Encoder, images: Path, tmp_path: Path
) -> None:
    paths = list(find_images([images]))
    for name, listed in (("a", paths), ("b", paths[1:])):
        for index in range(2):
            shard = ImageShard(index, 2)
            extract_to_file(listed, encoder, tmp_path / f"{name}.npy", OPTIONS, shard=shard)
    files = {name: sorted(tmp_path.glob(f"{name}-*.npy")) for name in "ab"}
    with pytest.raises(OutputError, match="shards of different image lists"):
        read_features(files["a"][0], files["b"][1])
    assert len(read_features(*files["a"], *files["b"]).paths) == 2 * COUNT - 1


FAULTS = {
    "empty array": np.zeros((0, 5, 3), np.uint8),
    "gray array": np.zeros((5, 5), np.uint8),
    "float array": np.zeros((5, 5, 3)),
    "empty tensor": torch.zeros(3, 0, 5),
    "tensor out of range": torch.full((3, 5, 5), 7.0),
    "NaN tensor": torch.full((3, 5, 5), float("nan")),
    "empty image": Image.new("RGB", (0, 5)),
    "None": None,
    "missing file": "gone.png",
    "another type": 7,
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_the_fault_of_one_image_is_the_fault_of_one_row(encoder: Encoder, fault: object) -> None:
    good = np.full((8, 4, 3), 60, np.uint8)
    frame = [good, fault, good + 90]
    settings = {"device": "cpu", "num_workers": 0, "channel_order": "rgb"}
    features = extract_features(frame, encoder, on_error="skip", **settings)
    assert len(features.values) == 2
    assert features.paths == ("input[0]", "input[2]")
    assert [image.path for image in features.failed] == [
        fault if isinstance(fault, str) else "input[1]"
    ]
    whole = extract_features([good, good + 90], encoder, **settings)
    np.testing.assert_allclose(features.values, whole.values, atol=1e-6)
    with pytest.raises((ImageReadError, InvalidInputError)):
        extract_features(frame, encoder, **settings)


def test_a_batch_with_a_fault_keeps_its_other_images(encoder: Encoder) -> None:
    batch = torch.rand(4, 3, 8, 4)
    batch[2] += 1
    features = extract_features(batch, encoder, on_error="skip", device="cpu", num_workers=0)
    assert features.paths == ("input[0]", "input[1]", "input[3]")
    with pytest.raises(InvalidInputError, match="channel_order"):
        extract_features(np.zeros((2, 8, 4, 3), np.uint8), encoder, on_error="skip")


def test_a_long_list_needs_a_writable_output_folder(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="gone"):
        ImageList((f"{'x' * 200}{index}" for index in range(10_000)), tmp_path / "gone")
