import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from reid_align.errors import DatasetFormatError, InvalidInputError, OutputError
from reid_align.shard_set import MASK_FILE, ShardSet, missing_shards, shard_path
from reid_align.shards import ShardFile
from reid_align.synth.set_writer import make_shard, write_set
from reid_align.synth.synth_settings import IDENTITIES_PER_SHARD, SynthSettings

SETTINGS = SynthSettings(identities=24, images=2, seed=4)


def test_a_missing_shard_is_written_again_with_the_same_bytes(
    synthetic_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "set"
    shutil.copytree(synthetic_folder, folder)
    path = shard_path(folder, 1)
    before = path.read_bytes()
    path.unlink()
    assert write_set(folder, SETTINGS, num_workers=1) == 1
    assert path.read_bytes() == before
    assert write_set(folder, SETTINGS, num_workers=1) == 0


def test_other_settings_do_not_continue_a_set(synthetic_folder: Path) -> None:
    with pytest.raises(OutputError, match="Use the same settings"):
        write_set(synthetic_folder, SynthSettings(25, 2, seed=4), num_workers=1)


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)


@pytest.mark.slow
def test_a_killed_worker_keeps_complete_shards(tmp_path: Path) -> None:
    settings = SynthSettings(identities=3 * IDENTITIES_PER_SHARD, images=1, seed=6)
    folder = tmp_path / "set"

    def kill_the_workers() -> None:
        wait_until(lambda: folder.exists() and len(missing_shards(folder, 3)) < 3)
        for process in multiprocessing.active_children():
            process.kill()

    killer = Thread(target=kill_the_workers)
    killer.start()
    with pytest.raises(OutputError, match="rerun the command with fewer workers"):
        write_set(folder, settings, 2)
    killer.join()
    written = sorted({0, 1, 2} - set(missing_shards(folder, 3)))
    assert 1 <= len(written) <= 2
    # All processes write the same bytes.
    (tmp_path / "again").mkdir()
    make_shard(tmp_path / "again", settings, written[0])
    paths = (shard_path(tmp_path / name, written[0]) for name in ("set", "again"))
    assert len({path.read_bytes() for path in paths}) == 1


