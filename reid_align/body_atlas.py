"""Body atlas: numbers, names and mirror partners of the 24 body parts.

**Numbers.** DensePose part numbers, 1 to 24; 0 is background. Left and right are those of the
person. For hands, legs and head halves the odd number is the right part; for feet and arms it is
the left part.

**Charts.** Each part has a chart with coordinates U and V in [0, 1]. In part images the row is U
and the column is V. The charts of left and right parts are aligned: equal (u, v) are mirror points
of the body. The two torso charts are symmetric: v and 1 - v are mirror points.

**Storage.** U and V are stored as uint8, u·255 and v·255. This makes mirroring exact:
255 - (255 - v) is v, whereas 1 - (1 - v) has rounding errors in floating point.

Readers of other formats convert to this convention; no other code flips charts.

This module imports no torch, because synthetic image generation runs it in many processes.

Source: DensePose (arXiv:1802.00434) and the part list of its COCO data format (numbers); DSA-reID
(Zhang et al., CVPR 2019) section 3.1 (rows and columns of part images).
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
    """One of the 24 body parts.

    Args:
        id: part number, 1 to 24.
        region: body region, without side and face.
        side: side of the person; None for the torso.
        face: front or back; on arms, front is the inner and back the outer side. None for parts
            with a single chart: hands, feet and the halves of the head.
    """

    id: int
    region: Region
    side: Side | None
    face: Face | None

    @property
    def name(self) -> str:
        """Unique readable name, such as ``left_upper_arm_back``."""
        return "_".join(word for word in (self.side, self.region, self.face) if word)

    @property
    def mirror(self) -> int:
        """Number of the mirror part; torso parts are their own mirror part."""
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

# Indexed by part number, including background.
MIRROR = (BACKGROUND, *(part.mirror for part in PARTS))

# Parts that are their own mirror image, with v -> 1 - v.
SYMMETRIC = tuple(part.id for part in PARTS if part.side is None)
