"""Worker processes on machines with little or no shared memory."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_people import write_files

pytestmark = pytest.mark.services
UNSHARE = shutil.which("unshare")


def train_with(mount: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Train with two worker processes in a namespace with another /dev/shm."""
    table = write_files(tmp_path)
    script = f'mount -t tmpfs -o {mount} tmpfs /dev/shm || exit 77; exec "$@"'
    train = [sys.executable, "-m", "reid_align", "train", "baseline_modern", "--tiny"]
    train += ["--data", f"csv={table}", "--device", "cpu", "--num-workers", "2"]
    train += ["-o", str(tmp_path / "run"), "--set", "training.steps_per_epoch=2"]
    done = subprocess.run(
        [str(UNSHARE), "--mount", "sh", "-c", script, "sh", *train],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode == 77 or "unshare failed" in done.stderr:
        pytest.skip("this user may not mount")
    return done


@pytest.mark.skipif(UNSHARE is None, reason="no unshare")
def test_a_full_shared_memory_is_enough(tmp_path: Path) -> None:
    done = train_with("size=64k", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "encoder.safetensors").exists()


@pytest.mark.skipif(UNSHARE is None, reason="no unshare")
def test_a_read_only_shared_memory_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    done = train_with("size=4k,ro", tmp_path)
    assert done.returncode == 1
    assert "Worker processes cannot be started: Read-only file system." in done.stderr
    assert "--num-workers" in done.stderr
    assert "Traceback" not in done.stderr
