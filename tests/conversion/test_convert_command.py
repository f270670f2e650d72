"""The ``convert`` command on the command line, with files and with a local Hub."""

from pathlib import Path

import pytest
import torch
from foreign_states import foreign_state
from hub_server import Hub

from reid_align import from_pretrained
from reid_align.__main__ import main as reid_align
from reid_align.convert import main as convert
from reid_align.extract import main as extract

REPO_ID, FILE = "someone/reid-files", "models/osnet_x0_25.pth"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("foreign") / "osnet_x0_25.pth"
    torch.save({"state_dict": foreign_state("osnet_x0_25"), "epoch": 5}, path)
    return path


def error_of(capsys: pytest.CaptureFixture[str], arguments: list[str], code: int) -> str:
    assert convert(arguments) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def test_a_checkpoint_becomes_a_folder_for_the_other_commands(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "osnet"
    assert reid_align(["convert", str(checkpoint), "-o", str(folder)]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("OSNet of torchreid (code: MIT), sha256 ")
    assert shown[1:5] == [
        "architecture: osnet_x0_25, head=fc512, pool=avg",
        "images: 256×128 (height × width), bilinear; other sizes with --size",
        "tensors: 565 of 567 converted",
        "left out: classifier.weight, classifier.bias, epoch (classifier of 10 identities)",
    ]
    assert shown[5].startswith("training data: not stated. The weights keep the terms")
    assert shown[6] == f"Wrote {folder}; use it with --weights {folder}."
    examples = Path(__file__).parents[2] / "examples"
    image = str(sorted(examples.glob("*.jpg"))[0])
    output = tmp_path / "feats.npy"
    arguments = [image, "--weights", str(folder), "-o", str(output), "--device", "cpu"]
    assert extract(arguments) == 0


def test_a_file_on_the_hub_is_converted(
    hub: Hub, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commit = hub.add(REPO_ID, {FILE: checkpoint.read_bytes()})
    source = f"hf-hub:{REPO_ID}/{FILE}"
    assert convert([source, "-o", str(tmp_path / "main")]) == 0
    assert convert([f"{source}@{commit}", "-o", str(tmp_path / "pinned")]) == 0
    capsys.readouterr()
    folders = [tmp_path / name for name in ("main", "pinned")]
    first, second = ((folder / "model.safetensors").read_bytes() for folder in folders)
    assert first == second
    assert from_pretrained(folders[0]).architecture == "osnet_x0_25"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (f"{REPO_ID}/other.pth", "the revision has no such file"),
        (f"{REPO_ID}/{FILE}@v9", "the repository has no such revision"),
        ("someone/nothing/model.pth", "no repository at"),
        (REPO_ID, "expected hf-hub:OWNER/REPOSITORY/FILE"),
    ],
)
def test_a_file_that_the_hub_does_not_have_is_named(
    hub: Hub,
    address: str,
    expected: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hub.add(REPO_ID, {FILE: b"x"})
    text = error_of(capsys, [f"hf-hub:{address}", "-o", str(tmp_path / "out")], 1)
    assert expected in text
    assert list(tmp_path.iterdir()) == []


def test_a_large_file_on_the_hub_is_refused_before_the_download(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.add(REPO_ID, {"large.pth": LargeBody(b"x")})
    text = error_of(capsys, [f"hf-hub:{REPO_ID}/large.pth", "-o", str(tmp_path / "out")], 1)
    assert f"has {LargeBody.SIZE} bytes; the limit for checkpoints is 536870912" in text
    assert [request.method for request in hub.requests] == ["HEAD"]


class LargeBody(bytes):
    """A body whose length is announced as 1 GiB."""

    SIZE = 2**30

    def __len__(self) -> int:
        return self.SIZE


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--size", "256"], "--size 256: expected HEIGHTxWIDTH"),
        (["--size", "9000x128"], "height 9000"),
        (["--set", "last_stride"], "--set last_stride: expected NAME=VALUE"),
        (["--set", "stride=1"], "Unknown argument of osnet_x0_25 'stride'"),
    ],
)
def test_wrong_options_are_wrong_usage(
    checkpoint: Path,
    options: list[str],
    expected: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = [str(checkpoint), "-o", str(tmp_path / "out"), *options]
    assert expected in error_of(capsys, arguments, 2)


def test_missing_files_and_packages_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["-o", str(tmp_path / "out")]
    assert "no such file" in error_of(capsys, [str(tmp_path / "missing.pth"), *out], 1)
    assert "Known: efficientnet_lite0" in error_of(capsys, ["imagenet:resnet50", *out], 2)
    command = ["imagenet:mobilenet_v2", *out, "--size", "256x128"]
    assert "do not apply to imagenet:MODEL" in error_of(capsys, command, 2)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "file").touch()
    assert "is not empty" in error_of(capsys, [str(tmp_path / "missing.pth"), *out], 2)
