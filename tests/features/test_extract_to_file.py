"""Feature extraction to files: atomic, resumable, in shards."""

import csv
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from filelock import FileLock
from PIL import Image

from reid_align import create_model, extract_features, read_features, save_pretrained
from reid_align.errors import ImageReadError, InvalidInputError, NoImagesError, OutputError
from reid_align.features import Adaptation, ExtractOptions, ImageShard, extract_to_file
from reid_align.images import find_images
from reid_align.models.encoder import Encoder
from reid_align.preprocess import Preprocess

COUNT = 30
OPTIONS = ExtractOptions(batch_size=4, num_workers=2, device="cpu")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Fix the number of threads: bits are compared between processes."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def encoder(one_thread: None) -> Encoder:
    torch.manual_seed(0)
    encoder = create_model("resnet50_baseline")
    encoder.preprocess = Preprocess(64, 32)
    return encoder


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    random = np.random.default_rng(0)
    for index in range(COUNT):
        pixels = random.integers(0, 256, (40, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:03}.png")
    return folder


@pytest.fixture(scope="module")
def expected(encoder: Encoder, images: Path) -> np.ndarray:
    return extract_features(images, encoder, batch_size=4, device="cpu").values


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_three_files_appear_and_agree(
    encoder: Encoder, images: Path, expected: np.ndarray, tmp_path: Path
) -> None:
    done = extract_to_file(find_images([images]), encoder, tmp_path / "feats.npy", OPTIONS)
    assert (done.rows, done.feature_dim, done.failed, done.resumed) == (COUNT, 2048, 0, 0)
    assert names_in(tmp_path) == {"feats.npy", "feats.csv", "feats.json"}
    values = np.load(tmp_path / "feats.npy", mmap_mode="r", allow_pickle=False)
    assert values.dtype == np.float32
    assert np.array_equal(values, expected)
    with open(tmp_path / "feats.csv", newline="") as table:
        rows = list(csv.DictReader(table))
    assert [row["row"] for row in rows] == [str(index) for index in range(COUNT)]
    assert [row["path"] for row in rows] == sorted(str(path) for path in images.iterdir())
    description = json.loads((tmp_path / "feats.json").read_text())
    assert description["model"] == "resnet50_baseline"
    assert description["preprocess"]["height"] == 64
    assert description["weights"]["name"] == "random"
    assert description["rows"] == description["images"] == COUNT
    assert description["failed"] == []


def test_weights_from_a_file_are_named_with_their_sha256(
    encoder: Encoder, images: Path, tmp_path: Path
) -> None:
    folder = save_pretrained(encoder, tmp_path / "encoder")
    again = create_model("resnet50_baseline", weights=folder / "model.safetensors")
    extract_to_file([str(images / "000.png")], again, tmp_path / "feats.npy", OPTIONS)
    weights = json.loads((tmp_path / "feats.json").read_text())["weights"]
    assert weights["name"] == str(folder / "model.safetensors")
    assert weights["sha256"] == json.loads((folder / "config.json").read_text())["sha256"]


def test_failed_images_have_no_row_and_are_listed(
    encoder: Encoder, images: Path, expected: np.ndarray, tmp_path: Path
) -> None:
    paths = sorted(str(path) for path in images.iterdir())
    paths[5:5] = ["gone.png"]
    paths.append("gone too.png")
    with pytest.raises(ImageReadError, match=r"gone\.png"):
        extract_to_file(paths, encoder, tmp_path / "feats.npy", OPTIONS)
    assert names_in(tmp_path) == {"feats.npy.partial"}
    skip = ExtractOptions(batch_size=4, on_error="skip", device="cpu")
    done = extract_to_file(paths, encoder, tmp_path / "feats.npy", skip, resume=True)
    assert (done.rows, done.failed, done.resumed) == (COUNT, 2, 4)
    features = read_features(tmp_path / "feats.npy")
    np.testing.assert_allclose(features.values, expected, atol=1e-6)
    assert [failure.path for failure in features.failed] == ["gone.png", "gone too.png"]


def test_only_failures_give_an_empty_matrix(encoder: Encoder, tmp_path: Path) -> None:
    skip = ExtractOptions(on_error="skip", device="cpu")
    done = extract_to_file(["a.png", "b.png"], encoder, tmp_path / "feats.npy", skip)
    assert (done.rows, done.failed) == (0, 2)
    assert read_features(tmp_path / "feats.npy").values.shape == (0, 2048)


def test_no_paths_give_an_empty_matrix(encoder: Encoder, tmp_path: Path) -> None:
    done = extract_to_file([], encoder, tmp_path / "feats.npy", OPTIONS)
    assert (done.rows, done.failed) == (0, 0)
    assert read_features(tmp_path / "feats.npy").values.shape == (0, 2048)
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoImagesError):
        extract_to_file(find_images([tmp_path / "empty"]), encoder, tmp_path / "none.npy", OPTIONS)


