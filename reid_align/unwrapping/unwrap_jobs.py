"""Input images and output files of an unwrapping run."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reid_align.errors import InvalidInputError
from reid_align.images import find_images


@dataclass(frozen=True)
class UnwrapJob:
    """One image and its output file.

    Attributes:
        name: path of the image relative to the image folder.
        source: image file.
        target: output file.
    """

    name: str
    source: str
    target: Path


def list_jobs(images: str, output: Path) -> list[UnwrapJob]:
    """List the jobs of a folder, searched recursively, or of a single image; sorted by name.

    Args:
        images: folder or image file.
        output: output folder. Output files have the relative path of the image with the suffix
            ``.png``.

    Raises:
        NoImagesError: no image was found.
        InvalidInputError: two images differ only in their suffix, or the output is inside the
            image folder.
    """
    root = images if os.path.isdir(images) else os.path.dirname(images)
    if os.path.isdir(images) and output.resolve().is_relative_to(Path(images).resolve()):
        raise InvalidInputError(
            f"The output folder {output} is inside the image folder {images}; the next run would "
            "read its files as images. Choose a folder outside."
        )
    return jobs_below(root or os.curdir, find_images([images]), output)


def jobs_below(root: str, images: Iterable[str], output: Path) -> list[UnwrapJob]:
    """List the jobs of selected images of a folder, in their order; duplicates count once.

    Args:
        root: image folder.
        images: image paths below ``root``.
        output: output folder, as in `list_jobs`.

    Raises:
        InvalidInputError: an image is outside ``root``, or two differ only in their suffix.
    """
    jobs = []
    for source in dict.fromkeys(images):
        name = os.path.relpath(source, root)
        if name.split(os.sep)[0] == os.pardir:
            raise InvalidInputError(
                f"{source} is outside {root}, so its output file would be outside {output}. Use a "
                "root folder that contains all images (for a list of images: the folder of the "
                "list)."
            )
        jobs.append(UnwrapJob(name, source, (output / name).with_suffix(".png")))
    _require_distinct(jobs)
    return jobs


def _require_distinct(jobs: Sequence[UnwrapJob]) -> None:
    first: dict[Path, UnwrapJob] = {}
    for job in jobs:
        other = first.setdefault(job.target, job)
        if other is not job:
            raise InvalidInputError(
                f"{other.source} and {job.source} have the same output file {job.target}. Rename "
                "or remove one of them."
            )
