"""Recipes as text: a line for each, or one of them whole."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from textwrap import fill

from reid_align.recipes.recipe import Expected, Recipe

WIDTH = 100


def list_recipes(recipes: Iterable[Recipe]) -> str:
    """Return a line for each recipe: its name and what it is."""
    rows = [(recipe.name, recipe.purpose) for recipe in recipes]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {purpose}" for name, purpose in rows)


def show_recipe(recipe: Recipe) -> str:
    """Return all there is to know of a recipe; each setting under the path that --set takes."""
    facts = (recipe.purpose, f"source: {recipe.source}", f"cost: {recipe.cost}")
    lines = [recipe.name]
    lines += [fill(fact, WIDTH, initial_indent="  ", subsequent_indent="    ") for fact in facts]
    lines += [f"  expected: {_result(expected)}" for expected in recipe.expected]
    for stage in recipe.stages:
        prefix = "" if stage is recipe.last else f"{stage.name}."
        lines += ["", f"stage {stage.name}"]
        lines += [f"  {prefix}{path}={text}" for path, text in _settings("", stage)]
    return "\n".join(lines)


def _result(expected: Expected) -> str:
    scores = {
        "rank-1": expected.rank1,
        "rank-5": expected.rank5,
        "rank-10": expected.rank10,
        "mAP": expected.mean_ap,
    }
    found = ", ".join(f"{name} {value}" for name, value in scores.items() if value is not None)
    feature = "" if expected.feature == "f" else f", compared by {expected.feature}"
    return f"{expected.dataset} {found}{feature} (published)"


def _settings(path: str, value: object) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of every setting below a value."""
    if is_dataclass(value):
        below = {field.name: getattr(value, field.name) for field in fields(value)}
    elif isinstance(value, Mapping):
        below = dict(value)
    else:
        yield path, _text(value)
        return
    for name, part in below.items():
        if path or name != "name":
            yield from _settings(f"{path}.{name}" if path else name, part)


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(_text, value))
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)
