import resource
from pathlib import Path

import numpy as np
import pytest

from reid_align.errors import OutputError
from reid_align.synth.body.body_asset import ASSET_PATH, load_asset
from tools.compile_body.__main__ import write_asset


def test_the_asset_is_written_atomically(tmp_path: Path) -> None:
    path = tmp_path / "body.npz"
    with np.load(ASSET_PATH) as file:
        arrays = {name: file[name] for name in file.files}
    write_asset(path, arrays)
    whole = path.read_bytes()
    assert np.array_equal(load_asset(path).mean, load_asset().mean)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OutputError, match=r"Cannot write .*body\.npz: File too large"):
            write_asset(path, arrays)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == whole
    assert list(tmp_path.iterdir()) == [path]
