import pytest

from reid_align.errors import DuplicateNameError, UnknownNameError
from reid_align.registry import Registry


@pytest.fixture
def fruits() -> Registry[int]:
    registry: Registry[int] = Registry("fruit")
    registry.register("pear")(1)
    registry.register("apple")(2)
    return registry


def test_entries_are_found_by_name_and_names_are_sorted(fruits: Registry[int]) -> None:
    assert fruits["apple"] == 2
    assert list(fruits) == ["apple", "pear"]
    assert "pear" in fruits
    assert "plum" not in fruits
    assert len(fruits) == 2


def test_a_second_registration_raises(fruits: Registry[int]) -> None:
    with pytest.raises(DuplicateNameError, match="fruit 'pear' is registered already"):
        fruits.register("pear")(3)
    assert fruits["pear"] == 1


def test_an_unknown_name_lists_all_names_and_the_closest(fruits: Registry[int]) -> None:
    with pytest.raises(UnknownNameError) as caught:
        fruits["aple"]
    assert str(caught.value) == "Unknown fruit 'aple'. Did you mean 'apple'? Known: apple, pear."


def test_the_error_of_an_empty_registry() -> None:
    with pytest.raises(UnknownNameError, match=r"Known: none yet\."):
        Registry[int]("fruit")["apple"]
