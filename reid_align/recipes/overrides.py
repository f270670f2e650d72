"""``--set training.epochs=10``: settings of a recipe, changed by their paths."""

from collections.abc import Iterable, Mapping
from dataclasses import Field, fields, is_dataclass, replace
from typing import ClassVar, Protocol, TypeVar, get_args, get_type_hints

from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.recipes.recipe import Recipe
from reid_align.recipes.values import read_value

EXAMPLE = "training.epochs=10"


class Settings(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[object]]]


S = TypeVar("S", bound=Settings)


def override(recipe: Recipe, assignments: Iterable[str]) -> Recipe:
    """Return the recipe with some settings changed.

    Args:
        recipe: what to start from.
        assignments: each "path.to.setting=value" in the last stage, or in the stage whose name the
            path begins with: "pg.training.epochs=10".

    Raises:
        UnknownNameError: there is no such setting; the message names the nearest one.
        InvalidInputError: an assignment without "=", a path that ends too early or goes on too
            long, or a value of another type or out of range.
    """
    stages = {stage.name: stage for stage in recipe.stages}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals:
            raise InvalidInputError(f"--set {assignment}: write PATH=VALUE, as in {EXAMPLE}.")
        first, *rest = path.strip().split(".")
        stage = first if first in stages and rest else recipe.last.name
        names = rest if stage == first and rest else [first, *rest]
        stages[stage] = _changed(stages[stage], names, text.strip(), assignment)
    return replace(recipe, stages=tuple(stages.values()))


def _changed(settings: S, path: list[str], text: str, assignment: str) -> S:
    """Return settings of which the one at ``path`` is changed."""
    kinds = get_type_hints(type(settings))
    known = [field.name for field in fields(settings) if field.name != "name"]
    if path[0] not in known:
        raise UnknownNameError(f"setting of {type(settings).__name__}", path[0], known)
    value = _value(getattr(settings, path[0]), kinds[path[0]], path[1:], text, assignment)
    changes: dict[str, object] = {path[0]: value}
    return replace(settings, **changes)


def _value(old: object, kind: object, path: list[str], text: str, assignment: str) -> object:
    """Return what takes the place of ``old``, which the rest of the path leads into."""
    if is_dataclass(old) and not isinstance(old, type):
        if not path:
            names = ", ".join(field.name for field in fields(old))
            raise InvalidInputError(f"--set {assignment}: name one of its settings: {names}.")
        return _changed(old, path, text, assignment)
    if isinstance(old, Mapping):
        if not path:
            raise InvalidInputError(f"--set {assignment}: name an entry: PATH.ENTRY=VALUE.")
        return {**old, path[0]: _entry(old, get_args(kind)[1], path, text, assignment)}
    if path:
        raise InvalidInputError(f"--set {assignment}: the path ends before {path[0]!r}.")
    try:
        return read_value(kind, text)
    except InvalidInputError as error:
        raise InvalidInputError(f"--set {assignment}: give {error}.") from error


def _entry(
    entries: Mapping[str, object], kind: object, path: list[str], text: str, assignment: str
) -> object:
    name, *rest = path
    old = entries.get(name)
    if old is None and any(is_dataclass(value) for value in entries.values()):
        raise UnknownNameError("entry", name, entries)
    return _value(old, kind, rest, text, assignment)
