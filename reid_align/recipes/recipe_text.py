"""Text output of recipes: a list, and all settings of one recipe."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from textwrap import fill

from reid_align.recipes.recipe import PublishedResult, Recipe, Stage

WIDTH = 100


def list_recipes(recipes: Iterable[Recipe]) -> str:
    """Return one line per recipe: its name and its purpose."""
    rows = [(recipe.name, recipe.purpose) for recipe in recipes]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {purpose}" for name, purpose in rows)


def show_recipe(recipe: Recipe) -> str:
    """Return a recipe with all its settings, each as an assignment for `override_settings`."""
    facts = (recipe.purpose, f"source: {recipe.source}", f"cost: {recipe.cost}")
    lines = [recipe.name]
    lines += [fill(fact, WIDTH, initial_indent="  ", subsequent_indent="    ") for fact in facts]
    lines += [f"  expected: {_format_result(result)}" for result in recipe.expected]
    for stage in recipe.stages:
        prefix = "" if stage is recipe.last else f"{stage.name}."
        lines += ["", f"stage {stage.name}"]
        lines += [f"  {prefix}{path}={text}" for path, text in _settings("", stage)]
    return "\n".join(lines)


def list_settings(stage: Stage) -> list[str]:
    """Return the paths of all settings of a stage."""
    return [path for path, _ in _settings("", stage)]


def _format_result(result: PublishedResult) -> str:
    scores = {
        "rank-1": result.rank1,
        "rank-5": result.rank5,
        "rank-10": result.rank10,
        "mAP": result.mean_ap,
    }
    found = ", ".join(f"{name} {value}" for name, value in scores.items() if value is not None)
    feature = "" if result.feature == "f" else f", compared by {result.feature}"
    return f"{result.dataset} {found}{feature} (published)"


def _settings(path: str, value: object) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of every setting below a value."""
    if is_dataclass(value):
        below = {field.name: getattr(value, field.name) for field in fields(value)}
    elif isinstance(value, Mapping):
        below = dict(value)
    else:
        yield path, _format_value(value)
        return
    for name, part in below.items():
        if path or name != "name":
            yield from _settings(f"{path}.{name}" if path else name, part)


def _format_value(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(_format_value, value))
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)
