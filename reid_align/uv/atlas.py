"""The 24 body parts and their charts: the one convention that every other module follows.

**Numbers.** The parts carry DensePose's numbers, 1 to 24; 0 is background. Left and right are the
person's own. Their order is not uniform: of hands, legs and head halves the odd number is the right
one, of feet and arms the left one.

**Charts.** Every part has a chart with coordinates U and V in [0, 1]. In a part image the row is U
and the column is V. The charts of a left and of its right part are aligned: the same (u, v) on both
is one point of the body and its mirror point. The two torso charts are symmetric in themselves:
v and 1 - v are mirror points.

**Storage.** U and V are stored as whole numbers, u·255 and v·255. This makes mirroring exact, since
255 - (255 - v) is v, which does not hold for 1 - (1 - v) in floating point.

Whatever comes from elsewhere is converted once, by its reader; nothing after that flips a chart.

Source: DensePose (arXiv:1802.00434) and the part list of its COCO data format for the numbers; the
row and column of part images from DSA-reID (Zhang et al., CVPR 2019) section 3.1.
"""

from dataclasses import dataclass
from typing import Literal

Region = Literal[
    "torso", "hand", "foot", "upper_leg", "lower_leg", "upper_arm", "lower_arm", "head"
]
Side = Literal["left", "right"]
Face = Literal["front", "back"]

BACKGROUND = 0
NUM_PARTS = 24
UV_MAX = 255


@dataclass(frozen=True)
class Part:
    """One of the 24 parts.

    Args:
        id: the part's number, 1 to 24.
        region: the limb or body section, without side and face.
        side: the person's side; None for the torso, which lies on both.
        face: front or back; on arms, front is the inner and back the outer side. None for parts
            that are one chart all around: hands, feet and the halves of the head.
    """

    id: int
    region: Region
    side: Side | None
    face: Face | None

    @property
    def name(self) -> str:
        """A readable name that is unique among the parts, such as ``left_upper_arm_back``."""
        return "_".join(word for word in (self.side, self.region, self.face) if word)

    @property
    def mirror(self) -> int:
        """The number of the part on the other side of the body; a torso part's is its own."""
        return next(
            other.id
            for other in PARTS
            if (other.region, other.face) == (self.region, self.face)
            and (self.side is None or other.side != self.side)
        )


PARTS = (
    Part(1, "torso", None, "back"),
    Part(2, "torso", None, "front"),
    Part(3, "hand", "right", None),
    Part(4, "hand", "left", None),
    Part(5, "foot", "left", None),
    Part(6, "foot", "right", None),
    Part(7, "upper_leg", "right", "back"),
    Part(8, "upper_leg", "left", "back"),
    Part(9, "upper_leg", "right", "front"),
    Part(10, "upper_leg", "left", "front"),
    Part(11, "lower_leg", "right", "back"),
    Part(12, "lower_leg", "left", "back"),
    Part(13, "lower_leg", "right", "front"),
    Part(14, "lower_leg", "left", "front"),
    Part(15, "upper_arm", "left", "front"),
    Part(16, "upper_arm", "right", "front"),
    Part(17, "upper_arm", "left", "back"),
    Part(18, "upper_arm", "right", "back"),
    Part(19, "lower_arm", "left", "front"),
    Part(20, "lower_arm", "right", "front"),
    Part(21, "lower_arm", "left", "back"),
    Part(22, "lower_arm", "right", "back"),
    Part(23, "head", "right", None),
    Part(24, "head", "left", None),
)

# Indexed by part number, background included.
MIRROR = (BACKGROUND, *(part.mirror for part in PARTS))

# The parts that are their own mirror image, by v -> 1 - v.
SYMMETRIC = tuple(part.id for part in PARTS if part.side is None)
