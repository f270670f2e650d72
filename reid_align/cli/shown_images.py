"""Images that a subcommand of ``show`` draws: an evenly spaced selection of the inputs."""

import argparse
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reid_align.errors import ImageReadError, InvalidInputError, NoImagesError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class ShownImages:
    """Images to draw.

    Attributes:
        paths: readable images.
        pixels: (H, W, 3) RGB of each.
        failed: number of selected images that could not be read.
        found: number of images in the inputs.
    """

    paths: tuple[str, ...]
    pixels: tuple["NDArray[np.uint8]", ...]
    failed: int
    found: int

    @property
    def names(self) -> tuple[str, ...]:
        """File names without folders."""
        return tuple(os.path.basename(path) for path in self.paths)

    @property
    def summary(self) -> str:
        """Number of images shown, for a message."""
        shown = len(self.paths)
        of = f" of {self.found:,}" if self.found > shown else ""
        return f"{shown:,}{of} {'image' if self.found == 1 else 'images'}"


def add_shown_images(parser: argparse.ArgumentParser, default_limit: int) -> None:
    """Add the inputs (``args.inputs``) and ``--limit``."""
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="folder (searched recursively, sorted), image, quoted glob pattern, or .txt file with "
        "one path per line",
    )
    parser.add_argument(
        "--limit",
        type=int,
        default=default_limit,
        metavar="N",
        help="show at most N images, evenly spaced; default: %(default)s",
    )


def read_shown_images(args: argparse.Namespace) -> ShownImages:
    """Read the selected images; report those that cannot be read on standard error.

    Raises:
        InvalidInputError: ``--limit`` is below 1.
        NoImagesError: there is no image, or none can be read.
    """
    import numpy as np

    from reid_align.images import decode_image, find_images

    if args.limit < 1:
        raise InvalidInputError(f"--limit {args.limit}: give at least 1.")
    found = list(find_images(args.inputs))
    places = np.linspace(0, len(found) - 1, min(args.limit, len(found))).round().astype(int)
    paths, pixels = [], []
    for path in (found[place] for place in places):
        try:
            pixels.append(decode_image(path))
            paths.append(path)
        except ImageReadError as error:
            print(f"left out: {error}", file=sys.stderr)
    if not paths:
        raise NoImagesError(f"None of the {len(places)} images can be read.")
    return ShownImages(tuple(paths), tuple(pixels), len(places) - len(paths), len(found))
