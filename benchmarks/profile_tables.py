"""The tables of precision.json and training_profile.json."""

from collections.abc import Iterator

from docs_tables import Record, origin, origins, table


def precision(record: Record) -> str:
    """Return whom each number format finds, how far its features are off, and how fast it is."""
    rows = [cells for row in record["rows"] for cells in _formats(row)]
    last = record["rows"][-1]
    head = (
        "encoder", "format", "network alone, images/s",
        *(f"{name}: rank-1 / mAP" for name in last["scores"]), "largest error", "smallest cosine",
    )  # fmt: skip
    size = f"Rates are of {last['batch']} images of {last['height']}×{last['width']} at a time."
    measured = f"{size} {origins(record['rows'])}"
    return "\n\n".join([table(head, rows), *filter(None, map(_int8, record["rows"])), measured])


def _int8(row: Record) -> str:
    """Return what int8 is worth beside bfloat16, of each the faster way, or "" without them."""
    rates = row["images_per_second"]
    fastest = []
    for kind in ("int8", "bfloat16"):
        ways = [way for way in rates if kind in way]
        fastest += [max(ways, key=rates.__getitem__)] if ways else []
    if len(fastest) < 2:
        return ""
    int8, half = fastest
    changes = [
        f"{scores[int8]['rank1'] - scores[half]['rank1']:+.2f} points of rank-1 on {name}"
        for name, scores in row["scores"].items()
    ]
    faster = f"{row['label']}: {int8} is {rates[int8] / rates[half]:.2f} × {half}"
    return "; ".join([faster, *changes]) + "."


def _formats(row: Record) -> Iterator[tuple[str, ...]]:
    for way, rate in row["images_per_second"].items():
        found = [scores[way] for scores in row["scores"].values()]
        people = (f"{one['rank1']:.2f} / {one['mAP']:.2f}" for one in found)
        error = max((one["max_relative_error"] for one in found), default=float("nan"))
        cosine = min((one["min_cosine"] for one in found), default=float("nan"))
        yield row["label"], way, f"{rate:.0f}", *people, f"{error:.1g}", f"{cosine:.4f}"


def training_profile(record: Record) -> str:
    """Return what a training step's time is spent on, and what an update of weights costs."""
    recipes = record["recipes"]
    purposes = list(next(iter(recipes.values()))["shares"])
    rows = [
        (name, f"{found['step_ms'] / 1e3:.1f}", *(f"{found['shares'][p]:.0%}" for p in purposes))
        for name, found in recipes.items()
    ]
    ways = ", ".join(f"{name} {cost:.0f}" for name, cost in record["update_ms"].items())
    size = f"{record['batch']} images of {record['height']}×{record['width']}"
    text = f"Steps have {size}. Milliseconds of an update of ResNet-50's weights by AdamW: {ways}. "
    return f"{table(('recipe', 'a step, s', *purposes), rows)}\n\n{text}{origin(record)}"