def test_names_that_are_not_utf8_survive(encoder: Encoder, images: Path, tmp_path: Path) -> None:
    odd = os.fsdecode(os.fsencode(tmp_path) + b'/\xff,\n"x".png')
    Path(odd).write_bytes((images / "000.png").read_bytes())
    missing = os.fsdecode(b"missing\xfe.png")
    skip = ExtractOptions(on_error="skip", device="cpu")
    extract_to_file([odd, missing], encoder, tmp_path / "feats.npy", skip)
    features = read_features(tmp_path / "feats.npy")
    assert features.paths == (odd,)
    assert features.failed[0].path == missing


CHILD = """
import sys, torch
from reid_align import create_model
from reid_align.features import ExtractOptions, ImageShard, extract_to_file
from reid_align.images import find_images
from reid_align.preprocess import Preprocess
torch.set_num_threads(1)
torch.manual_seed(0)
encoder = create_model("resnet50_baseline")
encoder.preprocess = Preprocess(64, 32)
options = ExtractOptions(batch_size=4, num_workers=2, device="cpu")
shard = ImageShard.parse(sys.argv[3])
extract_to_file(find_images([sys.argv[1]]), encoder, sys.argv[2], options, shard=shard, resume=True)
"""
DIE_WHILE_PUBLISHING = """
import os, signal, sys
def die(event, arguments):
    if event == "shutil.copyfile":
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(die)
"""


def kill_half_way(images: Path, output: Path) -> int:
    """Kill an extraction in another process at its first checkpoint; return its progress."""
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(images), str(output), "0/1"])
    progress = Path(f"{output}.partial") / "progress.json"
    done, deadline = 0, time.monotonic() + 120
    while done == 0 and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
        if progress.exists():
            done = json.loads(progress.read_text())["images"]
    child.send_signal(signal.SIGKILL)
    child.wait()
    return done


@pytest.mark.slow
def test_a_killed_run_resumes_and_gives_the_same_bits(
    encoder: Encoder, images: Path, tmp_path: Path
) -> None:
    # Long enough to be killed between its first checkpoint and its end.
    many = tmp_path / "many.txt"
    many.write_text("\n".join([*find_images([images])] * 30))
    output = tmp_path / "feats.npy"
    assert 0 < kill_half_way(many, output) < 30 * COUNT
    assert names_in(tmp_path) == {"feats.npy.partial", "many.txt"}
    # A kill can leave partial data after the last checkpoint.
    for name in ("features.npy", "rows.csv", "failed.jsonl"):
        with open(tmp_path / "feats.npy.partial" / name, "ab") as file:
            file.write(b"torn")
    with pytest.raises(OutputError, match="resume=True"):
        extract_to_file(find_images([many]), encoder, output, OPTIONS)
    done = extract_to_file(find_images([many]), encoder, output, OPTIONS, resume=True)
    assert done.resumed > 0
    extract_to_file(find_images([many]), encoder, tmp_path / "whole.npy", OPTIONS)
    assert np.array_equal(np.load(output), np.load(tmp_path / "whole.npy"))
    assert len(read_features(output).paths) == 30 * COUNT
    assert not output.with_name("feats.npy.partial").exists()


def start_unfinished(encoder: Encoder, images: Path, output: Path) -> None:
    """Leave an unfinished run that stops at a missing file."""
    paths = [*find_images([images]), "gone.png"]
    with pytest.raises(ImageReadError):
        extract_to_file(paths, encoder, output, OPTIONS)


def test_a_run_with_other_settings_does_not_resume(
    encoder: Encoder, images: Path, tmp_path: Path
) -> None:
    output = tmp_path / "feats.npy"
    start_unfinished(encoder, images, output)
    paths = [*find_images([images]), "gone.png"]
    flipped = ExtractOptions(batch_size=4, flip=True, device="cpu")
    with pytest.raises(OutputError, match="flip was False, now it is True"):
        extract_to_file(paths, encoder, output, flipped, resume=True)
    with pytest.raises(OutputError, match="images was 31, now it is 30"):
        extract_to_file(find_images([images]), encoder, output, OPTIONS, resume=True)
    torch.manual_seed(1)
    other = create_model("resnet50_baseline")
    other.preprocess = encoder.preprocess
    with pytest.raises(OutputError, match="different settings: state_sha256"):
        extract_to_file(paths, other, output, OPTIONS, resume=True)


