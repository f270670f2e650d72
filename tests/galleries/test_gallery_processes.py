"""Several processes share a gallery; one of them is killed."""

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import gallery_writer
import numpy as np
import pytest

from reid_align import Gallery

pytestmark = pytest.mark.slow

WRITER = str(Path(__file__).with_name("gallery_writer.py"))
BATCHES = 10


def start(folder: Path, name: str, batches: int) -> "subprocess.Popen[str]":
    command = [sys.executable, WRITER, str(folder), name, str(batches)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_writers_a_reader_and_a_kill_lose_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "gallery"
    gallery = Gallery.open(folder)
    endless, finite = start(folder, "a", 10**6), start(folder, "b", BATCHES)
    assert endless.stdout is not None
    stored = -1
    # The reader sees each change whole or not at all.
    while stored < BATCHES:
        stored = int(endless.stdout.readline())
        seen = Counter((row.metadata["writer"], row.metadata["batch"]) for row in gallery.rows())
        assert set(seen.values()) <= {gallery_writer.ROWS}
        assert all(seen["a", batch] == (0 if batch % 5 == 4 else 3) for batch in range(stored))
    endless.send_signal(signal.SIGKILL)
    rest, _ = endless.communicate()
    stored = int((rest.split() or [str(stored)])[-1])
    assert endless.returncode == -signal.SIGKILL
    _, errors = finite.communicate(timeout=120)
    assert finite.returncode == 0, errors

    contents = Gallery.open(folder).load()
    row_of = {path: row for row, path in enumerate(contents.features.paths)}
    assert len(row_of) == len(contents.features.paths)
    for name, last in (("a", stored), ("b", BATCHES - 1)):
        for batch in range(last + 1):
            expected = gallery_writer.batch_values(name, batch)
            for number in range(gallery_writer.ROWS):
                row = row_of.get(f"{name}-{batch}-{number}")
                if batch % 5 == 4:
                    assert row is None
                    continue
                assert row is not None
                assert np.array_equal(contents.features.values[row], expected[number])
                if batch % 10 == 3:
                    assert contents.columns[f"{name}{batch}"][row] is True
    # The gallery can be changed and compacted as before.
    gallery.add(contents.features)
    gallery.compact(keep_days=0)
    assert len(gallery) == 2 * len(row_of)
