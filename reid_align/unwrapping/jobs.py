"""Which image is unwrapped to which file."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reid_align.errors import InvalidInputError
from reid_align.images import find_images


@dataclass(frozen=True)
class Job:
    """One image.

    Attributes:
        name: its path below the folder of images.
        source: the image.
        target: the file that it is unwrapped to.
    """

    name: str
    source: str
    target: Path


def list_jobs(images: str, output: Path) -> list[Job]:
    """Return a job for each image of a folder, or for a single one, sorted by name.

    Args:
        images: a folder, which is searched through, or one image.
        output: the folder to write to. A file has the image's path below ``images``, with the
            suffix ``.png``.

    Raises:
        NoImagesError: there is no image.
        InvalidInputError: two images that differ in their suffix alone, or an output inside the
            folder of images.
    """
    root = images if os.path.isdir(images) else os.path.dirname(images)
    if os.path.isdir(images) and output.resolve().is_relative_to(Path(images).resolve()):
        raise InvalidInputError(
            f"Output {output} lies inside {images}, where it would be taken for images. "
            "Choose a folder elsewhere."
        )
    return jobs_below(root or os.curdir, find_images([images]), output)


def jobs_below(root: str, images: Iterable[str], output: Path) -> list[Job]:
    """Return a job for each of some images of a folder, in their order; doubles count once.

    Args:
        root: the folder; nothing else in it is looked at.
        images: paths below it.
        output: the folder to write to, as in `list_jobs`.

    Raises:
        InvalidInputError: a image outside ``root``, or two that differ in their suffix alone.
    """
    jobs = []
    for source in dict.fromkeys(images):
        name = os.path.relpath(source, root)
        if name.split(os.sep)[0] == os.pardir:
            raise InvalidInputError(
                f"{source} lies outside {root}, so that what it is unwrapped to has no place in "
                f"{output}. Name a folder that holds all images; that of a list of images is "
                "the one the list lies in."
            )
        jobs.append(Job(name, source, (output / name).with_suffix(".png")))
    _require_distinct(jobs)
    return jobs


def _require_distinct(jobs: Sequence[Job]) -> None:
    first: dict[Path, Job] = {}
    for job in jobs:
        other = first.setdefault(job.target, job)
        if other is not job:
            raise InvalidInputError(
                f"{other.source} and {job.source} would both be unwrapped to {job.target}. "
                "Rename one of them, or move it away."
            )
