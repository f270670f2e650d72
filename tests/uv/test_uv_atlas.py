from reid_align.uv import MIRROR, PARTS, SYMMETRIC

# Part list of DensePose's COCO annotations (side and region only).
PUBLISHED = {
    (None, "torso"): {1, 2},
    ("right", "hand"): {3},
    ("left", "hand"): {4},
    ("left", "foot"): {5},
    ("right", "foot"): {6},
    ("right", "upper_leg"): {7, 9},
    ("left", "upper_leg"): {8, 10},
    ("right", "lower_leg"): {11, 13},
    ("left", "lower_leg"): {12, 14},
    ("left", "upper_arm"): {15, 17},
    ("right", "upper_arm"): {16, 18},
    ("left", "lower_arm"): {19, 21},
    ("right", "lower_arm"): {20, 22},
    ("right", "head"): {23},
    ("left", "head"): {24},
}

# Torso and leg parts in DensePose's output for people facing the camera.
SEEN_FROM_THE_FRONT = {2, 9, 10, 13, 14}

# POINT_LABEL_SYMMETRIES of detectron2's DensePose.
DETECTRON2_SYMMETRIES = (
    *(0, 1, 2, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13),
    *(16, 15, 18, 17, 20, 19, 22, 21, 24, 23),
)


def test_parts_are_numbered_1_to_24_in_order() -> None:
    assert [part.id for part in PARTS] == list(range(1, 25))


def test_sides_and_regions_are_those_that_densepose_publishes() -> None:
    found: dict[tuple[str | None, str], set[int]] = {}
    for part in PARTS:
        found.setdefault((part.side, part.region), set()).add(part.id)
    assert found == PUBLISHED


def test_front_parts_are_those_seen_on_people_who_face_the_camera() -> None:
    trunk = {"torso", "upper_leg", "lower_leg"}
    front = {part.id for part in PARTS if part.face == "front" and part.region in trunk}
    assert front == SEEN_FROM_THE_FRONT
    arms = {part.id: part.face for part in PARTS if part.region in {"upper_arm", "lower_arm"}}
    assert {part for part, face in arms.items() if face == "front"} == {15, 16, 19, 20}
    assert {part for part, face in arms.items() if face == "back"} == {17, 18, 21, 22}


def test_mirror_table_equals_detectron2() -> None:
    assert MIRROR == DETECTRON2_SYMMETRIES
    assert SYMMETRIC == (1, 2)


def test_names_are_unique_and_say_side_region_and_face() -> None:
    names = [part.name for part in PARTS]
    assert len(set(names)) == 24
    assert [names[index - 1] for index in (1, 3, 17)] == [
        "torso_back",
        "right_hand",
        "left_upper_arm_back",
    ]


def test_parts_merge_to_the_branch_counts_of_dsa_reid() -> None:
    assert len({(part.region, part.face) for part in PARTS}) == 13
    assert len({part.region for part in PARTS}) == 8
