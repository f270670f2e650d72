"""Outfits: everything that is worn and carried."""

from dataclasses import dataclass
from typing import Literal

from reid_align.synth.appearance.color_palettes import Color
from reid_align.synth.appearance.fabrics import Fabric, Print
from reid_align.synth.array_types import Floats

Cut = Literal["tee", "polo", "tank", "shirt", "sweater", "hoodie", "jacket", "coat", "dress"]
LegWear = Literal["trousers", "jeans", "wide", "leggings", "shorts", "skirt"]
HairStyle = Literal["bald", "buzz", "short", "medium", "long", "ponytail", "bun"]
BagKind = Literal["backpack", "shoulder", "cross", "hand", "case"]
Headwear = Literal["none", "cap", "beanie", "hood", "sun_hat"]


@dataclass(frozen=True, eq=False)
class Top:
    """Upper garment; lengths in meters on the standard body.

    Attributes:
        cut: kind of garment.
        fabric: cloth.
        sleeve: end of the sleeve on the arm: 0 shoulder, 1 elbow, 2 wrist; negative for none.
        hem: height of the lower edge on the body at rest.
        neck: radius of the neck opening.
        collar: height of the collar above the neck.
        looseness: distance of the cloth from the body.
        inner: cloth under an open front; None if closed.
        opening: half the width of the open front.
        sleeve_color: color of the sleeves; None for the fabric.
        trim: color of hem and cuffs, or None.
        prints: prints on it.
    """

    cut: Cut
    fabric: Fabric
    sleeve: float
    hem: float
    neck: float
    collar: float
    looseness: float
    inner: Fabric | None
    opening: float
    sleeve_color: Color | None
    trim: Color | None
    prints: tuple[Print, ...]


@dataclass(frozen=True, eq=False)
class Bottom:
    """Lower garment; also the skirt of a dress.

    Attributes:
        cut: kind of garment.
        fabric: cloth.
        length: end on the leg: 0 hip, 1 knee, 2 ankle.
        waist: height of the upper edge on the body at rest, in meters.
        looseness: distance of the cloth from the body.
        flare: relative widening toward the hem.
        stripe: color of a stripe down the side, or None.
    """

    cut: LegWear
    fabric: Fabric
    length: float
    waist: float
    looseness: float
    flare: float
    stripe: Color | None


@dataclass(frozen=True, eq=False)
class Shoes:
    """Shoes and socks: colors, and their upper ends on the leg (2 is the ankle)."""

    color: Color
    sole: Color
    height: float
    socks: Color
    sock_height: float


@dataclass(frozen=True, eq=False)
class Looks:
    """Skin, hair and face.

    Attributes:
        skin: color.
        hair: color.
        style: hair style.
        hairline: height of the hairline above the brow, 0 to 1.
        volume: distance of the hair from the head, in meters.
        hair_length: height of the lower end of long hair on the body at rest.
        beard: has a beard.
        glasses: color of the frame, or None.
        face: (6,) standard normal: distance of the eyes, weight of the brows, width, height and
            redness of the mouth, depth of the eye sockets.
    """

    skin: Color
    hair: Color
    style: HairStyle
    hairline: float
    volume: float
    hair_length: float
    beard: bool
    glasses: Color | None
    face: Floats


@dataclass(frozen=True, eq=False)
class Bag:
    """Bag: kind, two colors, side (+1 is left), and size in meters."""

    kind: BagKind
    color: Color
    accent: Color
    side: int
    size: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Outfit:
    """Clothes, looks and carried items of an avatar.

    Attributes:
        top, bottom, shoes, looks: clothes, and skin, hair and face.
        headwear: kind of headwear.
        hat_color: color of the headwear.
        bags: none, one or two.
        umbrella: color of an open umbrella, or None.
        bicycle: color of a bicycle that is ridden or pushed in every image, or None.
        creases: seed of the creases of the cloth.
    """

    top: Top
    bottom: Bottom
    shoes: Shoes
    looks: Looks
    headwear: Headwear
    hat_color: Color
    bags: tuple[Bag, ...]
    umbrella: Color | None
    bicycle: Color | None
    creases: int
