"""Umbrellas, and the arms that hold what people carry."""

import numpy as np

from reid_align.synth.body.arms import ArmStyle
from reid_align.synth.body.asset import BodyAsset
from reid_align.synth.body.bodies import RestBody
from reid_align.synth.drawing.mesh import Mesh, join, rigid_mesh
from reid_align.synth.drawing.primitives import dome, tube
from reid_align.synth.people.bags import GRIPS, carrier
from reid_align.synth.people.materials import Materials
from reid_align.synth.people.outfit import Outfit

_METAL = np.array([0.24, 0.24, 0.25], np.float32)
# Metres from the grip to the middle of the rim: to the other side, backwards over the head, up.
_LEAN = (-0.14, 0.16, 0.47)
_RADIUS, _DEPTH = 0.5, 0.2


def holding_arms(outfit: Outfit) -> tuple[ArmStyle | None, ArmStyle | None]:
    """Return what the left and the right arm must do to hold what is carried; None is free.

    An umbrella is in the right hand, or in the left if the right one carries a bag; with both hands
    full it stays shut.
    """
    sides = [bag.side for bag in outfit.bags if bag.kind in ("hand", "case")]
    left: ArmStyle | None = "carry" if 1 in sides else None
    right: ArmStyle | None = "carry" if -1 in sides else None
    if outfit.umbrella is None or (left and right):
        return left, right
    return ("umbrella", right) if right else (left, "umbrella")


def umbrella_mesh(
    asset: BodyAsset, body: RestBody, outfit: Outfit, materials: Materials
) -> Mesh | None:
    """Return an open umbrella that leans over the head, with its shaft in a hand; None without."""
    arms = holding_arms(outfit)
    if outfit.umbrella is None or "umbrella" not in arms:
        return None
    hand = arms.index("umbrella")
    grip = body.heads[asset.bones.index(GRIPS[hand])].astype(np.float64)
    lean = np.array(_LEAN) * (1 if hand == 0 else -1, 1, 1)
    tip = lean * (1 + _DEPTH / lean[2])
    shaft = tube(grip + np.stack([-0.2 * lean, -0.1 * lean, tip]), np.array([0.016, 0.013, 0.007]))
    cloth = dome(grip + lean, _RADIUS, _DEPTH)
    parts = ((shaft, materials.add(_METAL)), (cloth, materials.add(outfit.umbrella)))
    bone = carrier(asset, f"hang.{'LR'[hand]}")
    return join(
        [
            rigid_mesh(
                shape.vertices, shape.faces, materials.texels(tile, shape.places), bone, True
            )
            for shape, tile in parts
        ]
    )
