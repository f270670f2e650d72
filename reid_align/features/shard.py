"""One of several runs that share a list of images."""

import re
from dataclasses import dataclass
from pathlib import Path

from reid_align.errors import InvalidInputError


@dataclass(frozen=True)
class Shard:
    """Every ``count``-th image, beginning with number ``index`` (from 0).

    Raises:
        InvalidInputError: not 0 ≤ index < count.
    """

    index: int = 0
    count: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.count:
            raise InvalidInputError(
                f"Shard {self}: the first number runs from 0 to the second minus 1, "
                "as in 0/4, 1/4, 2/4, 3/4."
            )

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read "I/N"; raise InvalidInputError for anything else."""
        numbers = re.fullmatch(r"(\d+)/(\d+)", text)
        if numbers is None:
            raise InvalidInputError(f"Shard {text!r}: give I/N, as in 0/4.")
        return cls(int(numbers[1]), int(numbers[2]))

    def share(self, images: int) -> int:
        """Return how many of so many images are this shard's."""
        return len(range(self.index, images, self.count))

    def rename(self, output: Path) -> Path:
        """Return this shard's own output: ``feats-00001-of-00004.npy`` for ``feats.npy``."""
        if self.count == 1:
            return output
        return output.with_stem(f"{output.stem}-{self.index:05}-of-{self.count:05}")
