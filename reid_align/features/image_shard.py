"""Shard of an image list, for extraction by several processes or machines."""

import re
from dataclasses import dataclass
from pathlib import Path

from reid_align.errors import InvalidInputError


@dataclass(frozen=True)
class ImageShard:
    """Every ``count``-th image of a list, starting with image ``index``.

    Raises:
        InvalidInputError: not 0 ≤ index < count.
    """

    index: int = 0
    count: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.count:
            raise InvalidInputError(
                f"Shard {self}: the index must be from 0 to {max(self.count - 1, 0)}. Four shards "
                "are 0/4, 1/4, 2/4 and 3/4."
            )

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    @classmethod
    def parse(cls, text: str) -> "ImageShard":
        """Parse "INDEX/COUNT"; raise InvalidInputError for anything else."""
        numbers = re.fullmatch(r"(\d+)/(\d+)", text)
        if numbers is None:
            raise InvalidInputError(f"Shard {text!r}: give INDEX/COUNT, for example 0/4.")
        return cls(int(numbers[1]), int(numbers[2]))

    def share(self, images: int) -> int:
        """Return the number of images in this shard, of ``images`` in total."""
        return len(range(self.index, images, self.count))

    def rename(self, output: Path) -> Path:
        """Return the output path of this shard: ``feats-00001-of-00004.npy`` for ``feats.npy``."""
        if self.count == 1:
            return output
        return output.with_stem(f"{output.stem}-{self.index:05}-of-{self.count:05}")
