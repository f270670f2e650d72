"""Look-alikes: outfits that differ from another outfit in one or two items."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from reid_align.synth.appearance.fabrics import sample_fabric, sample_print
from reid_align.synth.appearance.outfit import Outfit
from reid_align.synth.appearance.outfit_sampling import (
    sample_bag,
    sample_bags,
    sample_bottom,
    sample_looks,
    sample_shoes,
)

_Variation = Callable[[Outfit, np.random.Generator, bool], Outfit]


def vary_outfit(outfit: Outfit, rng: np.random.Generator, female: bool) -> Outfit:
    """Return the outfit of a look-alike: one or, in a quarter of the cases, two items differ.

    Different shoes come with different hair and a different face.
    """
    for _ in range(1 if rng.random() < 0.75 else 2):
        outfit = _VARIATIONS[int(rng.integers(len(_VARIATIONS)))](outfit, rng, female)
    return replace(outfit, creases=int(rng.integers(2**31)))


def _other_top(outfit: Outfit, rng: np.random.Generator, female: bool) -> Outfit:
    fabric = sample_fabric(rng, "upper")
    return replace(outfit, top=replace(outfit.top, fabric=fabric, prints=()))


def _other_print(outfit: Outfit, rng: np.random.Generator, female: bool) -> Outfit:
    ground = outfit.top.fabric.colors[0]
    prints = (
        () if outfit.top.prints else (sample_print(rng, ground, on_back=bool(rng.random() < 0.3)),)
    )
    return replace(outfit, top=replace(outfit.top, prints=prints))


def _other_bottom(outfit: Outfit, rng: np.random.Generator, female: bool) -> Outfit:
    return replace(outfit, bottom=sample_bottom(rng, female, outfit.top))


def _other_bags(outfit: Outfit, rng: np.random.Generator, female: bool) -> Outfit:
    bags = sample_bags(rng, female)
    return replace(outfit, bags=bags if bags or outfit.bags else (sample_bag(rng, "backpack"),))


def _other_looks(outfit: Outfit, rng: np.random.Generator, female: bool) -> Outfit:
    return replace(outfit, looks=replace(sample_looks(rng, female), skin=outfit.looks.skin))


def _other_shoes(outfit: Outfit, rng: np.random.Generator, female: bool) -> Outfit:
    # Shoes are small and often hidden, so hair and face change too.
    return replace(
        outfit,
        shoes=sample_shoes(rng),
        looks=replace(sample_looks(rng, female), skin=outfit.looks.skin),
    )


_VARIATIONS: tuple[_Variation, ...] = (
    _other_top,
    _other_print,
    _other_bottom,
    _other_bags,
    _other_looks,
    _other_shoes,
)
