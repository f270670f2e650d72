"""Files that belong to images: in a folder of their own, under the images' relative names."""

import os
from collections.abc import Sequence

from reid_align.datasets.files import absolute, shown
from reid_align.errors import DatasetFormatError

IMAGE_SUFFIXES = (".png", ".jpg")
# JPEG mixes the colors of neighbors, which in a dense map are part numbers.
MAP_SUFFIXES = (".png",)
_SHOWN = 3


def find_companions(
    folder: str | os.PathLike[str],
    kind: str,
    images: Sequence[str],
    root: str,
    suffixes: Sequence[str],
) -> list[str]:
    """Return the file in ``folder`` that belongs to each image.

    For ``root/a/b.jpeg`` and `IMAGE_SUFFIXES` that is ``folder/a/b.png``, or else
    ``folder/a/b.jpg``.

    Args:
        folder: the folder.
        kind: what the files are, for the message: "texture", "iuv" …
        images: paths below ``root``.
        root: the dataset's folder.
        suffixes: what the files may end in, the best first.

    Raises:
        DatasetFormatError: some are missing; the first few are named.
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
            f"{kind}: {len(missing):,} of the {len(stems):,} training images have no file, the "
            f"first: {listed}. Make them all, or name the folder that has them."
        )
    return [path for path in found if path is not None]


def _existing(stem: str, suffixes: Sequence[str]) -> str | None:
    return next((stem + suffix for suffix in suffixes if os.path.isfile(stem + suffix)), None)
