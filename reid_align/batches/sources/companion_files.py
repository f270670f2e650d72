"""Lookup of companion files: same relative name as the image, in another folder."""

import os
from collections.abc import Sequence

from reid_align.datasets.dataset_files import absolute, shown
from reid_align.errors import DatasetFormatError

IMAGE_SUFFIXES = (".png", ".jpg")
# JPEG blends neighboring pixels, which would corrupt the part numbers of dense pose maps.
MAP_SUFFIXES = (".png",)
_SHOWN = 3
_ADVICE = {
    "iuv": "An image without a detection also needs a map: write an all-black PNG of its size. "
}


def find_companions(
    folder: str | os.PathLike[str],
    kind: str,
    images: Sequence[str],
    root: str,
    suffixes: Sequence[str],
) -> list[str]:
    """Return the companion file of each image.

    For ``root/a/b.jpeg`` and `IMAGE_SUFFIXES` that is ``folder/a/b.png``, or else
    ``folder/a/b.jpg``.

    Args:
        folder: folder of the companion files.
        kind: kind of companion, for the message: "texture", "iuv" …
        images: paths below ``root``.
        root: folder of the dataset.
        suffixes: allowed suffixes, in order of preference.

    Raises:
        DatasetFormatError: files are missing; the message names the first few.
    """
    stems = [
        os.path.join(absolute(folder), os.path.splitext(os.path.relpath(path, root))[0])
        for path in images
    ]
    found = [_existing(stem, suffixes) for stem in stems]
    missing = [stem for stem, path in zip(stems, found, strict=True) if path is None]
    if missing:
        listed = ", ".join(shown(f"{stem}.png") for stem in missing[:_SHOWN])
        raise DatasetFormatError(
            f"{kind}: {len(missing):,} of the {len(stems):,} training images have no file. "
            f"Missing: {listed}{' …' if len(missing) > _SHOWN else ''}. {_ADVICE.get(kind, '')}"
            "Add the missing files, or choose the folder that contains them."
        )
    return [path for path in found if path is not None]


def _existing(stem: str, suffixes: Sequence[str]) -> str | None:
    return next((stem + suffix for suffix in suffixes if os.path.isfile(stem + suffix)), None)
