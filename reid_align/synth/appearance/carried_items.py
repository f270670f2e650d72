"""Meshes of bags, umbrellas and bicycles."""

import numpy as np

from reid_align.synth.appearance.color_palettes import Color
from reid_align.synth.appearance.material_strip import Materials
from reid_align.synth.appearance.outfit import Bag, Outfit
from reid_align.synth.array_types import Floats
from reid_align.synth.body.body_asset import BodyAsset
from reid_align.synth.body.joint_angles import ArmStyle
from reid_align.synth.body.skinned_body import RestBody
from reid_align.synth.body.surface_fields import vertex_fields
from reid_align.synth.rendering.mesh import (
    Mesh,
    Primitive,
    dome,
    join,
    rigid_mesh,
    rounded_box,
    tube,
)

# Extra bones that follow the position of a hand but stay upright.
HANGERS = ("hang.L", "hang.R")
GRIPS = ("finger3-1.L", "finger3-1.R")


def bag_meshes(
    asset: BodyAsset, body: RestBody, outfit: Outfit, materials: Materials
) -> list[Mesh]:
    """Return the meshes of all bags."""
    meshes = []
    for bag in outfit.bags:
        tile = materials.add(bag.color, bag.accent if sum(bag.size) % 0.1 < 0.06 else None)
        for shape, bone in _bag_shapes(asset, body, outfit, bag):
            texels = materials.texels(tile, shape.material_uv)
            meshes.append(
                rigid_mesh(shape.vertices, shape.faces, texels, carrier_bone(asset, bone))
            )
    return meshes


def carrier_bone(asset: BodyAsset, name: str) -> int:
    """Return the index of a bone, or of one of the `HANGERS`, which come after the bones."""
    return (*asset.bones, *HANGERS).index(name)


def hanger_transforms(asset: BodyAsset, heads: Floats, transforms: Floats) -> Floats:
    """Return the transforms (2, 3, 4) of the `HANGERS`."""
    result = np.tile(np.eye(3, 4, dtype=np.float32), (2, 1, 1))
    for index, bone in enumerate(GRIPS):
        grip = asset.bones.index(bone)
        matrix = transforms[grip]
        result[index, :, 3] = matrix[:, :3] @ heads[grip] + matrix[:, 3] - heads[grip]
    return result


def _bag_shapes(
    asset: BodyAsset, body: RestBody, outfit: Outfit, bag: Bag
) -> list[tuple[Primitive, str]]:
    def head(bone: str) -> Floats:
        return np.asarray(body.heads[asset.bones.index(bone)], np.float64)

    width, depth, height = bag.size
    letter = "L" if bag.side > 0 else "R"
    trunk = body.shell[vertex_fields().on("torso")[asset.shell_vertices]]
    if bag.kind == "backpack":
        level = head("spine01")[2] - 0.07
        behind = (np.abs(trunk[:, 0]) < 0.1) & (np.abs(trunk[:, 2] - level) < 0.4 * height)
        back = trunk[behind, 1].max() + outfit.top.looseness
        center = np.array([0, back + 0.4 * depth, level])
        pocket = np.add(center, (0, 0.5 * depth, -0.2 * height))
        return [
            (rounded_box(center, bag.size, 0.45), "spine02"),
            (rounded_box(pocket, (0.75 * width, 0.4 * depth, 0.4 * height), 0.4), "spine02"),
        ]
    hip = head("upperleg01.L")
    flank = np.abs(trunk[trunk[:, 2] < hip[2] + 0.15, 0]).max() + outfit.top.looseness
    if bag.kind in ("shoulder", "cross"):
        low = hip[2] - 0.02 if bag.kind == "cross" else hip[2] + 0.1
        position = np.array([bag.side * (flank + 0.4 * width), 0.03, low])
        shapes = [(rounded_box(position, bag.size, 0.35), "root")]
        if bag.kind == "shoulder":
            shapes.append((_shoulder_strap(position, head(f"upperarm01.{letter}"), bag), "spine05"))
        return shapes
    grip = head(f"finger3-1.{letter}")
    return [(rounded_box(grip - [0, 0, 0.6 * height], bag.size, 0.4), f"hang.{letter}")]


def _shoulder_strap(bag_place: Floats, shoulder: Floats, bag: Bag) -> Primitive:
    top = np.array([0.72 * shoulder[0], shoulder[1], shoulder[2] + 0.07])
    over = np.add(top, (0, -0.09, -0.06)), np.add(top, (0, 0.09, -0.06))
    front = np.add(bag_place, (0, -0.35 * bag.size[1], 0.45 * bag.size[2]))
    rear = np.add(bag_place, (0, 0.35 * bag.size[1], 0.45 * bag.size[2]))
    path = np.array([front, over[0], top, over[1], rear])
    return tube(path, np.full(5, 0.012), sides=5)


