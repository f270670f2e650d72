import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reid_align.errors import ImageReadError, InvalidInputError, OutputError
from reid_align.uv import IUV, load_iuv, save_iuv

MakeIUV = Callable[..., IUV]


def test_a_saved_map_is_loaded_unchanged(make_iuv: MakeIUV, tmp_path: Path) -> None:
    iuv = make_iuv(0, 33, 17)
    save_iuv(tmp_path / "map.png", iuv)
    assert torch.equal(load_iuv(tmp_path / "map.png").planes, iuv.planes)


def test_red_is_the_part_green_u_and_blue_v(tmp_path: Path) -> None:
    planes = torch.tensor([24, 100, 200], dtype=torch.uint8).view(3, 1, 1)
    save_iuv(tmp_path / "map.png", IUV(planes))
    with Image.open(tmp_path / "map.png") as image:
        assert (image.mode, image.getpixel((0, 0))) == ("RGB", (24, 100, 200))


def test_a_batch_is_not_saved(make_iuv: MakeIUV, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"map\.png: .* Save one dense pose map"):
        save_iuv(tmp_path / "map.png", make_iuv(0, 2, 4, 4))


def test_a_name_of_another_format_is_refused(make_iuv: MakeIUV, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"map\.jpg: .* must end in \.png"):
        save_iuv(tmp_path / "map.jpg", make_iuv(0, 4, 4))


def test_a_folder_that_is_missing_is_named(make_iuv: MakeIUV, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"missing/map\.png"):
        save_iuv(tmp_path / "missing" / "map.png", make_iuv(0, 4, 4))


def test_a_full_disk_leaves_the_earlier_map(make_iuv: MakeIUV, tmp_path: Path) -> None:
    earlier = make_iuv(0, 4, 4)
    save_iuv(tmp_path / "map.png", earlier)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OutputError, match=r"Cannot write .*map\.png: File too large"):
            save_iuv(tmp_path / "map.png", make_iuv(0, 64, 64))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert torch.equal(load_iuv(tmp_path / "map.png").planes, earlier.planes)
    assert [path.name for path in tmp_path.iterdir()] == ["map.png"]


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageReadError, match=r"map\.png: it cannot be read"):
        load_iuv(tmp_path / "map.png")


@pytest.mark.parametrize(
    ("mode", "name"), [("L", "map.png"), ("RGBA", "map.png"), ("P", "map.png"), ("RGB", "map.jpg")]
)
def test_another_mode_or_format_is_refused(tmp_path: Path, mode: str, name: str) -> None:
    Image.new(mode, (4, 4)).save(tmp_path / name)
    with pytest.raises(ImageReadError, match=f"mode {mode}, but must be a PNG of mode RGB"):
        load_iuv(tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"no image"])
def test_a_file_that_is_no_image_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "map.png").write_bytes(content)
    with pytest.raises(ImageReadError, match=r"map\.png: it cannot be read"):
        load_iuv(tmp_path / "map.png")


def test_a_truncated_file_is_refused(make_iuv: MakeIUV, tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    save_iuv(path, make_iuv(0, 64, 64))
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(ImageReadError, match=r"map\.png: it cannot be read"):
        load_iuv(path)


def test_an_image_that_is_not_a_map_is_refused(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4, 3), 25, np.uint8)).save(tmp_path / "photo.png")
    with pytest.raises(ImageReadError, match=r"photo\.png: the red channel goes up to 25"):
        load_iuv(tmp_path / "photo.png")
