"""Tables of training: the recipes, and the speed of steps, image loading and synthesis."""

from benchmarks.docs_tables.markdown import Record, origin, origins, rank1_map, table
from reid_align.recipes import RECIPES


def recipes() -> str:
    """Return the table of all recipes with the published results that they reproduce."""
    rows = []
    for name in RECIPES:
        recipe = RECIPES[name]
        published = [
            f"{one.dataset} {one.rank1}" + (f" / {one.mean_ap}" if one.mean_ap else "")
            for one in recipe.expected
            if one.feature == "f"
        ]
        rows.append((f"`{name}`", recipe.purpose, recipe.source, "; ".join(published)))
    return table(("recipe", "purpose", "source", "published: rank-1 / mAP"), rows)


def training_step(record: Record) -> str:
    """Return the table of training_step.json."""
    rows = []
    for name, found in record["recipes"].items():
        shares = ", ".join(f"{op} {share:.0%}" for op, share in found["costliest"].items())
        bare, step = f"{found['bare_ms']:.0f}", f"{found['step_ms']:.0f}"
        rows.append((name, bare, step, f"{found['ratio']:.2f}", shares.replace("aten::", "")))
    head = (
        "recipe", "forward and backward only, ms", "full step, ms", "ratio", "costliest operations",
    )  # fmt: skip
    return f"{table(head, rows)}\n\nBatch: {_batch(record)}. {origin(record)}"


def training_profile(record: Record) -> str:
    """Return the table of training_profile.json."""
    recipes = record["recipes"]
    purposes = list(next(iter(recipes.values()))["shares"])
    rows = [
        (name, f"{found['step_ms'] / 1e3:.1f}", *(f"{found['shares'][p]:.0%}" for p in purposes))
        for name, found in recipes.items()
    ]
    variants = ", ".join(f"{name} {cost:.0f}" for name, cost in record["update_ms"].items())
    update = f"One AdamW update of ResNet-50, in milliseconds: {variants}."
    return (
        f"{table(('recipe', 'step, s', *purposes), rows)}\n\n"
        f"Batch: {_batch(record)}. {update} {origin(record)}"
    )


def fine_tuning(record: Record) -> str:
    """Return the table of fine_tuning.json: accuracy on held-out identities before and after."""
    head = "trained on", "steps × images", "CPU time", "before", "`--adapt`, no labels", "after"
    rows = []
    for row in record["rows"]:
        what = f"{row['identities']} identities, {row['images']:,} images of {row['dataset']}"
        changed = "".join(f", `{setting}`" for setting in row["settings"])
        scores = (rank1_map(row[name]) for name in ("before", "adapted", "after"))
        minutes = f"{row['cpu_seconds'] / 60:.0f} minutes"
        rows.append((what + changed, f"{row['steps']} × {row['batch']}", minutes, *scores))
    first = record["rows"][0]
    note = (
        f"From `{first['weights']}`. Rank-1 / mAP in percent on {first['held_out']} other "
        f"identities ({first['queries']:,} queries, {first['gallery']:,} gallery images), cosine "
        "distance. The last weights of a training of fixed length; one seed."
    )
    return "\n\n".join((table(head, rows), note, origins(record["rows"])))


def self_training(record: Record) -> str:
    """Return the table of self_training.json: accuracy on test identities before and after."""
    head = (
        "weights",
        "images",
        "rounds",
        "before",
        "after",
        "before, normalized",
        "after, normalized",
    )
    rows = [
        (
            f"`{row['weights']}`",
            f"{row['images']:,} of {row['dataset']}",
            str(len(row["rounds"])),
            *(
                " / ".join(f"{value:.1f}" for value in row[when][how])
                for how in ("plain", "normalized")
                for when in ("before", "after")
            ),
        )
        for row in record["rows"]
    ]
    first = record["rows"][0]
    note = (
        f"Rank-1 / mAP in percent on the test identities ({first['queries']:,} queries, "
        f"{first['gallery']:,} gallery images), cosine distance; normalized: with "
        "`--normalize-cameras`. Trained on images of other identities, without labels. The last "
        "weights of a fixed number of rounds; one seed."
    )
    start, end = first["rounds"][0], first["rounds"][-1]
    groups = (
        f"In the first row, the first round put {start['images']:,} images in {start['groups']:,} "
        f"groups; {start['precision']:.0f} % of the image pairs in a group show one identity. The "
        f"last round put {end['images']:,} images in {end['groups']:,} groups, with "
        f"{end['precision']:.0f} %."
    )
    return "\n\n".join((table(head, rows), note, groups, origins(record["rows"])))


def loading(record: Record) -> str:
    """Return the table of loading.json."""
    rows = [(name, *rates.values()) for name, rates in record["images_per_second"].items()]
    workers = record["workers"]
    head = "images/s", "per worker core", "main process", f"with {workers} workers"
    return f"{table(head, rows)}\n\n{origin(record)}"


def synth_speed(record: Record) -> str:
    """Return the tables of synth_speed.json: time per stage, and scaling over processes."""
    one, processes = record["one_core"], record["processes"]
    stages = [(name, f"{cost:.2f}") for name, cost in one["stages_ms"].items()]
    stages.append(("total, without a profiler", f"{one['ms']:.2f}"))
    runs = [
        (run["workers"], run["identities"] * run["images"], run["seconds"], run["peak_mib"])
        for run in processes["runs"]
    ]
    rates = processes["per_second"]
    summary = (
        f"Without start-up, one process makes {rates['1']:.0f} images/s and two make "
        f"{rates['2']:.0f} images/s ({processes['speed_up']:.2f} ×)."
    )
    head = (
        "processes",
        "images",
        "seconds, including start-up",
        "peak memory per process, MiB",
    )
    return "\n\n".join(
        (table(("stage", "ms per image"), stages), table(head, runs), summary, origin(record))
    )


def _batch(record: Record) -> str:
    return f"{record['batch']} images of {record['height']}×{record['width']}"
