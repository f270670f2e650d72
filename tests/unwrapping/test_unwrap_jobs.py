"""Jobs of selected images of a folder."""

import os
from pathlib import Path

import pytest

from reid_align.errors import InvalidInputError
from reid_align.unwrapping import jobs_below, load_unwrapper, unwrap_images


def test_only_the_selected_images_are_read_and_written(images: Path, run_folder: Path) -> None:
    (images / "00.jpg").write_bytes(b"no image")
    named = [os.fspath(images / name) for name in ("02.jpg", "day one/03.jpg", "02.jpg")]
    output = Path("out/below")
    jobs = jobs_below(".", named, output)
    assert [job.name for job in jobs] == ["images/02.jpg", "images/day one/03.jpg"]
    done = unwrap_images(jobs, load_unwrapper("texture", [str(run_folder)]), output)
    assert (done.written, done.failed) == (2, ())
    written = {path.relative_to(output).as_posix() for path in output.rglob("*.png")}
    assert written == {"images/02.png", "images/day one/03.png"}


@pytest.mark.parametrize("image", ["elsewhere/00.jpg", "images/../00.jpg", "00.jpg"])
def test_an_image_outside_the_folder_is_refused(image: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^{image} is outside images, .* outside out"):
        jobs_below("images", ["images/a.jpg", image], Path("out"))


def test_a_name_may_start_with_two_dots() -> None:
    assert jobs_below("images", ["images/..a.jpg"], Path("out"))[0].target == Path("out/..a.png")
