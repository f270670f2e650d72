from dataclasses import replace

import numpy as np
import pytest

from reid_align.synth.appearance.avatar import Avatar, build_avatar, draw_pose, posed_mesh
from reid_align.synth.appearance.carried_items import GRIPS, holding_arms
from reid_align.synth.appearance.outfit import Outfit
from reid_align.synth.appearance.outfit_sampling import sample_bag, sample_outfit
from reid_align.synth.body.body_asset import load_asset
from reid_align.synth.body.skinned_body import bone_transforms, sample_body

BLUE = np.float32([0.2, 0.3, 0.5])


def outfit(*bags: tuple[str, int], umbrella: bool = True) -> Outfit:
    rng = np.random.default_rng(1)
    carried = tuple(replace(sample_bag(rng, kind), side=side) for kind, side in bags)
    return replace(
        sample_outfit(rng, female=True),
        bags=carried,
        bicycle=None,
        umbrella=BLUE if umbrella else None,
    )


def make(worn: Outfit) -> Avatar:
    rng = np.random.default_rng(3)
    return build_avatar(load_asset(), sample_body(load_asset(), rng), worn, rng)


@pytest.mark.parametrize(
    ("bags", "umbrella", "expected"),
    [
        ([], False, (None, None)),
        ([("backpack", 1)], True, (None, "umbrella")),
        ([("hand", 1)], True, ("carry", "umbrella")),
        ([("case", -1)], True, ("umbrella", "carry")),
        ([("hand", 1), ("case", -1)], True, ("carry", "carry")),
        ([("hand", -1)], False, (None, "carry")),
    ],
)
def test_each_hand_holds_at_most_one_item(
    bags: list[tuple[str, int]], umbrella: bool, expected: tuple[str | None, str | None]
) -> None:
    assert holding_arms(outfit(*bags, umbrella=umbrella)) == expected


def test_hands_with_items_have_no_other_action() -> None:
    avatar, rng = make(outfit(("hand", 1))), np.random.default_rng(0)
    poses = [draw_pose(avatar, rng) for _ in range(60)]
    assert {pose.arms for pose in poses} == {("carry", "umbrella")}


@pytest.mark.parametrize("bag_side", [1, -1])
def test_the_shaft_is_in_the_hand_and_the_canopy_over_the_head(bag_side: int) -> None:
    asset, avatar = load_asset(), make(outfit(("hand", bag_side)))
    assert avatar.umbrella is not None
    plain = len(avatar.mesh.vertices)
    for seed in range(8):
        pose = draw_pose(avatar, np.random.default_rng(seed))
        points = posed_mesh(asset, avatar, pose).vertices
        transforms = bone_transforms(avatar.body.heads, asset.parents, pose.rotations)
        lift = (points[: asset.sizes[0]] - posed_body(avatar, transforms))[0]
        grip = asset.bones.index(GRIPS[pose.arms.index("umbrella")])
        matrix = transforms[grip]
        hand = matrix[:, :3] @ avatar.body.heads[grip] + matrix[:, 3] + lift
        shaft, cloth = points[plain : plain + 27], points[plain + 27 :]
        low, _, tip = shaft.reshape(3, 9, 3).mean(1)
        along = (tip - low) / np.linalg.norm(tip - low)
        offset = (hand - low) - ((hand - low) @ along) * along
        assert np.linalg.norm(offset) < 0.01
        assert 0.05 < (hand - low) @ along < 0.15
        head = points[: asset.sizes[0]]
        crown = head[head[:, 2].argmax()]
        assert cloth[:, 2].max() > crown[2] + 0.1
        middle = np.linalg.norm(cloth[:, :2].mean(0) - crown[:2])
        assert middle < 0.28


def posed_body(avatar: Avatar, transforms: np.ndarray) -> np.ndarray:
    """Return the posed points of the body before it is moved to the ground, computed with NumPy."""
    asset, mesh = load_asset(), avatar.mesh
    count = asset.sizes[0]
    weighted = (transforms[mesh.indices[:count]] * mesh.weights[:count, :, None, None]).sum(1)
    points = np.concatenate([mesh.vertices[:count], np.ones((count, 1))], 1)
    return np.einsum("vij,vj->vi", weighted, points)


def test_the_umbrella_is_closed_without_a_free_hand() -> None:
    asset, avatar = load_asset(), make(replace(outfit(), bicycle=BLUE))
    frontal = avatar.poser.sample(
        np.random.default_rng(0), avatar.posture, "frontal", ("hang", "hang")
    )
    assert len(posed_mesh(asset, avatar, frontal).vertices) == len(avatar.mesh.vertices)
    riding = draw_pose(avatar, np.random.default_rng(0))
    assert riding.arms == ("handlebar", "handlebar")
    assert make(outfit(("hand", 1), ("case", -1))).umbrella is None
