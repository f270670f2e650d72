"""Random outfits with the statistics of street images."""

from dataclasses import replace
from typing import TypeVar

import numpy as np

from reid_align.synth.appearance.color_palettes import contrasting_color, sample_color
from reid_align.synth.appearance.fabrics import Fabric, Print, sample_fabric, sample_print
from reid_align.synth.appearance.outfit import (
    Bag,
    BagKind,
    Bottom,
    Cut,
    HairStyle,
    Headwear,
    LegWear,
    Looks,
    Outfit,
    Shoes,
    Top,
)
from reid_align.synth.array_types import Floats

Choice = TypeVar("Choice", bound=str)
_CUTS: dict[Cut, tuple[float, float]] = {  # shares for male and female bodies
    "tee": (0.36, 0.26), "polo": (0.09, 0.02), "tank": (0.02, 0.07), "shirt": (0.17, 0.13),
    "sweater": (0.08, 0.11), "hoodie": (0.09, 0.05), "jacket": (0.14, 0.13), "coat": (0.05, 0.09),
    "dress": (0.0, 0.14),
}  # fmt: skip
_LEGS: dict[LegWear, tuple[float, float]] = {
    "trousers": (0.36, 0.24), "jeans": (0.36, 0.33), "wide": (0.06, 0.08), "leggings": (0.0, 0.13),
    "shorts": (0.22, 0.12), "skirt": (0.0, 0.1),
}  # fmt: skip
_HAIR: dict[HairStyle, tuple[float, float]] = {
    "bald": (0.04, 0.0), "buzz": (0.13, 0.01), "short": (0.7, 0.1), "medium": (0.1, 0.2),
    "long": (0.02, 0.4), "ponytail": (0.01, 0.21), "bun": (0.0, 0.08),
}  # fmt: skip
_HEADWEAR: dict[Headwear, tuple[float, float]] = {
    "none": (0.87, 0.92), "cap": (0.1, 0.03), "beanie": (0.02, 0.02), "sun_hat": (0.01, 0.03),
}  # fmt: skip
_BAGS: dict[BagKind, tuple[float, float]] = {
    "backpack": (0.62, 0.36), "shoulder": (0.1, 0.3), "cross": (0.14, 0.16), "hand": (0.1, 0.15),
    "case": (0.04, 0.03),
}  # fmt: skip
_SIZES: dict[BagKind, tuple[float, float, float]] = {
    "backpack": (0.3, 0.16, 0.43), "shoulder": (0.11, 0.3, 0.25), "cross": (0.09, 0.26, 0.2),
    "hand": (0.1, 0.32, 0.28), "case": (0.36, 0.22, 0.55),
}  # fmt: skip


def sample_outfit(rng: np.random.Generator, female: bool) -> Outfit:
    """Draw an outfit for a female or a male body."""
    top = _top(rng, female)
    return Outfit(
        top=top,
        bottom=sample_bottom(rng, female, top),
        shoes=sample_shoes(rng),
        looks=sample_looks(rng, female),
        headwear=_headwear(rng, female, top),
        hat_color=sample_color(rng, "upper"),
        bags=sample_bags(rng, female),
        umbrella=sample_color(rng, "upper") if rng.random() < 0.015 else None,
        bicycle=sample_color(rng, "upper") if rng.random() < 0.04 else None,
        creases=int(rng.integers(2**31)),
    )


def _pick(
    rng: np.random.Generator, shares: dict[Choice, tuple[float, float]], female: bool
) -> Choice:
    names = list(shares)
    weights = np.array([pair[int(female)] for pair in shares.values()])
    return names[rng.choice(len(names), p=weights / weights.sum())]


def _top(rng: np.random.Generator, female: bool) -> Top:
    cut = _pick(rng, _CUTS, female)
    fabric = sample_fabric(rng, "upper")
    outer = cut in ("jacket", "coat", "hoodie")
    sleeve = {
        "tee": rng.uniform(0.35, 0.85), "polo": rng.uniform(0.45, 0.75), "tank": -1.0,
        "shirt": rng.choice([0.75, 1.25, 1.98, 1.98]), "dress": rng.choice([-1, 0.25, 0.6, 1.95]),
    }.get(cut, rng.uniform(1.85, 2.05))  # fmt: skip
    low, high = {"coat": (-0.32, -0.02), "dress": (0.0, 0.1)}.get(cut, (0.07, 0.27))
    loose_low, loose_high = (0.014, 0.042) if outer else (0.005, 0.03)
    is_open = outer and rng.random() < 0.55
    scoop = (0.07, 0.13) if cut in ("tank", "dress") else (0.055, 0.09)
    return Top(
        cut=cut,
        fabric=fabric,
        sleeve=float(sleeve),
        hem=float(rng.uniform(low, high)),
        neck=float(rng.uniform(*scoop)),
        collar=float(rng.uniform(0.02, 0.05)) if cut in ("polo", "shirt", "jacket", "coat") else 0,
        looseness=float(rng.uniform(loose_low, loose_high)),
        inner=sample_fabric(rng, "upper") if is_open else None,
        opening=float(rng.uniform(0.025, 0.08)),
        sleeve_color=_maybe_other(rng, fabric, 0.08 if cut in ("tee", "sweater", "jacket") else 0),
        trim=_maybe_other(rng, fabric, 0.2),
        prints=_prints(rng, cut, fabric, is_open),
    )


