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
    """The upper garment; lengths in meters on the standard body.

    Attributes:
        cut: kind of garment.
        fabric: its cloth.
        sleeve: where it ends on the arm, 0 shoulder, 1 elbow, 2 wrist; below 0 there is none.
        hem: its lower edge, as a height on the body at rest.
        neck: radius of the neck opening.
        collar: height of the collar above the neck.
        looseness: distance of the cloth from the body.
        inner: the cloth that an open front shows, None when closed.
        opening: half the width of the open front.
        sleeve_color: of sleeves that differ from the trunk.
        trim: color of hem, cuffs or a zip.
        prints: what is printed on it.
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
    """The lower garment.

    Attributes:
        cut: kind of garment; the skirt of a dress is one of its own.
        fabric: its cloth.
        length: where it ends on the leg, 0 hip, 1 knee, 2 ankle.
        waist: height of its upper edge on the body at rest, in meters.
        looseness: distance of the cloth from the body.
        flare: how much wider it gets toward the hem.
        stripe: color of a stripe down the side, None without.
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
    """Shoes and socks: colors, and where they end on the leg (2 is the ankle)."""

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
        style: of the hair.
        hairline: height of the hair above the brow, 0 to 1.
        volume: how far the hair stands off, in meters.
        hair_length: how far long hair reaches down, as a height on the body at rest.
        beard: whether there is one.
        glasses: color of the frame, None without.
        face: (6,) of unit spread: distance of the eyes, weight of the brows, width, height and
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
    """A bag: kind, two colors, the side it is worn on (+1 is left), and its size in meters."""

    kind: BagKind
    color: Color
    accent: Color
    side: int
    size: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Outfit:
    """Everything that tells a person from another, besides body and gait.

    Attributes:
        top, bottom, shoes, looks: what their names say.
        headwear: what is on the head.
        hat_color: of what is on the head.
        bags: none, one or two.
        umbrella: color of an open umbrella, None without.
        bicycle: color of a bicycle that is ridden or pushed in every image, None without.
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
