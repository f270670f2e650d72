"""Long hair, ponytails, buns and the brims of hats."""

import numpy as np

from reid_align.synth.arrays import Floats
from reid_align.synth.asset import BodyAsset, Surface
from reid_align.synth.body import RestBody
from reid_align.synth.fields import standard_height
from reid_align.synth.garments import surface_mesh
from reid_align.synth.materials import Materials
from reid_align.synth.mesh import Mesh, rigid_mesh
from reid_align.synth.outfit import Outfit
from reid_align.synth.primitives import Shape, dome, rounded_box, tube


def hair_meshes(
    asset: BodyAsset, body: RestBody, outfit: Outfit, materials: Materials
) -> list[Mesh]:
    """Return what stands off the head so far that the body's surface cannot show it."""
    looks, head = outfit.looks, asset.bones.index("head")
    place = body.heads[head].astype(np.float64)
    meshes = []
    if looks.style in ("medium", "long"):
        meshes.append(_long_hair(asset, body, outfit))
    shape = _tied_hair(outfit, place)
    if shape is not None:
        tile = materials.add(looks.hair)
        meshes.append(
            rigid_mesh(shape.vertices, shape.faces, materials.texels(tile, shape.places), head)
        )
    brim = _brim(outfit, place)
    if brim is not None:
        tile = materials.add(outfit.hat_colour * 0.9)
        texels = materials.texels(tile, brim.places)
        meshes.append(rigid_mesh(brim.vertices, brim.faces, texels, head, two_sided=True))
    return meshes


def _long_hair(asset: BodyAsset, body: RestBody, outfit: Outfit) -> Mesh:
    start = asset.sizes[0] + asset.sizes[1]
    vertices = slice(start, start + asset.sizes[2])
    surface = asset.hair
    centres = asset.mean[surface.faces].mean(1)
    y, z = centres[:, 1], standard_height(asset, centres[:, 2])
    # The helper also covers the face and the front of the shoulders.
    face = (y < -0.085) & (z < 0.965)
    kept = (z > outfit.looks.hair_length) & ~face & ~((y < -0.03) & (z < 0.72))
    cut = Surface(surface.faces[kept], surface.parts[kept], surface.uv[kept], surface.texels[kept])
    return surface_mesh(asset, cut, body.vertices[vertices], vertices, two_sided=True)


def _tied_hair(outfit: Outfit, head: Floats) -> Shape | None:
    rng = np.random.default_rng(outfit.creases)
    if outfit.looks.style == "bun":
        behind = np.add(head, (0, 0.115, rng.uniform(0.03, 0.12)))
        return rounded_box(behind, (0.09, 0.085, 0.09), 1.0)
    if outfit.looks.style == "ponytail":
        length = rng.uniform(0.16, 0.36)
        root = np.add(head, (0, 0.1, rng.uniform(0.03, 0.1)))
        steps = np.array(
            [[0, 0, 0], [0, 0.05, 0], [0, 0.075, -0.35], [0, 0.07, -0.7], [0, 0.06, -1]]
        )
        path = root + steps * [1, 1, length]
        return tube(path, np.array([0.018, 0.026, 0.032, 0.026, 0.008]))
    return None


def _brim(outfit: Outfit, head: Floats) -> Shape | None:
    if outfit.headwear == "cap":
        return rounded_box(np.add(head, (0, -0.135, 0.085)), (0.15, 0.13, 0.012), 0.7)
    if outfit.headwear == "sun_hat":
        return dome(np.add(head, (0, -0.01, 0.075)), 0.19, 0.03)
    return None
