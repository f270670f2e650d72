"""The public names of `reid_align.uv` are there, though nothing is imported before it is used."""

import pytest

import reid_align.uv


@pytest.mark.parametrize("name", reid_align.uv.__all__)
def test_every_public_name_comes_from_its_module(name: str) -> None:
    assert getattr(reid_align.uv, name) is not None


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="color_wheel"):
        _ = reid_align.uv.color_wheel
