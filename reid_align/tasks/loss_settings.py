"""What settings of losses can be: one of a list of names, or a number that a loss can take."""

from dataclasses import fields
from typing import TYPE_CHECKING, Literal, get_args, get_origin, get_type_hints

from reid_align.checks import at_least_zero, positive, up_to_one
from reid_align.errors import UnknownNameError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def require_choices(settings: "DataclassInstance") -> None:
    """Require that each field whose type is a Literal has one of its values.

    Raises:
        UnknownNameError: one has another; the message names the field and what is allowed.
    """
    kinds = get_type_hints(type(settings))
    for field in fields(settings):
        allowed = get_args(kinds[field.name])
        value = getattr(settings, field.name)
        if get_origin(kinds[field.name]) is Literal and value not in allowed:
            raise UnknownNameError(field.name, value, allowed)


def require_amounts(settings: "DataclassInstance") -> None:
    """Require of each weight, margin, ε and τ, known by its name, that a loss can have it.

    Raises:
        InvalidInputError: a weight or margin that is negative or not finite, an ε outside
            [0, 1], or a temperature or ``own_camera_weight`` that is not above 0; the message names
            the field.
    """
    for field in fields(settings):
        value = getattr(settings, field.name)
        if field.name in ("temperature", "own_camera_weight"):
            positive(field.name, value)
        elif field.name.endswith("_weight") or field.name in ("margin", "transition"):
            at_least_zero(field.name, value)
        elif field.name == "label_smoothing":
            up_to_one(field.name, value)
