from dataclasses import replace

import numpy as np
import torch

from reid_align.synth.appearance.avatar import Avatar, build_avatar, posed_mesh
from reid_align.synth.appearance.outfit_sampling import sample_outfit
from reid_align.synth.body.body_asset import load_asset
from reid_align.synth.body.part_charts import texel_table
from reid_align.synth.body.skinned_body import sample_body
from reid_align.synth.rendering.mesh import Mesh
from reid_align.synth.rendering.rasterizer import Fragments, rasterize
from reid_align.synth.rendering.shading import iuv_map
from reid_align.uv import IUV, mirror_iuv


def make_avatar(seed: int) -> Avatar:
    rng = np.random.default_rng(seed)
    body = sample_body(load_asset(), rng)
    return build_avatar(load_asset(), body, sample_outfit(rng, body.female), rng)


def carries(avatar: Avatar, kind: str) -> bool:
    return any(bag.kind == kind for bag in avatar.outfit.bags)


def render(points: np.ndarray, avatar: Avatar) -> Fragments:
    seen = Fragments.empty(320, 160)
    view = np.stack([points[:, 0] * 150 + 80, 315 - points[:, 2] * 150, points[:, 1] + 9], 1)
    rasterize(view.astype(np.float32), avatar.mesh.faces, avatar.mesh.two_sided, seen)
    return seen


def walking(avatar: Avatar) -> np.ndarray:
    pose = avatar.poser.sample(np.random.default_rng(3), avatar.posture, "walk", ("swing", "swing"))
    return posed_mesh(load_asset(), avatar, pose).vertices


def albedo(seen: Fragments, avatar: Avatar) -> np.ndarray:
    """Look up the texture by the texel coordinates of the renderer, without the IUV map."""
    inside = seen.face >= 0
    face = seen.face[inside]
    weights = np.stack([seen.first[inside], seen.second[inside]], 1)
    weights = np.concatenate([weights, 1 - weights.sum(1, keepdims=True)], 1)
    column, row = np.einsum("nc,nck->kn", weights, avatar.mesh.texels[face])
    image = np.zeros((*seen.face.shape, 3), np.uint8)
    nearest = np.round(row).astype(int), np.round(column).astype(int)
    image[inside] = avatar.page[nearest[0].clip(0, 287), nearest[1].clip(0, 255), :3]
    return image


def test_the_texture_at_the_iuv_map_is_the_rendered_color() -> None:
    avatar = make_avatar(1)
    seen = render(walking(avatar), avatar)
    iuv = iuv_map(avatar.mesh, seen, 1)
    body = iuv[..., 0] > 0
    u, v = iuv[body][:, 1:].T / 255
    place = np.einsum(
        "nij,jn->in", texel_table()[iuv[body][:, 0]], np.stack([u, v, np.ones_like(u)])
    )
    column, row = np.round(place).astype(int)
    found = avatar.texture[row, column].astype(int)
    difference = np.abs(found - albedo(seen, avatar)[body].astype(int)).max(1)
    assert body.mean() > 0.1
    # U and V have 256 steps, so some pixels read the neighboring texel.
    assert (difference <= 24).mean() > 0.93
    assert difference.mean() < 6


def test_carried_items_are_background_in_the_iuv_map() -> None:
    avatar = next(p for p in map(make_avatar, range(40)) if carries(p, "shoulder"))
    seen = render(walking(avatar), avatar)
    carried = (seen.face >= 0) & (avatar.mesh.parts[seen.face] == 0)
    assert carried.any()
    assert (iuv_map(avatar.mesh, seen, 1)[carried] == 0).all()


