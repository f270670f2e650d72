"""The check that every setting of a fixed list of names has one of them."""

from dataclasses import fields
from typing import TYPE_CHECKING, Literal, get_args, get_origin, get_type_hints

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
