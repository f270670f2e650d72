import csv
import io
import resource
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reid_align.errors import OutputError
from reid_align.shard_set import ShardSet
from reid_align.synth.folder_export import export_folders, is_exported
from reid_align.synth.synth_settings import SynthSettings
from reid_align.uv import load_iuv

pytestmark = pytest.mark.slow

SETTINGS = SynthSettings(identities=24, images=2, seed=4)


def test_plain_files_are_named_as_in_market(synthetic_set: ShardSet, tmp_path: Path) -> None:
    assert export_folders(synthetic_set, SETTINGS, tmp_path / "plain") == 48
    names = {
        folder: sorted(path.name for path in (tmp_path / "plain" / folder).iterdir())
        for folder in ("bounding_box_train", "query", "bounding_box_test", "val/query", "iuv")
    }
    assert len(names["bounding_box_train"]) == 36
    assert len(names["query"]) == 3
    assert len(names["iuv"]) == 48
    assert names["val/query"][0].startswith("0022_c")
    iuv = load_iuv(tmp_path / "plain" / "iuv" / names["iuv"][0])
    stored = np.asarray(Image.open(io.BytesIO(synthetic_set.file("images", "iuv", 0))))
    assert torch.equal(iuv.planes, torch.from_numpy(stored.copy()).permute(2, 0, 1))
    with open(tmp_path / "plain" / "pairs.csv", newline="") as file:
        pairs = list(csv.DictReader(file))
    assert len(pairs) == 48
    assert all((tmp_path / "plain" / path).is_file() for pair in pairs for path in pair.values())


def test_plain_files_need_an_empty_folder(synthetic_set: ShardSet, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="is not empty"):
        export_folders(synthetic_set, SETTINGS, tmp_path)
    with pytest.raises(OutputError, match="Cannot write"):
        export_folders(synthetic_set, SETTINGS, tmp_path / "notes.txt" / "plain")


def test_plain_files_that_cannot_be_written_are_named(
    synthetic_set: ShardSet, tmp_path: Path
) -> None:
    # A file size limit below the size of every texture.
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
        with pytest.raises(OutputError, match=r"texture/0\d*\.png: File too large"):
            export_folders(synthetic_set, SETTINGS, tmp_path / "plain")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert not list(tmp_path.iterdir())
    assert export_folders(synthetic_set, SETTINGS, tmp_path / "plain") == 48


def test_a_complete_export_is_recognized(synthetic_set: ShardSet, tmp_path: Path) -> None:
    target = tmp_path / "plain"
    assert not is_exported(target, SETTINGS)
    target.mkdir()
    assert not is_exported(target, SETTINGS)
    export_folders(synthetic_set, SETTINGS, target)
    assert is_exported(target, SETTINGS)
    with pytest.raises(OutputError, match="different settings"):
        is_exported(target, SynthSettings(24, 2, seed=5))
    (target / "export.json").unlink()
    with pytest.raises(OutputError, match="other files"):
        is_exported(target, SETTINGS)
    with pytest.raises(OutputError, match="a file exists where a folder is needed"):
        is_exported(target / "pairs.csv", SETTINGS)
