"""Extraction to Parquet in one process: sources, resuming, reading, joining."""

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from reid_align import ExtractOptions, create_model, read_features, save_pretrained
from reid_align.bulk import BulkOptions, extract_to_parquet
from reid_align.cluster import main as cluster
from reid_align.errors import (
    ImageReadError,
    InvalidInputError,
    OutputError,
    OutputExistsError,
    UnfinishedOutputError,
)
from reid_align.evaluate import main as evaluate
from reid_align.extract import main as extract
from reid_align.features import ImageShard, extract_to_file, join_features
from reid_align.images import find_images
from reid_align.images.find import find_sources
from reid_align.join import main as join
from reid_align.models.encoder import Encoder
from reid_align.preprocess import Preprocess
from reid_align.search import main as search

SKIP = ExtractOptions(device="cpu", on_error="skip", num_workers=1, batch_size=4)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    small = create_model("san_mobilenet_v2")
    small.preprocess = Preprocess(32, 16)
    return small


@pytest.fixture(scope="module")
def weights(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save_pretrained(encoder, tmp_path_factory.mktemp("small") / "encoder"))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with 22 images in ``crops``, one of them broken."""
    monkeypatch.chdir(tmp_path)
    Path("crops").mkdir()
    random = np.random.default_rng(0)
    for index in range(22):
        pixels = random.integers(0, 256, (40, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(f"crops/{index:02}.jpg")
    Path("crops/05.jpg").write_bytes(b"no image")
    return tmp_path


def to_parquet(inputs: list[str], encoder: Encoder, name: str, **arguments: object) -> None:
    bulk = BulkOptions(part_images=8)
    extract_to_parquet(find_sources(inputs), encoder, name, SKIP, bulk, **arguments)


def plain(inputs: list[str], encoder: Encoder, name: str = "plain.npy") -> None:
    extract_to_file(find_images(inputs), encoder, name, SKIP)


def same(first: str, second: str) -> None:
    one, two = read_features(first), read_features(second)
    assert one.paths == two.paths
    assert np.array_equal(one.values, two.values)
    assert one.failed == two.failed
    assert one.digest == two.digest != ""


def test_the_rows_are_those_of_the_plain_loop(place: Path, encoder: Encoder) -> None:
    plain(["crops"], encoder)
    to_parquet(["crops"], encoder, "f.parquet")
    same("plain.npy", "f.parquet")
    assert sorted(path.name for path in Path("f.parquet").iterdir()) == [
        "_features.json", "part-000000.parquet", "part-000001.parquet", "part-000002.parquet",
    ]  # fmt: skip
    table = pq.read_table("f.parquet")
    assert table.column_names == ["path", "features", "error"]
    assert table.column("path").to_pylist() == [f"crops/{i:02}.jpg" for i in range(22)]
    assert table.column("features").to_pylist()[5] is None
    assert "unknown format" in table.column("error").to_pylist()[5]
    record = json.loads(Path("f.parquet/_features.json").read_text())
    assert [record[key] for key in ("images", "rows", "failed_images", "units")] == [22, 21, 1, 3]


def parquet_of_images(paths: list[str], file: str) -> None:
    data = [Path(path).read_bytes() for path in paths]
    pq.write_table(pa.table({"path": paths, "bytes": data}), file, row_group_size=5)


def tar_of_images(paths: list[str], file: str) -> None:
    with tarfile.open(file, "w") as archive:
        for path in paths:
            archive.add(path, Path(path).name)


def test_tar_files_parquet_files_and_lists_in_one_run(place: Path, encoder: Encoder) -> None:
    paths = [f"crops/{i:02}.jpg" for i in range(22)]
    tar_of_images(paths[:10], "a.tar")
    parquet_of_images(paths[10:], "b.parquet")
    Path("list.txt").write_text("\n".join(paths[:3]))
    to_parquet(["a.tar", "*.parquet", "list.txt"], encoder, "f.parquet")
    plain(["crops", "list.txt"], encoder)
    expected, found = read_features("plain.npy"), read_features("f.parquet")
    names = [path.replace("crops", "a.tar") for path in paths[:10]] + paths[10:] + paths[:3]
    assert found.paths == tuple(name for name in names if name != "a.tar/05.jpg")
    assert np.array_equal(found.values, expected.values)
    assert [image.path for image in found.failed] == ["a.tar/05.jpg"]


def test_parquet_of_hugging_face_datasets(place: Path, encoder: Encoder) -> None:
    data = Path("crops/00.jpg").read_bytes()
    images = pa.array([{"bytes": data, "path": "x.jpg"}, {"bytes": None, "path": "y.jpg"}])
    pq.write_table(pa.table({"image": images, "label": [1, 2]}), "hf.parquet")
    pq.write_table(pa.table({"jpg": [data]}), "unnamed.parquet")
    to_parquet(["hf.parquet", "unnamed.parquet"], encoder, "f.parquet")
    found = read_features("f.parquet")
    assert found.paths == ("x.jpg", "unnamed.parquet/0")
    assert found.failed[0].error == "row 1 of hf.parquet has no content"
    pq.write_table(pa.table({"path": ["a"]}), "paths.parquet")
    with pytest.raises(InvalidInputError, match=r"columns path, none with the content of images"):
        to_parquet(["paths.parquet"], encoder, "g.parquet")
    Path("text.parquet").write_text("text")
    with pytest.raises(InvalidInputError, match=r"text\.parquet is not a readable Parquet file"):
        to_parquet(["text.parquet"], encoder, "g.parquet")


def test_an_error_keeps_the_finished_parts_and_resume_continues(
    place: Path, encoder: Encoder
) -> None:
    Path("crops/05.jpg").rename("crops/15.jpg")
    fail = ExtractOptions(device="cpu", num_workers=1, batch_size=4)
    bulk = BulkOptions(part_images=8)
    with pytest.raises(ImageReadError, match=r"crops/15\.jpg"):
        extract_to_parquet(find_sources(["crops"]), encoder, "f.parquet", fail, bulk)
    with pytest.raises(ImageReadError, match=r"crops/15\.jpg"):
        extract_to_parquet(find_sources(["crops/15.jpg"]), encoder, "g.parquet", fail, bulk)
    assert not Path("g.parquet").exists()
    first = Path("f.parquet/part-000000.parquet")
    written = first.stat().st_mtime_ns
    with pytest.raises(OutputError, match=r"it has no _features\.json"):
        read_features("f.parquet")
    with pytest.raises(UnfinishedOutputError, match=r"1 parts done"):
        to_parquet(["crops"], encoder, "f.parquet")
    flip = ExtractOptions(device="cpu", flip=True, batch_size=4)
    with pytest.raises(OutputError, match="was started with different settings: flip"):
        extract_to_parquet(find_sources(["crops"]), encoder, "f.parquet", flip, bulk, resume=True)
    # A killed process leaves a temporary file.
    Path("f.parquet/.part-000001.parquet.0123abcd.partial").touch()
    to_parquet(["crops"], encoder, "f.parquet", resume=True)
    assert not list(Path("f.parquet").glob(".*"))
    assert first.stat().st_mtime_ns == written
    plain(["crops"], encoder)
    same("plain.npy", "f.parquet")
    to_parquet(["crops"], encoder, "f.parquet", resume=True)
    with pytest.raises(OutputExistsError, match="exists"):
        to_parquet(["crops"], encoder, "f.parquet")
    to_parquet(["crops/0*.jpg"], encoder, "f.parquet", overwrite=True)
    assert len(read_features("f.parquet").paths) == 9


def test_lost_and_foreign_files_are_errors(place: Path, encoder: Encoder) -> None:
    to_parquet(["crops"], encoder, "f.parquet")
    Path("f.parquet/part-000001.parquet").rename("moved")
    with pytest.raises(OutputError, match=r"part-000001\.parquet is missing"):
        read_features("f.parquet")
    Path("f.parquet/part-000001.parquet").write_bytes(b"text")
    with pytest.raises(OutputError, match=r"Cannot read f\.parquet/part-000001\.parquet"):
        read_features("f.parquet")
    Path("g.parquet").mkdir()
    Path("g.parquet/mine.txt").write_text("mine")
    with pytest.raises(OutputExistsError, match=r"other files \(mine\.txt\)"):
        to_parquet(["crops"], encoder, "g.parquet", overwrite=True)
    with pytest.raises(InvalidInputError, match=r"must end in \.parquet"):
        to_parquet(["crops"], encoder, "f.pq")
    with pytest.raises(OutputError, match="does not exist"):
        to_parquet(["crops"], encoder, "no/f.parquet")


@pytest.fixture
def memory() -> Iterator[str]:
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield "memory://bucket"
    system.store.clear()


def test_remote_images_and_a_remote_output(place: Path, encoder: Encoder, memory: str) -> None:
    system = fsspec.filesystem("memory")
    for path in sorted(Path("crops").iterdir()):
        system.pipe(f"/bucket/crops/{path.name}", path.read_bytes())
    to_parquet([f"{memory}/crops"], encoder, f"{memory}/f.parquet")
    found = read_features(f"{memory}/f.parquet")
    plain(["crops"], encoder)
    expected = read_features("plain.npy")
    assert np.array_equal(found.values, expected.values)
    assert [path.rpartition("/")[2] for path in found.paths] == [
        path.rpartition("/")[2] for path in expected.paths
    ]
    plain([f"{memory}/crops"], encoder, "remote.npy")
    same("remote.npy", f"{memory}/f.parquet")
    to_parquet([f"{memory}/crops"], encoder, f"{memory}/f.parquet", resume=True)
    to_parquet([f"{memory}/crops/0*.jpg"], encoder, f"{memory}/f.parquet", overwrite=True)
    assert len(read_features(f"{memory}/f.parquet").paths) == 9


@pytest.mark.parametrize("suffix", ["npy", "parquet"])
def test_shards_join_to_the_whole(place: Path, encoder: Encoder, suffix: str) -> None:
    Path("crops/05.jpg").unlink()
    plain(["crops"], encoder)
    for index in range(3):
        shard = ImageShard(index, 3)
        if suffix == "npy":
            extract_to_file(find_images(["crops"]), encoder, "s.npy", SKIP, shard=shard)
        else:
            to_parquet(["crops"], encoder, "s.parquet", shard=shard)
    parts = sorted(str(path) for path in Path().glob(f"s-*.{suffix}"))
    assert len(parts) == 3
    assert join([*parts, "-o", "whole.npy"]) == 0
    if suffix == "npy":
        same("plain.npy", "whole.npy")
        descriptions = [json.loads(Path(f"{n}.json").read_text()) for n in ("plain", "whole")]
        assert descriptions[0] == descriptions[1]
    expected, found = read_features("plain.npy"), read_features("whole.npy")
    order = [found.paths.index(path) for path in expected.paths]
    assert np.array_equal(found.values[order], expected.values)
    assert sorted(order) == list(range(21))
    with pytest.raises(InvalidInputError, match="1 of 3 shards are missing: 1/3"):
        join_features([parts[0], parts[2]], "x.npy")
    with pytest.raises(InvalidInputError, match="given twice"):
        join_features([parts[0], parts[0]], "x.npy")
    assert join([*parts, "-o", "whole.npy"]) == 2
    assert join([*parts, "-o", "whole.npy", "--force"]) == 0
    assert not list(Path().glob(".whole*"))


def test_failed_images_are_joined(place: Path, encoder: Encoder) -> None:
    to_parquet(["crops"], encoder, "f.parquet")
    assert join(["f.parquet", "-o", "f.npy"]) == 0
    same("f.parquet", "f.npy")


def test_the_command_and_search_in_parquet(
    place: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["--weights", weights, "--device", "cpu"]
    arguments = ["crops", "-o", "f.parquet", "--part-images", "8", *common]
    assert extract([*arguments, "--on-error", "skip"]) == 3
    assert "21 × 1280 features in f.parquet" in capsys.readouterr().err
    assert search(["crops/03.jpg", "--gallery", "f.parquet", "-k", "1", "-o", "hits.csv"]) == 0
    # One query could not be read.
    assert search(["f.parquet", "--gallery", "f.parquet", "-k", "1", "-o", "all.csv"]) == 3
    assert len(Path("all.csv").read_text().splitlines()) == 22
    capsys.readouterr()
    for given, message in (
        (["crops", "-o", "f.npy", "--engine", "ray"], "--engine ray writes Parquet"),
        (["crops", "-o", "f.npy", "--part-images", "9"], "--part-images applies to"),
        (["crops", "-o", "g.parquet", "--ray-workers", "2"], "options of the engine 'ray'"),
        (["crops", "-o", "f.parquet"], "Use --force"),
    ):
        assert extract([*given, *common]) == 2
        assert message in capsys.readouterr().err


def test_evaluate_and_cluster_read_parquet(
    place: Path, encoder: Encoder, capsys: pytest.CaptureFixture[str]
) -> None:
    tar_of_images([f"crops/{i:02}.jpg" for i in range(22)], "a.tar")
    rows = [f"a.tar/{i:02}.jpg,{i // 4}" for i in range(22)]
    Path("labels.csv").write_text("\n".join(["path,person_id", *rows]))
    to_parquet(["a.tar"], encoder, "f.parquet")
    assert join(["f.parquet", "-o", "f.npy"]) == 0
    capsys.readouterr()
    reports = []
    for features in ("f.parquet", "f.npy"):
        given = ["csv", "labels.csv", "--features", features, "--on-error", "skip"]
        assert evaluate(given) == 3
        reports.append(capsys.readouterr().out)
    assert reports[0] == reports[1]
    assert cluster(["--features", "f.parquet", "-o", "ids.csv", "--threshold", "0.5"]) == 3
    assert len(Path("ids.csv").read_text().splitlines()) == 22


def test_a_non_utf8_name_does_not_stop_the_run(place: Path, encoder: Encoder) -> None:
    stream = io.BytesIO(Path("crops/00.jpg").read_bytes())
    Path(b"crops/\xff.jpg".decode("utf-8", "surrogateescape")).write_bytes(stream.getvalue())
    to_parquet(["crops"], encoder, "f.parquet")
    assert len(read_features("f.parquet").paths) == 22