_METAL = np.array([0.24, 0.24, 0.25], np.float32)
# Meters from the grip to the center of the rim: to the other side, backwards, up.
_UMBRELLA_LEAN = (-0.14, 0.16, 0.47)
_UMBRELLA_RADIUS, _UMBRELLA_DEPTH = 0.5, 0.2


def holding_arms(outfit: Outfit) -> tuple[ArmStyle | None, ArmStyle | None]:
    """Return the styles of the left and the right arm that hold the carried items; None is free.

    The umbrella is in the right hand, or in the left if the right one carries a bag. With a bag in
    each hand it stays closed.
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
    """Return the open umbrella over the head, or None."""
    arms = holding_arms(outfit)
    if outfit.umbrella is None or "umbrella" not in arms:
        return None
    hand = arms.index("umbrella")
    grip = body.heads[asset.bones.index(GRIPS[hand])].astype(np.float64)
    lean = np.array(_UMBRELLA_LEAN) * (1 if hand == 0 else -1, 1, 1)
    tip = lean * (1 + _UMBRELLA_DEPTH / lean[2])
    shaft = tube(grip + np.stack([-0.2 * lean, -0.1 * lean, tip]), np.array([0.016, 0.013, 0.007]))
    cloth = dome(grip + lean, _UMBRELLA_RADIUS, _UMBRELLA_DEPTH)
    parts = ((shaft, materials.add(_METAL)), (cloth, materials.add(outfit.umbrella)))
    bone = carrier_bone(asset, f"hang.{'LR'[hand]}")
    return join(
        [
            rigid_mesh(
                shape.vertices, shape.faces, materials.texels(tile, shape.material_uv), bone, True
            )
            for shape, tile in parts
        ]
    )


# Meters: height of the lower pedal; offsets of a ridden and a pushed bicycle from the avatar (left,
# backwards).
PEDAL_HEIGHT = 0.13
RIDDEN_OFFSET, PUSHED_OFFSET = (0.0, -0.12), (0.47, -0.15)
_WHEEL = 0.33
_BLACK = np.array([0.05, 0.05, 0.055], np.float32)
# Positions in meters: left, backwards, up.
_REAR_AXLE, _FRONT_AXLE = (0.0, 0.55, _WHEEL), (0.0, -0.53, _WHEEL)
_CRANK, _SADDLE, _STEM = (0.0, 0.12, 0.3), (0.0, 0.24, 0.86), (0.0, -0.36, 0.86)
_BAR_LEFT, _BAR_RIGHT = (0.3, -0.36, 1.0), (-0.3, -0.36, 1.0)


def bicycle_mesh(color: Color, materials: Materials) -> Mesh:
    """Return a bicycle that stands on the ground; no bone moves it."""
    painted, black = materials.add(color), materials.add(_BLACK)
    frame = (
        (_CRANK, _SADDLE),
        (_CRANK, _STEM),
        (_SADDLE, _STEM),
        (_CRANK, _REAR_AXLE),
        (_STEM, _FRONT_AXLE),
    )
    shapes = [(_rod(start, end, 0.018), painted) for start, end in frame]
    shapes += [(_rod(_STEM, (0.0, -0.36, 1.0), 0.014), black)]
    shapes += [(_rod(_BAR_LEFT, _BAR_RIGHT, 0.014), black)]
    shapes += [(_wheel(_REAR_AXLE), black), (_wheel(_FRONT_AXLE), black)]
    shapes += [(rounded_box(np.array(_SADDLE), (0.15, 0.26, 0.07), 0.7), black)]
    return join([_rigid_item(shape, tile, materials) for shape, tile in shapes])


def _rod(start: tuple[float, ...], end: tuple[float, ...], radius: float) -> Primitive:
    return tube(np.array([start, end]), np.full(2, radius), sides=5)


def _wheel(center: tuple[float, ...]) -> Primitive:
    angle = np.linspace(0, 2 * np.pi, 25)
    circle = np.stack([np.zeros(25), np.cos(angle), np.sin(angle)], 1) * (_WHEEL - 0.02)
    return tube(circle + center, np.full(25, 0.02), sides=5)


def _rigid_item(shape: Primitive, tile: int, materials: Materials) -> Mesh:
    texels: Floats = materials.texels(tile, shape.material_uv)
    return rigid_mesh(shape.vertices, shape.faces, texels, bone=0, two_sided=True)
