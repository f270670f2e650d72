"""Settings of a set, and its splits, cameras and roles."""

from dataclasses import asdict, dataclass

import numpy as np

from reid_align.errors import InvalidInputError
from reid_align.shard_set import Role, Setting, SplitName
from reid_align.synth.array_types import Integers

# Cameras of each split; no camera belongs to two splits.
CAMERAS: dict[SplitName, range] = {
    "train": range(0, 24), "val": range(24, 28), "test": range(28, 36)
}  # fmt: skip
# In each group of three identities, the second is a look-alike of the first. Splits take whole
# groups: of every 20 groups, one is for validation and three are for testing. A set of 1,000
# identities has 150 test identities.
GROUP_SIZE = 3
_PERIOD, _VAL, _TEST = 20, (7,), (4, 10, 16)
# Whole groups; small, because a killed run loses the current shard.
IDENTITIES_PER_SHARD = 12
# Source: SAN (arXiv:1905.13143) section 3.1: 451 female and 478 male textures, ten images each.
PIT_TEXTURES, PIT_FEMALE = 929, 451
# Increases when the same settings give different images. Prevents mixing versions in a set.
GENERATOR = 2
_MAX_IDENTITIES, _MAX_IMAGES = 1_000_000, 999


@dataclass(frozen=True)
class SynthSettings:
    """Settings that determine every byte of a set.

    Args:
        identities: number of identities.
        images: number of images of each identity.
        seed: seed of all random numbers.
        width: width of the images in pixels, 128 or 256; the height is 256.
        pit: make paired image-texture data as in SAN: the images of one texture show different
            bodies, have no identity and are all for training.

    Raises:
        InvalidInputError: a number is out of range.
    """

    identities: int
    images: int
    seed: int = 0
    width: int = 128
    pit: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.identities <= _MAX_IDENTITIES:
            raise InvalidInputError(f"{self.identities} identities: give 1 to {_MAX_IDENTITIES:,}.")
        if not 1 <= self.images <= _MAX_IMAGES:
            raise InvalidInputError(
                f"{self.images} images of each identity: give 1 to {_MAX_IMAGES}."
            )
        if not 0 <= self.seed < 2**63:
            raise InvalidInputError(f"seed {self.seed}: give 0 to 2**63 - 1.")
        if self.width not in (128, 256):
            raise InvalidInputError(f"Images {self.width} pixels wide: give 128 or 256.")

    @property
    def shards(self) -> int:
        """Number of shards."""
        return -(-self.identities // IDENTITIES_PER_SHARD)

    def shard_numbers(self, shard: int) -> range:
        """Return the numbers of the identities in one shard."""
        start = shard * IDENTITIES_PER_SHARD
        return range(start, min(start + IDENTITIES_PER_SHARD, self.identities))

    def record(self) -> dict[str, Setting]:
        """Return the settings as recorded in ``set.json``."""
        return {**asdict(self), "generator": GENERATOR}


def split_of(settings: SynthSettings, number: int) -> SplitName:
    """Return the split of an identity."""
    position = number // GROUP_SIZE % _PERIOD
    if settings.pit or position not in _VAL + _TEST:
        return "train"
    return "val" if position in _VAL else "test"


def camera_plan(settings: SynthSettings, number: int) -> Integers:
    """Return (images,) the camera of each image of an identity.

    The images are spread over as many cameras of the split as possible: a background then says
    little about the identity. Images from the same camera are consecutive.
    """
    rng = np.random.default_rng([settings.seed, number, 101])
    cameras = np.array(CAMERAS[split_of(settings, number)])
    share, extra = divmod(settings.images, len(cameras))
    return np.repeat(rng.permutation(cameras), share + (np.arange(len(cameras)) < extra))


def roles(split: SplitName, cameras: Integers) -> list[Role]:
    """Return the role of every image of one identity.

    Of several images from one camera the first is a query and the others are gallery images, as in
    the new protocol of CUHK03. Single images of a camera alternate between query and gallery.
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
