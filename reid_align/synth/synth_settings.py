"""Settings of a set, and its splits, cameras and roles."""

from dataclasses import asdict, dataclass

import numpy as np

from reid_align.errors import InvalidInputError
from reid_align.shard_set import Role, Setting, SplitName
from reid_align.synth.array_types import Integers

# Cameras of the splits; no camera is in two.
CAMERAS: dict[SplitName, range] = {
    "train": range(0, 24), "val": range(24, 28), "test": range(28, 36)
}  # fmt: skip
# Identities come in threes, the second a look-alike of the first; a split takes whole threes. Of
# every twenty of them one is for validation and three are for testing, so that most of a set is
# there to train on and yet a thousand identities give a test of 150.
GROUP = 3
_PERIOD, _VAL, _TEST = 20, (7,), (4, 10, 16)
# Whole groups, and small enough that a killed run loses little.
IDENTITIES_PER_SHARD = 12
# Source: SAN (arXiv:1905.13143) section 3.1: 451 female and 478 male textures, ten images of each.
PIT_TEXTURES, PIT_FEMALE = 929, 451
# Raised whenever the same settings give other images, so that no set is a mixture.
GENERATOR = 2


@dataclass(frozen=True)
class SynthSettings:
    """What a set is made from.

    Args:
        identities: how many people.
        images: how many images of each.
        seed: of everything.
        width: of the images in pixels, 128 or 256; they are 256 tall.
        pit: images of one texture show different bodies and are no identity, as in SAN's
            Paired-Image-Texture data; all of them are for training.

    Raises:
        InvalidInputError: a number is out of range.
    """

    identities: int
    images: int
    seed: int = 0
    width: int = 128
    pit: bool = False

    def __post_init__(self) -> None:
        if self.identities < 1 or self.images < 1:
            raise InvalidInputError(
                f"{self.identities} identities with {self.images} images each: "
                "both must be at least 1."
            )
        if self.images > 999:
            raise InvalidInputError(f"{self.images} images of each identity: at most 999.")
        if self.seed < 0:
            raise InvalidInputError(f"The seed is {self.seed}: it must be 0 or more.")
        if self.width not in (128, 256):
            raise InvalidInputError(f"Images {self.width} pixels wide: choose 128 or 256.")

    @property
    def shards(self) -> int:
        """How many shards the set has."""
        return -(-self.identities // IDENTITIES_PER_SHARD)

    def people(self, shard: int) -> range:
        """The identities in one shard."""
        start = shard * IDENTITIES_PER_SHARD
        return range(start, min(start + IDENTITIES_PER_SHARD, self.identities))

    def record(self) -> dict[str, Setting]:
        """Return the settings as they are written beside the shards."""
        return {**asdict(self), "generator": GENERATOR}


def split_of(settings: SynthSettings, person: int) -> SplitName:
    """Return the split of an identity."""
    place = person // GROUP % _PERIOD
    if settings.pit or place not in _VAL + _TEST:
        return "train"
    return "val" if place in _VAL else "test"


def camera_plan(settings: SynthSettings, person: int) -> Integers:
    """Return (images,) the cameras that take an identity's images.

    The images come from as many of the split's cameras as there are, so that a place says little
    about who was seen there; a camera that takes two images takes them in a row.
    """
    rng = np.random.default_rng([settings.seed, person, 101])
    cameras = np.array(CAMERAS[split_of(settings, person)])
    share, extra = divmod(settings.images, len(cameras))
    return np.repeat(rng.permutation(cameras), share + (np.arange(len(cameras)) < extra))


def roles(split: SplitName, cameras: Integers) -> list[Role]:
    """Return the role of every image of one identity.

    Of several images from one camera the first is a query, the others are gallery, as in the new
    protocol of CUHK03. Images that are alone from their camera are query and gallery by turns, so
    that both hold the identity.
    """
    if split == "train":
        return ["train"] * len(cameras)
    result: list[Role] = []
    for index, camera in enumerate(cameras):
        first = camera not in cameras[:index]
        alone = (cameras == camera).sum() == 1
        query = first and (not alone or index % 2 == 0)
        result.append("query" if query else "gallery")
    return result
