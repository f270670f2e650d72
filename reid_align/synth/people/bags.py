"""Bags, and what carries them: a bone, or a hand that they hang from."""

import numpy as np

from reid_align.synth.arrays import Floats
from reid_align.synth.body.asset import BodyAsset
from reid_align.synth.body.bodies import RestBody
from reid_align.synth.body.fields import vertex_fields
from reid_align.synth.drawing.mesh import Mesh, rigid_mesh
from reid_align.synth.drawing.primitives import Shape, rounded_box, tube
from reid_align.synth.people.materials import Materials
from reid_align.synth.people.outfit import Bag, Outfit

# What hangs from a hand follows its place but stays upright.
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
            texels = materials.texels(tile, shape.places)
            meshes.append(rigid_mesh(shape.vertices, shape.faces, texels, carrier(asset, bone)))
    return meshes


def carrier(asset: BodyAsset, name: str) -> int:
    """Return the index of a bone or of one of the `HANGERS`, which follow the bones."""
    return (*asset.bones, *HANGERS).index(name)


def hanger_transforms(asset: BodyAsset, heads: Floats, transforms: Floats) -> Floats:
    """Return (2, 3, 4) transforms of what hangs from the left and the right hand, upright."""
    result = np.tile(np.eye(3, 4, dtype=np.float32), (2, 1, 1))
    for index, bone in enumerate(GRIPS):
        grip = asset.bones.index(bone)
        matrix = transforms[grip]
        result[index, :, 3] = matrix[:, :3] @ heads[grip] + matrix[:, 3] - heads[grip]
    return result


def _bag_shapes(
    asset: BodyAsset, body: RestBody, outfit: Outfit, bag: Bag
) -> list[tuple[Shape, str]]:
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
        place = np.array([bag.side * (flank + 0.4 * width), 0.03, low])
        shapes = [(rounded_box(place, bag.size, 0.35), "root")]
        if bag.kind == "shoulder":
            shapes.append((_shoulder_strap(place, head(f"upperarm01.{letter}"), bag), "spine05"))
        return shapes
    grip = head(f"finger3-1.{letter}")
    return [(rounded_box(grip - [0, 0, 0.6 * height], bag.size, 0.4), f"hang.{letter}")]


def _shoulder_strap(bag_place: Floats, shoulder: Floats, bag: Bag) -> Shape:
    top = np.array([0.72 * shoulder[0], shoulder[1], shoulder[2] + 0.07])
    over = np.add(top, (0, -0.09, -0.06)), np.add(top, (0, 0.09, -0.06))
    front = np.add(bag_place, (0, -0.35 * bag.size[1], 0.45 * bag.size[2]))
    rear = np.add(bag_place, (0, 0.35 * bag.size[1], 0.45 * bag.size[2]))
    path = np.array([front, over[0], top, over[1], rear])
    return tube(path, np.full(5, 0.012), sides=5)