@pytest.mark.parametrize("adaptation", [None, Adaptation()])
@pytest.mark.parametrize("resume", [True, False])
def test_two_processes_do_not_write_the_same_output(
    encoder: Encoder, images: Path, tmp_path: Path, adaptation: Adaptation | None, resume: bool
) -> None:
    output = tmp_path / "feats.npy"
    start_unfinished(encoder, images, output)
    paths = find_images([images])
    with (
        FileLock(tmp_path / "feats.npy.partial" / "lock"),
        pytest.raises(OutputError, match="Another process is writing"),
    ):
        extract_to_file(paths, encoder, output, OPTIONS, adaptation=adaptation, resume=resume)


def test_resume_continues_unfinished_work_next_to_an_earlier_file(
    encoder: Encoder, images: Path, tmp_path: Path
) -> None:
    output, own = tmp_path / "feats.npy", tmp_path / "images"
    shutil.copytree(images, own)
    paths = [*map(str, find_images([own]))]
    extract_to_file(paths, encoder, output, OPTIONS)
    before = np.load(output)
    changed, broken = Path(paths[0]), Path(paths[-1])
    changed.write_bytes(Path(paths[1]).read_bytes())
    whole = broken.read_bytes()
    broken.write_bytes(b"no image")
    with pytest.raises(ImageReadError):
        extract_to_file(paths, encoder, output, OPTIONS, overwrite=True)
    broken.write_bytes(whole)
    extract_to_file(paths, encoder, output, OPTIONS, resume=True)
    assert not np.array_equal(np.load(output)[0], before[0])
    assert np.array_equal(np.load(output)[-1], before[-1])


def test_resuming_a_finished_run_does_nothing(
    encoder: Encoder, images: Path, tmp_path: Path
) -> None:
    output = tmp_path / "feats.npy"
    extract_to_file(find_images([images]), encoder, output, OPTIONS)
    before = output.stat().st_mtime_ns
    done = extract_to_file(find_images([images]), encoder, output, OPTIONS, resume=True)
    assert (done.rows, done.resumed) == (COUNT, COUNT)
    assert output.stat().st_mtime_ns == before
    extract_to_file(find_images([images]), encoder, output, OPTIONS, overwrite=True)
    assert output.stat().st_mtime_ns > before


def test_leftovers_of_a_published_run_are_not_unfinished_work(
    encoder: Encoder, images: Path, tmp_path: Path
) -> None:
    output = tmp_path / "feats.npy"
    start_unfinished(encoder, images, output)
    (tmp_path / "feats.npy.partial" / "features.npy").unlink()
    extract_to_file(find_images([images]), encoder, output, OPTIONS)
    assert names_in(tmp_path) == {"feats.npy", "feats.csv", "feats.json"}


@pytest.mark.parametrize("name", ["features.npy", "rows.csv"])
def test_a_truncated_file_is_not_resumed(
    encoder: Encoder, images: Path, tmp_path: Path, name: str
) -> None:
    output = tmp_path / "feats.npy"
    start_unfinished(encoder, images, output)
    os.truncate(tmp_path / "feats.npy.partial" / name, 50)
    with pytest.raises(OutputError, match="shorter than recorded"):
        extract_to_file([*find_images([images]), "gone.png"], encoder, output, OPTIONS, resume=True)


@pytest.mark.parametrize("name", ["progress.json", "description.json"])
@pytest.mark.parametrize("content", ["{", "{}", "[]", '{"images": 1}'])
def test_a_damaged_folder_is_named(
    encoder: Encoder, images: Path, tmp_path: Path, name: str, content: str
) -> None:
    output = tmp_path / "feats.npy"
    start_unfinished(encoder, images, output)
    (tmp_path / "feats.npy.partial" / name).write_text(content)
    with pytest.raises(OutputError, match=r"feats\.npy\.partial (is damaged|was started with)"):
        extract_to_file([*find_images([images]), "gone.png"], encoder, output, OPTIONS, resume=True)


def test_a_finished_run_without_one_file_is_repeated(
    encoder: Encoder, images: Path, tmp_path: Path
) -> None:
    output = tmp_path / "feats.npy"
    extract_to_file(find_images([images]), encoder, output, OPTIONS)
    for damage in ("feats.npy", "feats.csv", "feats.json"):
        (tmp_path / damage).write_text("")
        done = extract_to_file(find_images([images]), encoder, output, OPTIONS, resume=True)
        assert done.resumed == 0
        assert len(read_features(output).paths) == COUNT


