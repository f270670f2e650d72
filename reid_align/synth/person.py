"""A person: one body in one outfit, ready to be posed and rendered."""

from dataclasses import dataclass, replace

import numpy as np

from reid_align.synth.arrays import Pixels
from reid_align.synth.asset import BodyAsset
from reid_align.synth.bags import carried_meshes, hanger_transforms
from reid_align.synth.bicycle import BESIDE, PEDAL_HEIGHT, UNDER, bicycle_mesh
from reid_align.synth.body import RestBody, bone_transforms, skin
from reid_align.synth.cover import cover
from reid_align.synth.fields import body_canvas, vertex_fields
from reid_align.synth.gait import WITH_BICYCLE, Posture, sample_posture
from reid_align.synth.garments import clothed_body, skirt
from reid_align.synth.hair import hair_meshes
from reid_align.synth.materials import Materials
from reid_align.synth.mesh import Mesh, join
from reid_align.synth.outfit import Outfit
from reid_align.synth.paint import paint_creases, paint_texture
from reid_align.synth.pose import Pose, Poser


@dataclass(frozen=True, eq=False)
class Person:
    """One identity.

    Attributes:
        body: at rest.
        outfit: what is worn and carried.
        posture: habits of gait.
        poser: makes poses for this body.
        mesh: everything that is rendered, at rest, but the bicycle.
        bicycle: standing on the ground; None without.
        texture: (256, 256, 3) uint8 display colours of the body's surface.
        page: (288, 256, 4) uint8 the texture and the material strip below it; the fourth channel
            is the shade of creases, 128 is none.
    """

    body: RestBody
    outfit: Outfit
    posture: Posture
    poser: Poser
    mesh: Mesh
    bicycle: Mesh | None
    texture: Pixels
    page: Pixels


def build_person(
    asset: BodyAsset, body: RestBody, outfit: Outfit, rng: np.random.Generator
) -> Person:
    """Dress a body."""
    materials = Materials(rng)
    fields, canvas = vertex_fields(), body_canvas()
    parts = [
        clothed_body(asset, body, outfit, fields, cover(outfit, fields)),
        skirt(asset, body, outfit),
        *hair_meshes(asset, body, outfit, materials),
        *carried_meshes(asset, body, outfit, materials),
    ]
    texture = paint_texture(outfit, canvas)
    creases = paint_creases(outfit, canvas)[..., None]
    colour = outfit.bicycle
    bicycle = bicycle_mesh(colour, materials) if colour is not None else None
    strip = materials.strip()
    flat = np.full((*strip.shape[:2], 1), 128, np.uint8)
    page = np.concatenate(
        [np.concatenate([texture, creases], -1), np.concatenate([strip, flat], -1)]
    )
    poser = Poser(asset.bones, asset.parents, body.heads)
    mesh = join([part for part in parts if part is not None])
    return Person(body, outfit, sample_posture(rng), poser, mesh, bicycle, texture, page)


def posed_mesh(asset: BodyAsset, person: Person, pose: Pose) -> Mesh:
    """Return the person's mesh in a pose, standing on the ground over its origin, facing -Y.

    A bicycle belongs to it if the pose uses one. The body's vertices come first, as in the asset.
    """
    transforms = bone_transforms(person.body.heads, asset.parents, pose.rotations)
    hangers = hanger_transforms(asset, person.body.heads, transforms)
    transforms = np.concatenate([transforms, hangers])
    mesh = person.mesh
    points = skin(mesh.vertices, mesh.indices, mesh.weights, transforms)
    points[:, 2] -= points[: asset.sizes[0], 2].min()
    if person.bicycle is None or pose.kind not in WITH_BICYCLE:
        return replace(mesh, vertices=points)
    rides = pose.kind == "cycle"
    points[:, 2] += np.float32(PEDAL_HEIGHT if rides else 0)
    place = np.array([*(UNDER if rides else BESIDE), 0], np.float32)
    bicycle = replace(person.bicycle, vertices=person.bicycle.vertices + place)
    return join([replace(mesh, vertices=points), bicycle])