def _maybe_other(rng: np.random.Generator, fabric: Fabric, chance: float) -> Floats | None:
    return contrasting_color(rng, fabric.colors[0], "upper") if rng.random() < chance else None


def _prints(rng: np.random.Generator, cut: Cut, fabric: Fabric, is_open: bool) -> tuple[Print, ...]:
    chance = {"tee": 0.5, "hoodie": 0.35, "sweater": 0.2, "jacket": 0.15, "tank": 0.3}.get(
        cut, 0.04
    )
    if fabric.weave not in ("plain", "heather", "blocks", "fade"):
        chance *= 0.15
    prints = []
    if not is_open and rng.random() < chance:
        prints.append(sample_print(rng, fabric.colors[0], on_back=False))
    if rng.random() < 0.45 * chance:
        prints.append(sample_print(rng, fabric.colors[0], on_back=True))
    return tuple(prints)


def sample_bottom(rng: np.random.Generator, female: bool, top: Top) -> Bottom:
    """Draw a lower garment that matches ``top``; for a dress, a skirt of the same fabric."""
    cut: LegWear = "skirt" if top.cut == "dress" else _pick(rng, _LEGS, female)
    fabric = sample_fabric(rng, "lower", "denim" if cut == "jeans" else None)
    if cut == "jeans":
        fabric = _denim(rng, fabric)
    if top.cut == "dress":
        fabric = top.fabric
    length = {
        "shorts": rng.uniform(0.35, 1.1), "skirt": rng.uniform(0.35, 1.5),
        "leggings": rng.uniform(1.5, 1.97),
    }.get(cut, rng.uniform(1.82, 2.06))  # fmt: skip
    loose = {
        "wide": rng.uniform(0.02, 0.04), "leggings": 0.001, "jeans": rng.uniform(0.005, 0.022),
        "shorts": rng.uniform(0.01, 0.04), "trousers": rng.uniform(0.008, 0.032),
    }.get(cut, 0.004)  # fmt: skip
    return Bottom(
        cut=cut,
        fabric=fabric,
        length=float(length),
        waist=float(rng.uniform(0.2, 0.32)),
        looseness=float(loose),
        flare=float(rng.uniform(-0.3, 0.9)),
        stripe=sample_color(rng, "upper") if cut == "trousers" and rng.random() < 0.08 else None,
    )


def _denim(rng: np.random.Generator, fabric: Fabric) -> Fabric:
    washes = ((30, 34, 46), (44, 54, 78), (66, 82, 110), (104, 124, 152), (24, 25, 28))
    wash = washes[rng.choice(len(washes), p=(0.28, 0.3, 0.2, 0.1, 0.12))]
    ground = (np.array(wash) / 255 * np.exp(rng.normal(0, 0.1))).clip(0.03, 0.9)
    return replace(
        fabric, colors=np.stack([ground, ground * 0.4 + 0.45, ground]).astype(np.float32)
    )


def sample_shoes(rng: np.random.Generator) -> Shoes:
    """Draw shoes and socks."""
    color = sample_color(rng, "shoes")
    pale = np.array([0.82, 0.82, 0.8], np.float32)
    return Shoes(
        color=color,
        sole=pale if rng.random() < 0.4 else color * 0.6,
        height=float(rng.choice([2.1, 1.97, 1.85, 1.5], p=[0.2, 0.52, 0.18, 0.1])),
        socks=sample_color(rng, "shoes"),
        sock_height=float(rng.choice([1.99, 1.85, 1.6], p=[0.6, 0.28, 0.12])),
    )


def sample_looks(rng: np.random.Generator, female: bool) -> Looks:
    """Draw skin, hair and face."""
    style = _pick(rng, _HAIR, female)
    return Looks(
        skin=sample_color(rng, "skin"),
        hair=sample_color(rng, "hair"),
        style=style,
        hairline=float(rng.uniform(0, 1)),
        volume=float(rng.uniform(0.008, 0.03)),
        hair_length=float(rng.uniform(0.7, 0.8) if style == "medium" else rng.uniform(0.47, 0.68)),
        beard=not female and bool(rng.random() < 0.2),
        glasses=sample_color(rng, "shoes") if rng.random() < 0.3 else None,
        face=rng.normal(0, 1, 6).clip(-2, 2),
    )


def _headwear(rng: np.random.Generator, female: bool, top: Top) -> Headwear:
    if top.cut == "hoodie" and rng.random() < 0.12:
        return "hood"
    return _pick(rng, _HEADWEAR, female)


def sample_bags(rng: np.random.Generator, female: bool) -> tuple[Bag, ...]:
    """Draw zero to two bags of different kinds."""
    count = int(rng.choice(3, p=(0.3, 0.58, 0.12)))
    kinds = {_pick(rng, _BAGS, female) for _ in range(count)}
    return tuple(sample_bag(rng, kind) for kind in sorted(kinds))


def sample_bag(rng: np.random.Generator, kind: BagKind) -> Bag:
    """Draw a bag of the given kind."""
    color = sample_color(rng, "bag")
    size = np.array(_SIZES[kind]) * np.exp(rng.normal(0, 0.14, 3))
    side = int(rng.choice((-1, 1)))
    width, depth, height = (float(value) for value in size)
    return Bag(kind, color, contrasting_color(rng, color, "bag"), side, (width, depth, height))