def test_damaged_features_are_named(encoder: Encoder, images: Path, tmp_path: Path) -> None:
    output = tmp_path / "feats.npy"
    extract_to_file([str(images / "000.png")], encoder, output, OPTIONS)
    whole = output.read_bytes()
    np.savez(tmp_path / "other.npz", values=np.zeros((1, 2048)))
    too_long = csv.field_size_limit() + 1
    damaged = [
        (".npy", b""),
        (".npy", whole[:100]),
        (".npy", whole.replace(b"(", b"\n")),
        (".npy", whole.replace(b", 2048)", b"] 2048)")),
        (".npy", (tmp_path / "other.npz").read_bytes()),
        (".csv", b"row,path\n0," + b"a" * too_long),
        (".json", b'{"failed": []}'),
    ]
    for suffix, content in damaged:
        file = output.with_suffix(suffix)
        before = file.read_bytes()
        file.write_bytes(content)
        with pytest.raises(OutputError, match=r"Cannot read .*feats\.npy .*Extract"):
            read_features(output)
        file.write_bytes(before)
    assert len(read_features(output).paths) == 1


def test_the_same_weights_under_another_path_resume(
    encoder: Encoder, images: Path, tmp_path: Path
) -> None:
    output = tmp_path / "feats.npy"
    start_unfinished(encoder, images, output)
    save_pretrained(encoder, tmp_path / "encoder")
    again = create_model("resnet50_baseline", weights=tmp_path / "encoder")
    paths = [*find_images([images]), "gone.png"]
    skip = ExtractOptions(batch_size=4, on_error="skip", device="cpu")
    assert extract_to_file(paths, again, output, skip, resume=True).resumed > 0


def test_shards_are_disjoint_and_complete(
    encoder: Encoder, images: Path, expected: np.ndarray, tmp_path: Path
) -> None:
    paths = sorted(str(path) for path in images.iterdir())
    for index in range(4):
        shard = ImageShard(index, 4)
        done = extract_to_file(paths, encoder, tmp_path / "feats.npy", OPTIONS, shard=shard)
        assert done.output == tmp_path / f"feats-{index:05}-of-00004.npy"
        assert read_features(done.output).paths == tuple(paths[index::4])
    joined = read_features(*sorted(tmp_path.glob("feats-*.npy")))
    order = np.argsort(joined.paths)
    np.testing.assert_allclose(joined.values[order], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        ({"flip": True}, "flip is False in the first and True"),
        ({"normalize": False}, "normalized is True in the first and False"),
    ],
)
def test_features_with_different_settings_are_not_joined(
    encoder: Encoder, images: Path, tmp_path: Path, other: dict[str, bool], difference: str
) -> None:
    files = tmp_path / "a.npy", tmp_path / "b.npy"
    for file, options in zip(files, ({}, other), strict=True):
        made = ExtractOptions(device="cpu", on_error="skip", **options)
        extract_to_file([str(images / f"00{len(options)}.png")], encoder, file, made)
    with pytest.raises(OutputError, match=rf"b\.npy cannot be joined: {difference} .*Extract both"):
        read_features(*files)


def test_features_of_other_dimensions_or_without_a_setting_are_not_joined(
    encoder: Encoder, images: Path, tmp_path: Path
) -> None:
    files = tmp_path / "a.npy", tmp_path / "b.npy"
    for file in files:
        extract_to_file([str(images / "000.png")], encoder, file, OPTIONS)
    description = json.loads((tmp_path / "b.json").read_text())
    del description["flip"]
    (tmp_path / "b.json").write_text(json.dumps(description))
    for order, values in (
        (files, "False in the first and None"),
        (files[::-1], "None in the first and False"),
    ):
        with pytest.raises(OutputError, match=f"flip is {values}"):
            read_features(*order)
    (tmp_path / "b.json").write_text((tmp_path / "a.json").read_text())
    np.save(tmp_path / "b.npy", np.zeros((1, 512), np.float32))
    with pytest.raises(OutputError, match=r"shape \(1, 512\), .* shape \(1, 2048\)"):
        read_features(*files)


def test_shards_with_failures_and_other_weights_paths_are_joined(
    encoder: Encoder, images: Path, tmp_path: Path
) -> None:
    save_pretrained(encoder, tmp_path / "encoder")
    again = create_model("resnet50_baseline", weights=tmp_path / "encoder")
    paths = [str(images / "000.png"), "gone.png", str(images / "001.png")]
    skip = ExtractOptions(device="cpu", on_error="skip")
    for index, network in enumerate((encoder, again)):
        extract_to_file(paths, network, tmp_path / "f.npy", skip, shard=ImageShard(index, 2))
    joined = read_features(*sorted(tmp_path.glob("f-*.npy")))
    assert joined.paths == (paths[0], paths[2])
    assert [failure.path for failure in joined.failed] == ["gone.png"]


