"""Changes of recipe settings by path: ``training.epochs=10``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import Field, dataclass, fields, is_dataclass, replace
from difflib import SequenceMatcher, get_close_matches
from typing import ClassVar, Protocol, TypeVar, get_args, get_type_hints

from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.recipes.recipe import RECIPES, Recipe, Stage
from reid_align.recipes.recipe_text import list_settings
from reid_align.typed_reading import read_text

EXAMPLE = "training.epochs=10"
# Renamed settings of any dataclass. A dataclass can add more as ``renamed_settings``.
RENAMED_SETTINGS = {"optimisers": "optimizers"}


class SettingsDataclass(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[object]]]


S = TypeVar("S", bound=SettingsDataclass)


class UnknownSettingError(UnknownNameError):
    """A path names no setting of the recipe.

    Args:
        path: the path.
        advice: the right path, or the known names.
    """

    def __init__(self, path: str, advice: str) -> None:
        LookupError.__init__(self, f"Unknown setting {path!r}. {advice}")


def override_settings(recipe: Recipe, assignments: Iterable[str]) -> Recipe:
    """Return the recipe with changed settings.

    Args:
        recipe: the recipe.
        assignments: each "path.to.setting=value" of the last stage, or of the stage that the path
            starts with: "pg.training.epochs=10".

    Raises:
        UnknownSettingError: there is no such setting; the message suggests the nearest one.
        InvalidInputError: no "=", an incomplete path, a value of another type or out of range, a
            setting that is given twice, or a change of the streams.
    """
    stages = {stage.name: stage for stage in recipe.stages}
    given: dict[tuple[str, ...], str] = {}
    # Settings of one dataclass are checked together, because each alone may be invalid.
    groups: dict[tuple[str, ...], list[_Override]] = {}
    for assignment in assignments:
        path, equals, text = (part.strip() for part in assignment.partition("="))
        if not equals:
            raise InvalidInputError(
                f"Setting {assignment!r}: expected PATH=VALUE, as in {EXAMPLE}."
            )
        first, *rest = path.split(".")
        in_stage = first in stages and bool(rest)
        name = first if in_stage else recipe.last.name
        below = rest if in_stage else [first, *rest]
        if (name, *below) in given:
            raise InvalidInputError(
                f"The setting {path} is given twice: {given[name, *below]} and {assignment}. "
                "Remove one of them."
            )
        given[name, *below] = assignment
        groups.setdefault((name, *below[:-1]), []).append(_Override(recipe, path, text, below[-1]))
    for (name, *parents), (override, *others) in groups.items():
        whole = replace(override, together=tuple(others))
        stages[name] = whole.apply_to_stage(stages[name], [*parents, override.leaf])
    return replace(recipe, stages=tuple(stages.values()))


@dataclass(frozen=True)
class _Override:
    """One changed setting.

    Attributes:
        recipe: the recipe.
        path: the path as given.
        text: the text of the value.
        leaf: the last part of the path.
        together: changes of other settings of the same dataclass or mapping.
    """

    recipe: Recipe
    path: str
    text: str
    leaf: str
    together: tuple["_Override", ...] = ()

    def apply_to_stage(self, stage: Stage, below: Sequence[str]) -> Stage:
        """Return the stage with the setting at the path ``below`` changed.

        A changed task must keep its streams, as each stream has its own batch settings.
        """
        if below[0] == "task" and len(below) > 1:
            task = self.apply(stage.task, below[1:])
            if set(task.batch_specs()) != set(stage.streams):
                raise self._changes_streams(task)
        return self.apply(stage, below)

    def apply(self, settings: S, below: Sequence[str]) -> S:
        """Return settings with the one at the path ``below`` changed."""
        name, *rest = below
        changes: dict[str, object] = {name: self._changed(settings, below)}
        if not rest:
            changes |= {
                other.leaf: other._changed(settings, [other.leaf]) for other in self.together
            }
        try:
            return replace(settings, **changes)
        except InvalidInputError as error:
            raise self._refused(str(error).removesuffix("."), changes) from error

    def _refused(self, problem: str, changes: Mapping[str, object]) -> InvalidInputError:
        """Return the error for changes that a dataclass refuses, with the setting that it names."""
        for change in (self, *self.together):
            named = f"{change.leaf}={changes.get(change.leaf)!r}: "
            if problem.startswith(named):
                return change._invalid(problem.removeprefix(named))
        return self._invalid(problem)

    def _changed(self, settings: SettingsDataclass, below: Sequence[str]) -> object:
        """Return the new value of the field that the path ``below`` starts with."""
        known = [field.name for field in fields(settings) if field.name != "name"]
        name, *rest = below
        if name not in known:
            raise self._unknown(settings, below, known)
        kind = get_type_hints(type(settings))[name]
        return self._value(getattr(settings, name), kind, rest)

    def _value(self, old: object, kind: object, below: Sequence[str]) -> object:
        """Return the new value of a setting, of a dataclass or of a mapping."""
        if is_dataclass(old) and not isinstance(old, type):
            if not below:
                names = ", ".join(f"{self.path}.{field.name}" for field in fields(old))
                raise self._invalid(f"has several settings: {names}")
            return self.apply(old, below)
        if isinstance(old, Mapping):
            if not below:
                raise self._invalid(f"has entries: write {self.path}.ENTRY=VALUE")
            entries = {**old, below[0]: self._entry(old, get_args(kind)[1], below)}
            if len(below) == 1:
                for other in self.together:
                    entries[other.leaf] = other._entry(old, get_args(kind)[1], [other.leaf])
            return entries
        if below:
            raise self._invalid(f"the path ends before {below[0]!r}")
        try:
            return read_text(kind, self.text)
        except InvalidInputError as error:
            raise self._invalid(f"expected {error}") from error

    def _entry(self, entries: Mapping[str, object], kind: object, below: Sequence[str]) -> object:
        name, *rest = below
        old = entries.get(name)
        if old is None and any(is_dataclass(value) for value in entries.values()):
            raise UnknownSettingError(self.path, f"{name!r} is not one of {', '.join(entries)}.")
        return self._value(old, kind, rest)

    def _invalid(self, problem: str) -> InvalidInputError:
        return InvalidInputError(f"Setting {self.path}={self.text}: {problem}.")

    def _unknown(
        self, settings: SettingsDataclass, below: Sequence[str], known: Sequence[str]
    ) -> UnknownSettingError:
        renamed = RENAMED_SETTINGS | getattr(type(settings), "renamed_settings", {})
        rest = ".".join(below)
        for old in sorted(renamed, key=len, reverse=True):
            if rest == old or rest.startswith(f"{old}."):
                above = self.path[: len(self.path) - len(rest)]
                return UnknownSettingError(
                    self.path, f"{above}{old} was renamed to {above}{renamed[old]}."
                )
        near = self._nearest()
        if near is not None:
            return UnknownSettingError(self.path, f"Did you mean {near}?")
        stages = [f"stage {stage.name}" for stage in self.recipe.stages if len(below) == 1]
        return UnknownSettingError(self.path, f"Known: {', '.join((*known, *stages))}.")

    def _nearest(self) -> str | None:
        """Return the path of a setting with the same or a similar name, if there is one."""
        paths = [path for stage in self.recipe.stages for path in self._paths(stage)]
        leaf = self.path.rpartition(".")[2]
        same = [path for path in paths if path.rpartition(".")[2] == leaf]
        if same:
            return max(same, key=lambda path: SequenceMatcher(None, self.path, path).ratio())
        return next(iter(get_close_matches(self.path, paths, n=1, cutoff=0.75)), None)

    def _paths(self, stage: Stage) -> list[str]:
        prefix = "" if stage is self.recipe.last else f"{stage.name}."
        named = self.path.startswith(f"{stage.name}.")
        return [f"{stage.name + '.' if named else prefix}{path}" for path in list_settings(stage)]

    def _changes_streams(self, task: object) -> InvalidInputError:
        """Return the error for a task with other streams; it names a recipe with this task."""
        others = [name for name in RECIPES if RECIPES[name].last.task == task]
        advice = f"Use the recipe {others[0]}." if others else "Use a recipe with these streams."
        return self._invalid(f"this changes the streams of the task. {advice[:-1]}")
