import numpy as np
import pytest

from reid_align.errors import InvalidInputError
from reid_align.self_training import NO_GROUP, UnlabeledImages, pseudo_identities

CAMERA_SHIFT = 6.0


def images(identities: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features of identities with five images from each of two cameras, which shift them."""
    random = np.random.default_rng(seed)
    people = np.arange(identities).repeat(10)
    cameras = np.tile(np.arange(2).repeat(5), identities)
    values = random.standard_normal((identities, 16))[people]
    values += 0.1 * random.standard_normal(values.shape)
    values[:, 0] += CAMERA_SHIFT * cameras
    return values.astype(np.float32), people, cameras.astype(np.int64)


def agreement(groups: np.ndarray, people: np.ndarray) -> float:
    """Share of the pairs of an identity that are in one group, or 0 if a group is mixed."""
    together = (groups[:, None] == groups) & (groups != NO_GROUP)[:, None]
    same = people[:, None] == people
    return 0.0 if (together & ~same).any() else float(together[same].mean())


def test_groups_are_the_identities_across_cameras_that_shift_the_features() -> None:
    values, people, cameras = images()
    assert agreement(pseudo_identities(values, cameras, 0.5, 4, 10), people) > 0.95
    blind = pseudo_identities(values, None, 0.5, 4, 10)
    for group in set(blind.tolist()) - {NO_GROUP}:
        assert len(set(cameras[blind == group].tolist())) == 1


def test_groups_are_numbered_and_need_enough_images() -> None:
    values, _, cameras = images()
    groups = pseudo_identities(values, cameras, 0.4, 5, 10)
    assert set(groups.tolist()) - {NO_GROUP} == set(range(groups.max() + 1))
    assert set(pseudo_identities(values, cameras, 0.4, 30, 10).tolist()) == {NO_GROUP}


def test_the_order_of_the_images_does_not_matter() -> None:
    values, _, cameras = images(20)
    order = np.random.default_rng(2).permutation(len(values))
    groups = pseudo_identities(values, cameras, 0.5, 4, 10)
    shuffled = pseudo_identities(values[order], cameras[order], 0.5, 4, 10)
    pairs = set(zip(groups[order].tolist(), shuffled.tolist(), strict=True))
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def test_no_images_have_no_groups() -> None:
    assert len(pseudo_identities(np.empty((0, 4), np.float32), None, 0.5, 4, 10)) == 0


def test_cameras_are_numbered_for_the_images_that_were_read() -> None:
    found = UnlabeledImages(("a", "b", "c"), ("north", "south", "north"))
    assert found.camera_ids(["c", "b"]).tolist() == [0, 1]
    assert UnlabeledImages(("a",)).camera_ids(["a"]) is None


@pytest.mark.parametrize(
    ("paths", "cameras", "message"),
    [
        ((), None, "0 images"),
        (("a", "a"), None, "2 images, 1 of them different"),
        (("a", "b"), ("1",), "2 images and 1 cameras"),
        (("a", "b", "c"), ("1", "", ""), "The camera of 2 of 3 images is unknown"),
    ],
)
def test_images_that_cannot_be_used_are_refused(
    paths: tuple[str, ...], cameras: tuple[str, ...] | None, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        UnlabeledImages(paths, cameras)