@pytest.mark.slow
def test_a_killed_run_is_continued(synthetic_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    options = ["--identities", "24", "--images", "2", "--seed", "4", "--num-workers", "1"]
    command = [sys.executable, "-m", "reid_align.synthesize", "-o", str(folder), *options]
    with subprocess.Popen(command) as process:
        wait_until(shard_path(folder, 0).exists)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    with pytest.raises(DatasetFormatError, match="1 of 2 shards are missing"):
        ShardSet(folder)
    (folder / "shard-00001.safetensors.12345.partial").write_bytes(b"half")
    assert write_set(folder, SETTINGS, num_workers=1) == 1
    for path in synthetic_folder.iterdir():
        assert (folder / path.name).read_bytes() == path.read_bytes()
    assert len(list(folder.iterdir())) == len(list(synthetic_folder.iterdir()))


def test_a_full_disk_keeps_complete_shards(synthetic_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    shutil.copytree(synthetic_folder, folder)
    path = shard_path(folder, 1)
    path.unlink()
    # A device that is always full.
    partial = folder / f"{path.name}.{os.getpid()}.partial"
    partial.symlink_to("/dev/full")
    with pytest.raises(OutputError) as caught:
        make_shard(folder, SETTINGS, 1)
    assert str(caught.value) == (
        f"Cannot write {path}: No space left on device. "
        "Files written before are complete; rerun the command to continue."
    )
    assert not partial.is_symlink()
    assert ShardFile(shard_path(folder, 0)).length("images") == 24
    assert write_set(folder, SETTINGS, num_workers=1) == 1
    assert path.read_bytes() == shard_path(synthetic_folder, 1).read_bytes()


def test_a_set_of_another_generator_is_not_continued(
    synthetic_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "set"
    shutil.copytree(synthetic_folder, folder)
    text = (folder / "set.json").read_text()
    (folder / "set.json").write_text(text.replace('"generator": ', '"generator": 9'))
    with pytest.raises(OutputError, match=r"\(generator was 9\d, now \d\)\. Use the same"):
        write_set(folder, SETTINGS, num_workers=1)


def test_a_mask_that_cannot_be_written_is_named(synthetic_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(synthetic_folder, tmp_path / "set")
    (tmp_path / "set" / MASK_FILE).unlink()
    (tmp_path / "set" / MASK_FILE).mkdir()
    with pytest.raises(OutputError, match=MASK_FILE):
        write_set(tmp_path / "set", SETTINGS, num_workers=1)


@pytest.mark.parametrize("count", [-1, 0, 10**9])
def test_an_impossible_number_of_workers_is_refused(tmp_path: Path, count: int) -> None:
    with pytest.raises(InvalidInputError, match="give 1 to 1024"):
        write_set(tmp_path / "set", SETTINGS, num_workers=count)
    assert not (tmp_path / "set").exists()


def start_with_workers(folder: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "reid_align.synthesize", "-o", str(folder)]
    # A process group, as a terminal creates for a command: Ctrl-C reaches all of its processes.
    return subprocess.Popen(
        [*command, "--num-workers", "2", *options],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def last_lines(shown: str) -> list[str]:
    lines = shown.replace("\r", "\n").splitlines()
    return [line for line in lines if line and "images/s" not in line]


def test_ctrl_c_prints_one_line_and_stops(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    with start_with_workers(folder, "--identities", "36", "--images", "1") as process:
        wait_until((folder / MASK_FILE).exists)
        # The workers are starting and importing modules.
        time.sleep(0.5)
        os.killpg(process.pid, signal.SIGINT)
        # The pipe ends when the last process that holds it exits.
        _, shown = process.communicate(timeout=60)
    assert process.returncode == 130
    complete = 3 - len(missing_shards(folder, 3))
    assert last_lines(shown) == [
        f"python -m reid_align.synthesize: interrupted; {complete} of 3 shards are complete in "
        f"{folder}; rerun the command to continue"
    ]
    assert complete < 3


@pytest.mark.slow
@pytest.mark.parametrize("to_group", [True, False])
def test_sigterm_says_what_is_complete_and_how_to_continue(tmp_path: Path, to_group: bool) -> None:
    folder = tmp_path / "set"
    with start_with_workers(folder, "--identities", "96", "--images", "1") as process:
        wait_until(lambda: list(folder.glob("shard-*.safetensors")))
        (os.killpg if to_group else os.kill)(process.pid, signal.SIGTERM)
        _, shown = process.communicate(timeout=60)
    assert process.returncode == 130
    complete = 8 - len(missing_shards(folder, 8))
    assert 1 <= complete < 8
    assert last_lines(shown) == [
        f"python -m reid_align.synthesize: interrupted; {complete} of 8 shards are complete in "
        f"{folder}; rerun the command to continue"
    ]
    assert not [path for path in folder.iterdir() if path.suffix == ".partial"]


@pytest.mark.slow
def test_workers_exit_with_a_killed_parent(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    with start_with_workers(folder, "--identities", "72", "--images", "1") as process:
        wait_until(lambda: list(folder.glob("shard-*.safetensors")))
        process.kill()
        written = len(missing_shards(folder, 6))
        process.communicate(timeout=60)
    assert len(missing_shards(folder, 6)) >= written - 1 >= 3


@pytest.mark.slow
@pytest.mark.parametrize("streams", ["2>&-", "2>/dev/full", ">&- 2>&- <&-"])
def test_a_set_is_complete_without_standard_streams(tmp_path: Path, streams: str) -> None:
    folder = tmp_path / "set"
    options = "--identities 13 --images 1 --num-workers 2"
    command = f"'{sys.executable}' -m reid_align.synthesize -o '{folder}' {options} {streams}"
    assert subprocess.run(command, shell=True, stdout=subprocess.DEVNULL).returncode == 0
    assert ShardSet(folder).length("images") == 13
    assert len(list(folder.iterdir())) == 4
