"""Settings of a self-training."""

from dataclasses import dataclass

from reid_align.checks import at_least_one
from reid_align.errors import InvalidInputError


@dataclass(frozen=True)
class SelfTraining:
    """Settings of a self-training.

    Attributes:
        rounds: number of rounds.
        distance: largest Jaccard distance of two images of a group, above 0 and below 1.
        min_images: images of a group, at least 2.
        neighbors: nearest images that are compared, at least 1; about the number of images of an
            identity.
        seed: of the first round; each further round adds 1.
        changes: settings of the recipe ``selftrain``, "PATH=VALUE" each.

    Raises:
        InvalidInputError: a number out of range.
    """

    rounds: int = 10
    distance: float = 0.45
    min_images: int = 4
    neighbors: int = 20
    seed: int = 0
    changes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        at_least_one("rounds", self.rounds)
        at_least_one("neighbors", self.neighbors)
        if not 0 < self.distance < 1:
            raise InvalidInputError(f"distance {self.distance!r}: give a number between 0 and 1.")
        if self.min_images < 2:
            raise InvalidInputError(f"min_images {self.min_images!r}: give 2 or more.")
