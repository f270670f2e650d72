"""Charts of the 24 body parts, and their positions in the 256×256 texture.

A chart has two natural coordinates. ``along`` runs from the trunk to the extremity (crown to neck
on the head, neck to hips on the torso). ``across`` runs around the part, from the seam named below.
The charts are oriented as in DensePose, so a network trained on them reads real DensePose output.
Left and right charts agree at mirrored points.

Source: sample output of DensePose (Güler et al., arXiv:1802.00434).
"""

from dataclasses import dataclass

import numpy as np

from reid_align.body_atlas import PARTS, Face, Region, Side
from reid_align.synth.array_types import Floats

REGIONS: tuple[Region, ...] = (
    "torso",
    "head",
    "upper_arm",
    "lower_arm",
    "hand",
    "upper_leg",
    "lower_leg",
    "foot",
)
TEXTURE_SIZE = 256
_TILE_HEIGHT, _TILE_WIDTH = 64, 32


@dataclass(frozen=True)
class Chart:
    """Chart of a part and of its mirror part.

    Attributes:
        region: body region.
        face: front or back of the region; None covers both.
        transposed: U runs across and V along, as on hands and head.
        flip_along: the coordinate that runs along is 1 at the trunk.
        flip_across: the coordinate that runs across is 1 at its first seam.
        tile: (row, column) of the upper left tile, in tiles of 64×32 texels, in the left half of
            the texture, which shows the right side of the body.
        tiles: width in tiles.
    """

    region: Region
    face: Face | None
    transposed: bool
    flip_along: bool
    flip_across: bool
    tile: tuple[int, int]
    tiles: int

    @property
    def left(self) -> int:
        """Part id on the left side of the body; torso parts cover both sides."""
        return self._part("left")

    @property
    def right(self) -> int:
        """Part id on the right side of the body."""
        return self._part("right")

    def _part(self, side: Side) -> int:
        return next(
            part.id
            for part in PARTS
            if (part.region, part.face) == (self.region, self.face) and part.side in (side, None)
        )


# ``across`` starts at the medial seam on legs, at the rear seam on arms, at the face on the head,
# and at the left side on the torso.
CHARTS: tuple[Chart, ...] = (
    Chart("torso", "back", False, False, False, (2, 2), 4),
    Chart("torso", "front", False, False, False, (1, 2), 4),
    Chart("hand", None, True, False, False, (2, 0), 1),
    Chart("foot", None, False, False, False, (2, 1), 1),
    Chart("upper_leg", "back", False, False, False, (3, 2), 1),
    Chart("upper_leg", "front", False, True, True, (3, 3), 1),
    Chart("lower_leg", "back", False, True, False, (3, 0), 1),
    Chart("lower_leg", "front", False, False, False, (3, 1), 1),
    Chart("upper_arm", "front", False, False, False, (0, 1), 1),
    Chart("upper_arm", "back", False, False, False, (0, 0), 1),
    Chart("lower_arm", "front", False, True, True, (1, 1), 1),
    Chart("lower_arm", "back", False, False, False, (1, 0), 1),
    Chart("head", None, True, True, True, (0, 2), 2),
)
RIGHT_PARTS = tuple(chart.right for chart in CHARTS if chart.right != chart.left)


def chart_of(part: int) -> Chart:
    """Return the chart of a part id in 1..24."""
    return next(chart for chart in CHARTS if part in (chart.left, chart.right))


def to_uv(chart: Chart, along: Floats, across: Floats) -> Floats:
    """Convert natural coordinates in [0, 1] to (..., 2) U and V."""
    along = 1 - along if chart.flip_along else along
    across = 1 - across if chart.flip_across else across
    return np.stack([across, along] if chart.transposed else [along, across], -1)


def from_uv(chart: Chart, uv: Floats) -> tuple[Floats, Floats]:
    """Convert (..., 2) U and V to (along, across); the inverse of `to_uv`."""
    along, across = (uv[..., 1], uv[..., 0]) if chart.transposed else (uv[..., 0], uv[..., 1])
    return (1 - along if chart.flip_along else along), (1 - across if chart.flip_across else across)


def texel_table() -> Floats:
    """Return (25, 2, 3): the affine map of each part from (U, V, 1) to texture (column, row).

    Columns and rows are continuous; the center of a texel is at its index. U or V of 0 and 1 are
    the centers of the first and last texels of a chart, so bilinear interpolation stays inside the
    chart. The texture of the mirrored body is ``texture[:, ::-1]``.
    """
    table = np.zeros((25, 2, 3), np.float32)
    for chart in CHARTS:
        height, width = _TILE_HEIGHT - 1, chart.tiles * _TILE_WIDTH - 1
        row, column = chart.tile[0] * _TILE_HEIGHT, chart.tile[1] * _TILE_WIDTH
        u_axis = 0 if chart.transposed else 1
        entry = np.zeros((2, 3))
        entry[1, [1 - u_axis, 2]] = (-height, row + height) if chart.flip_along else (height, row)
        # ``across`` starts at the center line of the texture.
        entry[0, [u_axis, 2]] = (width, column) if chart.flip_across else (-width, column + width)
        if chart.left != chart.right:
            mirrored = entry.copy()
            mirrored[0] = np.array([0, 0, TEXTURE_SIZE - 1]) - entry[0]
            table[chart.left] = mirrored
        table[chart.right] = entry
    return table
