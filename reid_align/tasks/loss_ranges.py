"""Ranges of the settings of losses."""

from dataclasses import fields
from typing import TYPE_CHECKING

from reid_align.checks import at_least_zero, positive, up_to_one

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def require_loss_ranges(settings: "DataclassInstance") -> None:
    """Require each weight, margin, ε and τ, recognized by its name, to be in its range.

    Raises:
        InvalidInputError: a weight, margin or transition that is negative or not finite, an ε
            outside [0, 1], or a temperature or ``own_camera_weight`` that is not above 0.
    """
    for field in fields(settings):
        value = getattr(settings, field.name)
        if field.name in ("temperature", "own_camera_weight"):
            positive(field.name, value)
        elif field.name.endswith("_weight") or field.name in ("margin", "transition"):
            at_least_zero(field.name, value)
        elif field.name == "label_smoothing":
            up_to_one(field.name, value)
