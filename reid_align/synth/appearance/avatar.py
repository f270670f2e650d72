"""Avatar: one body in one outfit, ready to pose and render."""

from dataclasses import dataclass, replace

import numpy as np

from reid_align.synth.appearance.carried_items import (
    PEDAL_HEIGHT,
    PUSHED_OFFSET,
    RIDDEN_OFFSET,
    bag_meshes,
    bicycle_mesh,
    hanger_transforms,
    holding_arms,
    umbrella_mesh,
)
from reid_align.synth.appearance.garment_cover import garment_cover
from reid_align.synth.appearance.garment_meshes import clothed_body, skirt
from reid_align.synth.appearance.hair_meshes import hair_meshes
from reid_align.synth.appearance.material_strip import Materials
from reid_align.synth.appearance.outfit import Outfit
from reid_align.synth.appearance.texture_painting import paint_creases, paint_texture
from reid_align.synth.array_types import Pixels
from reid_align.synth.body.body_asset import BodyAsset
from reid_align.synth.body.body_pose import Pose, PoseSampler, sample_arms, sample_pose_kind
from reid_align.synth.body.joint_angles import WITH_BICYCLE, Posture, sample_posture
from reid_align.synth.body.skinned_body import RestBody, bone_transforms, skin
from reid_align.synth.body.surface_fields import body_canvas, vertex_fields
from reid_align.synth.rendering.mesh import Mesh, join


@dataclass(frozen=True, eq=False)
class Avatar:
    """Body in an outfit.

    Attributes:
        body: body at rest.
        outfit: clothes and carried items.
        posture: posture and gait.
        poser: samples poses for this body.
        mesh: mesh at rest, without umbrella and bicycle.
        umbrella: open umbrella at rest, or None.
        bicycle: bicycle on the ground, or None.
        texture: (256, 256, 3) uint8 display colors of the body surface.
        page: (288, 256, 4) uint8 texture page: texture, and material strip below it; the fourth
            channel is the crease shading, 128 is neutral.
    """

    body: RestBody
    outfit: Outfit
    posture: Posture
    poser: PoseSampler
    mesh: Mesh
    umbrella: Mesh | None
    bicycle: Mesh | None
    texture: Pixels
    page: Pixels


def build_avatar(
    asset: BodyAsset, body: RestBody, outfit: Outfit, rng: np.random.Generator
) -> Avatar:
    """Dress a body."""
    materials = Materials(rng)
    fields, canvas = vertex_fields(), body_canvas()
    parts = [
        clothed_body(asset, body, outfit, fields, garment_cover(outfit, fields)),
        skirt(asset, body, outfit),
        *hair_meshes(asset, body, outfit, materials),
        *bag_meshes(asset, body, outfit, materials),
    ]
    texture = paint_texture(outfit, canvas)
    creases = paint_creases(outfit, canvas)[..., None]
    umbrella = umbrella_mesh(asset, body, outfit, materials)
    color = outfit.bicycle
    bicycle = bicycle_mesh(color, materials) if color is not None else None
    strip = materials.strip()
    flat = np.full((*strip.shape[:2], 1), 128, np.uint8)
    page = np.concatenate(
        [np.concatenate([texture, creases], -1), np.concatenate([strip, flat], -1)]
    )
    poser = PoseSampler(asset.bones, asset.parents, body.heads)
    mesh = join([part for part in parts if part is not None])
    posture = sample_posture(rng)
    return Avatar(body, outfit, posture, poser, mesh, umbrella, bicycle, texture, page)


def draw_pose(avatar: Avatar, rng: np.random.Generator) -> Pose:
    """Draw a pose that fits the carried items and the bicycle."""
    kind = sample_pose_kind(rng, avatar.bicycle is not None)
    arms = sample_arms(rng, kind, holding_arms(avatar.outfit))
    return avatar.poser.sample(rng, avatar.posture, kind, arms)


def posed_mesh(asset: BodyAsset, avatar: Avatar, pose: Pose) -> Mesh:
    """Return the mesh in a pose, standing at the origin and facing -Y.

    Includes umbrella and bicycle if the pose uses them. The vertices of the body come first, as in
    the asset.
    """
    transforms = bone_transforms(avatar.body.heads, asset.parents, pose.rotations)
    hangers = hanger_transforms(asset, avatar.body.heads, transforms)
    transforms = np.concatenate([transforms, hangers])
    mesh = avatar.mesh
    if avatar.umbrella is not None and "umbrella" in pose.arms:
        mesh = join([mesh, avatar.umbrella])
    points = skin(mesh.vertices, mesh.indices, mesh.weights, transforms)
    points[:, 2] -= points[: asset.sizes[0], 2].min()
    if avatar.bicycle is None or pose.kind not in WITH_BICYCLE:
        return replace(mesh, vertices=points)
    rides = pose.kind == "cycle"
    points[:, 2] += np.float32(PEDAL_HEIGHT if rides else 0)
    offset = np.array([*(RIDDEN_OFFSET if rides else PUSHED_OFFSET), 0], np.float32)
    bicycle = replace(avatar.bicycle, vertices=avatar.bicycle.vertices + offset)
    return join([replace(mesh, vertices=points), bicycle])