def test_the_bicycle_appears_only_in_its_poses() -> None:
    asset, rng = load_asset(), np.random.default_rng(5)
    body = sample_body(asset, rng)
    outfit = replace(sample_outfit(rng, body.female), bicycle=np.float32([0.2, 0.1, 0.1]))
    avatar = build_avatar(asset, body, outfit, rng)
    plain = len(avatar.mesh.vertices)
    for kind, rides in (("cycle", True), ("push", True), ("walk", False), ("frontal", False)):
        pose = avatar.poser.sample(rng, avatar.posture, kind, ("handlebar", "handlebar"))
        mesh = posed_mesh(asset, avatar, pose)
        assert (len(mesh.vertices) > plain) == rides
        wheels = mesh.vertices[plain:] if rides else mesh.vertices[: asset.sizes[0]]
        np.testing.assert_allclose(wheels[:, 2].min(), 0, atol=0.02)
        feet = mesh.vertices[: asset.sizes[0], 2].min()
        np.testing.assert_allclose(feet, 0.13 if kind == "cycle" else 0, atol=1e-5)


def test_right_parts_are_on_the_left_in_a_frontal_image() -> None:
    avatar = make_avatar(1)
    pose = avatar.poser.sample(
        np.random.default_rng(0), avatar.posture, "frontal", ("hang", "hang")
    )
    seen = render(posed_mesh(load_asset(), avatar, pose).vertices, avatar)
    parts = iuv_map(avatar.mesh, seen, 1)[..., 0]
    columns = np.arange(160)[None].repeat(320, 0)
    for right, left in ((3, 4), (9, 10), (13, 14), (16, 15), (23, 24)):
        assert columns[parts == right].mean() < columns[parts == left].mean()


def test_the_iuv_map_of_a_mirrored_body_is_mirrored() -> None:
    asset, avatar = load_asset(), make_avatar(2)
    count = asset.sizes[0]
    points = asset.mean[:count].copy()
    points[:, 2] -= points[:, 2].min()
    mirrored = points[asset.mirror[:count]] * np.float32([-1, 1, 1])
    np.testing.assert_allclose(mirrored, points, atol=2e-3)
    seen = Fragments.empty(320, 160)
    view = np.stack([points[:, 0] * 150 + 80, 315 - points[:, 2] * 150, points[:, 1] + 9], 1)
    rasterize(
        view.astype(np.float32), asset.body.faces, np.zeros(len(asset.body.faces), bool), seen
    )
    iuv = iuv_map(avatar.mesh, seen, 1)
    flipped = (
        mirror_iuv(IUV(torch.from_numpy(iuv).permute(2, 0, 1))).planes.permute(1, 2, 0).numpy()
    )
    both = (iuv[..., 0] > 0) & (flipped[..., 0] > 0)
    same = both & (iuv[..., 0] == flipped[..., 0])
    assert same.sum() / both.sum() > 0.95
    difference = np.abs(iuv[same].astype(int) - flipped[same].astype(int)).max(1)
    assert (difference <= 8).mean() > 0.93


def test_the_texture_of_plain_clothes_is_nearly_symmetric() -> None:
    avatar = make_avatar(1)
    texture = avatar.texture.astype(int)
    assert np.abs(texture - avatar.texture[:, ::-1].astype(int)).mean() < 25


def test_a_backpack_touches_the_back() -> None:
    for avatar in [p for p in map(make_avatar, range(20)) if carries(p, "backpack")]:
        mesh, count = avatar.mesh, load_asset().sizes[0]
        pack = mesh.vertices[np.flatnonzero((mesh.indices[:, 0] == spine()) & rigid(mesh))]
        middle = pack.mean(0)
        trunk = mesh.vertices[:count]
        near = np.abs(trunk - middle)[:, [0, 2]].max(1) < 0.1
        # Slightly inside the cloth, never detached.
        assert -0.045 < pack[:, 1].min() - trunk[near, 1].max() < -0.01


def spine() -> int:
    return load_asset().bones.index("spine02")


def rigid(mesh: Mesh) -> np.ndarray:
    body_like = np.isin(np.arange(len(mesh.vertices)), mesh.faces[mesh.parts > 0])
    return ~body_like & (mesh.weights[:, 0] == 1)
