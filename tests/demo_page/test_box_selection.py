import numpy as np

from reid_align.demo_page import BoxSelection


def frame() -> np.ndarray:
    rows, columns = np.mgrid[:90, :160]
    return np.stack([rows, columns, rows + columns], axis=-1).astype(np.uint8)


def test_two_clicks_in_any_order_make_a_box() -> None:
    for first, second in (((20, 10), (60, 70)), ((60, 70), (20, 10)), ((20, 70), (60, 10))):
        found = BoxSelection(frame()).click(*first).click(*second)
        assert found.box == (20, 10, 61, 71)
        np.testing.assert_array_equal(found.crop(), frame()[10:71, 20:61])


def test_without_a_box_the_crop_is_the_image() -> None:
    for found in (BoxSelection(frame()), BoxSelection(frame()).click(5, 5)):
        assert found.box is None
        np.testing.assert_array_equal(found.crop(), frame())


def test_clicks_outside_are_moved_to_the_edge() -> None:
    found = BoxSelection(frame()).click(-5, -5).click(1000, 1000)
    assert found.box == (0, 0, 160, 90)


def test_a_third_click_starts_a_new_box() -> None:
    found = BoxSelection(frame()).click(1, 1).click(50, 50).click(80, 20)
    assert found.corners == ((80, 20),)


def test_a_double_click_is_not_a_box() -> None:
    assert BoxSelection(frame()).click(30, 30).click(31, 40).box is None


def test_the_box_is_drawn_on_a_copy() -> None:
    image = frame()
    chosen = BoxSelection(image).click(20, 10).click(60, 70)
    drawn = chosen.draw()
    assert drawn[10, 40].tolist() == [255, 122, 0]
    assert drawn[40, 40].tolist() == image[40, 40].tolist()
    np.testing.assert_array_equal(image, frame())
    assert (BoxSelection(image).click(20, 10).draw() != image).any()
    assert BoxSelection(image).draw() is image


def test_a_selection_is_current_only_if_it_is_shown() -> None:
    stored = BoxSelection(frame()).click(20, 10).click(60, 70)
    assert BoxSelection.current(stored.draw(), stored) is stored
    for image, other in ((frame(), stored), (frame()[:50], stored), (frame(), None)):
        found = BoxSelection.current(image, other)
        assert found.corners == ()
        assert found.image is image