def test_shards_adapted_on_different_machines_are_joined(
    encoder: Encoder, images: Path, tmp_path: Path
) -> None:
    paths, adaptation = [*find_images([images])] * 2, Adaptation(count=32)
    files = [
        extract_to_file(
            paths,
            encoder,
            tmp_path / "f.npy",
            OPTIONS,
            adaptation=adaptation,
            shard=ImageShard(i, 2),
        ).output
        for i in range(2)
    ]
    file = files[1].with_suffix(".json")
    description = json.loads(file.read_text()) | {"state_sha256": "0" * 64}
    file.write_text(json.dumps(description))
    assert len(read_features(*files).paths) == 2 * COUNT
    file.write_text(json.dumps(description | {"listing_sha256": "0" * 64}))
    with pytest.raises(OutputError, match="state_sha256 is"):
        read_features(*files)


def test_a_shard_can_be_empty(encoder: Encoder, images: Path, tmp_path: Path) -> None:
    one = [str(images / "000.png")]
    done = extract_to_file(one, encoder, tmp_path / "feats.npy", OPTIONS, shard=ImageShard(1, 2))
    assert done.rows == 0
    assert read_features(done.output).values.shape == (0, 2048)


def test_an_empty_shard_killed_during_publishing_can_be_resumed(
    encoder: Encoder, images: Path, tmp_path: Path
) -> None:
    one, output = str(images / "000.png"), tmp_path / "feats.npy"
    command = [sys.executable, "-c", DIE_WHILE_PUBLISHING + CHILD, one, str(output), "1/2"]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert names_in(tmp_path) == {"feats-00001-of-00002.json", "feats-00001-of-00002.npy.partial"}
    done = extract_to_file([one], encoder, output, OPTIONS, shard=ImageShard(1, 2), resume=True)
    assert read_features(done.output).values.shape == (0, 2048)
    assert done.output.with_suffix(".csv").read_text() == "row,path\n"


@pytest.mark.parametrize("text", ["4/4", "5/4", "0/0", "1", "-1/4", "a/b", "1/4/2", ""])
def test_invalid_shards_are_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="0/4"):
        ImageShard.parse(text)


def test_a_full_disk_keeps_finished_work(
    encoder: Encoder, images: Path, expected: np.ndarray, tmp_path: Path
) -> None:
    output = tmp_path / "feats.npy"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OutputError, match=r"Cannot write .*resume the run \(resume=True\)"):
            extract_to_file(find_images([images]), encoder, output, OPTIONS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    done = extract_to_file(find_images([images]), encoder, output, OPTIONS, resume=True)
    assert 0 < done.resumed < COUNT
    assert np.array_equal(np.load(output), expected)


def test_an_invalid_output_is_refused_first(encoder: Encoder, images: Path, tmp_path: Path) -> None:
    paths = [str(images / "000.png")]
    with pytest.raises(InvalidInputError, match=r"must end in \.npy"):
        extract_to_file(paths, encoder, tmp_path / "feats.txt")
    with pytest.raises(OutputError, match="does not exist"):
        extract_to_file(paths, encoder, tmp_path / "missing" / "feats.npy")
    (tmp_path / "folder.npy").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        extract_to_file(paths, encoder, tmp_path / "folder.npy")
    with pytest.raises(InvalidInputError, match="paths is a single path"):
        extract_to_file(paths[0], encoder, tmp_path / "feats.npy")


@pytest.mark.parametrize("broken", ["feats.npy", "feats.csv", "feats.json"])
def test_reading_needs_three_files_of_one_run(
    encoder: Encoder, images: Path, tmp_path: Path, broken: str
) -> None:
    paths = [str(images / "000.png"), str(images / "001.png")]
    extract_to_file(paths, encoder, tmp_path / "feats.npy", OPTIONS)
    (tmp_path / broken).rename(tmp_path / "aside")
    with pytest.raises(OutputError, match="Cannot read"):
        read_features(tmp_path / "feats.npy")
    extract_to_file(paths[:1], encoder, tmp_path / "feats.npy", OPTIONS, overwrite=True)
    (tmp_path / "aside").replace(tmp_path / broken)
    with pytest.raises(OutputError, match="from different runs"):
        read_features(tmp_path / "feats.npy")
    with pytest.raises(OutputError, match="at least one"):
        read_features()
