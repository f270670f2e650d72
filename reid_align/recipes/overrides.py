"""``--set training.epochs=10``: settings of a recipe, changed by their paths."""

from collections.abc import Iterable, Mapping
from dataclasses import Field, fields, is_dataclass, replace
from typing import ClassVar, Protocol, TypeVar, get_args, get_type_hints

from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.recipes.recipe import Recipe, Stage
from reid_align.recipes.values import read_value
from reid_align.tasks import SanConfig

EXAMPLE = "training.epochs=10"
# With synthetic batches a recipe has other streams, which are no single setting.
OTHER_RECIPES = {"true": "san_basic_syn", "false": "san_basic_tr"}


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
        UnknownNameError: there is no such setting; the message names the nearest one, and the
            stages.
        InvalidInputError: an assignment without "=", a path that ends too early or goes on too
            long, a value of another type or out of range, or what only another recipe has.
    """
    stages = {stage.name: stage for stage in recipe.stages}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals:
            raise InvalidInputError(f"--set {assignment}: write PATH=VALUE, as in {EXAMPLE}.")
        first, *rest = path.strip().split(".")
        stage = first if first in stages and rest else recipe.last.name
        names = rest if stage == first and rest else [first, *rest]
        _require_same_streams(stages[stage], names, text.strip(), assignment)
        others = stages if len(stages) > 1 and names[0] == first else ()
        stages[stage] = _changed(stages[stage], names, text.strip(), assignment, others)
    return replace(recipe, stages=tuple(stages.values()))


def _require_same_streams(stage: Stage, path: list[str], text: str, assignment: str) -> None:
    if path != ["task", "synthetic"] or not isinstance(stage.task, SanConfig):
        return
    if text.lower() == str(not stage.task.synthetic).lower():
        raise InvalidInputError(
            f"--set {assignment}: that takes other streams, and so another recipe: "
            f"{OTHER_RECIPES[text.lower()]}."
        )


def _changed(
    settings: S, path: list[str], text: str, assignment: str, stages: Iterable[str] = ()
) -> S:
    """Return settings of which the one at ``path`` is changed; it may have begun with a stage."""
    kinds = get_type_hints(type(settings))
    known = [field.name for field in fields(settings) if field.name != "name"]
    if path[0] not in known:
        kind = "setting or stage" if stages else f"setting of {type(settings).__name__}"
        raise UnknownNameError(kind, path[0], [*known, *stages])
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
