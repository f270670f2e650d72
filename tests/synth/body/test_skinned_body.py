from pathlib import Path

import numpy as np
import pytest

from reid_align.errors import OutputError
from reid_align.synth.body.body_asset import ASSET_PATH, load_asset
from reid_align.synth.body.body_pose import PoseSampler
from reid_align.synth.body.joint_angles import Posture, leg_angles
from reid_align.synth.body.skinned_body import bone_transforms, sample_body, skin
from reid_align.synth.rendering.rotations import pitch, roll, rotation_between, yaw

STEADY = Posture(stoop=0, toe_out=0, stride=1, arm_swing=20, spread=8)


def test_the_asset_is_small_and_names_its_sources() -> None:
    assert ASSET_PATH.stat().st_size < 8 * 2**20
    notice = (ASSET_PATH.parent / "NOTICE.md").read_text()
    assert "CC0" in notice
    assert "Apache" in notice


def test_a_missing_or_foreign_asset_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="Reinstall reid-align"):
        load_asset(tmp_path / "nothing.npz")
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(OutputError, match=r"text\.npz"):
        load_asset(tmp_path / "text.npz")
    np.savez(tmp_path / "other.npz", mean=np.zeros(3))
    with pytest.raises(OutputError, match="sizes"):
        load_asset(tmp_path / "other.npz")


def test_a_damaged_asset_is_named(tmp_path: Path) -> None:
    whole = ASSET_PATH.read_bytes()
    directory = whole.rindex(b"PK\x01\x02")
    version, method = (
        whole[: directory + at] + b"\xff" + whole[directory + at + 1 :] for at in (6, 10)
    )
    torn = whole[:1000] + bytes(200) + whole[1200:]
    for number, content in enumerate([b"", whole[:9999], torn, version, method]):
        path = tmp_path / f"{number}.npz"
        path.write_bytes(content)
        with pytest.raises(OutputError, match=rf"{number}\.npz: not a complete body asset"):
            load_asset(path)


def test_heights_of_bodies_are_realistic() -> None:
    rng = np.random.default_rng(0)
    bodies = [sample_body(load_asset(), rng) for _ in range(120)]
    heights = {female: [] for female in (False, True)}
    for body in bodies:
        skin_points = body.vertices[: load_asset().sizes[0]]
        heights[body.female].append(float(np.ptp(skin_points[:, 2])))
    assert 1.7 < np.mean(heights[False]) < 1.82
    assert 1.58 < np.mean(heights[True]) < 1.7
    assert 1.35 < min(heights[True]) < max(heights[False]) < 2.1


def test_bodies_of_a_given_gender() -> None:
    rng = np.random.default_rng(0)
    for female in (True, False):
        found = {sample_body(load_asset(), rng, female).female for _ in range(10)}
        assert found == {female}


def test_the_rest_pose_changes_nothing() -> None:
    asset = load_asset()
    body = sample_body(asset, np.random.default_rng(1))
    still = np.tile(np.eye(3), (len(asset.bones), 1, 1))
    transforms = bone_transforms(body.heads, asset.parents, still)
    posed = skin(body.vertices, asset.bone_indices, asset.bone_weights, transforms)
    np.testing.assert_allclose(posed, body.vertices, atol=1e-5)


def test_rotating_every_bone_rotates_the_body() -> None:
    asset = load_asset()
    body = sample_body(asset, np.random.default_rng(2))
    turned = np.tile(yaw(90), (len(asset.bones), 1, 1))
    transforms = bone_transforms(body.heads, asset.parents, turned)
    posed = skin(body.vertices, asset.bone_indices, asset.bone_weights, transforms)
    root = body.heads[0]
    expected = (body.vertices - root) @ yaw(90).T + root
    np.testing.assert_allclose(posed, expected, atol=1e-4)


def test_bones_keep_their_length_in_every_pose() -> None:
    asset = load_asset()
    rng = np.random.default_rng(3)
    body = sample_body(asset, rng)
    poser = PoseSampler(asset.bones, asset.parents, body.heads)
    for kind, arms in (("walk", "swing"), ("run", "swing"), ("stand", "crossed")):
        pose = poser.sample(rng, STEADY, kind, (arms, arms))
        identity = np.einsum("bij,bkj->bik", pose.rotations, pose.rotations)
        np.testing.assert_allclose(
            identity, np.tile(np.eye(3), (len(asset.bones), 1, 1)), atol=1e-9
        )
        transforms = bone_transforms(body.heads, asset.parents, pose.rotations)
        starts = np.einsum("bij,bj->bi", transforms[..., :3], body.heads) + transforms[..., 3]
        parents = asset.parents[1:]
        before = np.linalg.norm(body.heads[1:] - body.heads[parents], axis=1)
        after = np.linalg.norm(starts[1:] - starts[parents], axis=1)
        np.testing.assert_allclose(after, before, atol=1e-5)


def test_the_frontal_pose_is_always_the_same() -> None:
    asset = load_asset()
    body = sample_body(asset, np.random.default_rng(4))
    poser = PoseSampler(asset.bones, asset.parents, body.heads)
    poses = [
        poser.sample(np.random.default_rng(seed), STEADY, "frontal", ("swing", "phone"))
        for seed in (0, 1)
    ]
    np.testing.assert_array_equal(poses[0].rotations, poses[1].rotations)


def test_the_leg_is_in_front_when_the_heel_touches_the_ground() -> None:
    rng = np.random.default_rng(0)
    hips = [leg_angles(rng, STEADY, "walk", moment)[0] for moment in np.linspace(0, 1, 41)]
    assert hips[0] == pytest.approx(30)
    assert hips[20] == pytest.approx(-9)
    assert hips[0] == pytest.approx(hips[-1])


def test_directions_of_rotations() -> None:
    left, back, up = np.eye(3)
    np.testing.assert_allclose(pitch(90) @ -up, back, atol=1e-12)
    np.testing.assert_allclose(roll(90) @ up, left, atol=1e-12)
    np.testing.assert_allclose(yaw(90) @ left, back, atol=1e-12)
    rng = np.random.default_rng(1)
    for start, end in rng.normal(size=(20, 2, 3)):
        turned = rotation_between(start, end) @ (start / np.linalg.norm(start))
        np.testing.assert_allclose(turned, end / np.linalg.norm(end), atol=1e-9)
    np.testing.assert_allclose(rotation_between(up, -up) @ up, -up, atol=1e-4)
