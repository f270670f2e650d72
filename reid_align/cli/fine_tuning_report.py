"""Text of ``train finetune``: the data before the training; scores and commands after it."""

import shlex
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reid_align.recipes import Recipe, RecipeData
    from reid_align.training.training_run import TrainingSummary
    from reid_align.training.training_state import Evaluation

NAMES: Mapping[str, str] = {"mAP": "mAP", "rank1": "rank-1", "rank5": "rank-5", "rank10": "rank-10"}
COMMANDS = (
    "extract IMAGES -o feats.npy --weights {weights}",
    "search QUERY.jpg --gallery feats.npy --html hits.html",
    "evaluate {test} --weights {weights}",
    "export --weights {weights} -o model.onnx --check",
)
NOT_MEASURED = (
    "  not measured: no identities were held out. Use --hold-out N next time, in a new folder."
)
WORSE = (
    "  The scores fell: keep the initial weights. More images of each identity from different "
    "cameras help most; a lower rate is --set training.optimizers.main.lr=2e-5."
)


def describe_fine_tuning(recipe: "Recipe", data: "RecipeData") -> str:
    """Return what is trained and measured, in a line for each.

    Args:
        recipe: from `prepare`.
        data: with a training dataset.
    """
    stage = recipe.last
    source, preprocess = data.reid_source(), stage.task.preprocess
    size = f"{preprocess.height}×{preprocess.width}"
    people, cameras = len(set(source.person_ids)), len(set(source.camera_ids))
    known = f" from {_count(cameras, 'camera')}" if source.camera_ids.min(initial=0) >= 0 else ""
    training, (stream,) = stage.training, stage.streams.values()
    lines = [
        f"{recipe.name}: {stage.initial}, images of {size}",
        f"  training: {_count(len(source), 'image')} of {_count(people, 'identity')}{known}; "
        f"{_count(training.epochs, 'epoch')} of {training.steps_per_epoch} steps with "
        f"{stream.sampler.batch_size} images",
    ]
    if data.evaluation is not None:
        split = data.evaluation.splits[0]
        tested = len({record.person_id for record in split.gallery})
        lines.append(
            f"  held out: {_count(tested, 'identity')}, {len(split.query):,} query and "
            f"{len(split.gallery):,} gallery images"
        )
    else:
        lines.append("  held out: none, so nothing will be measured; see --hold-out")
    return "\n".join(lines)


def report_fine_tuning(
    name: str, summary: "TrainingSummary", test: str | None, *, selects: bool
) -> str:
    """Return the scores before and after, and the commands that use the weights.

    Args:
        name: of the recipe.
        summary: of its stage.
        test: arguments of ``evaluate`` for test images that were not trained on, if known.
        selects: whether scores during the training may select the weights of ``best``.
    """
    state = "was finished before" if summary.nothing_to_do else f"{summary.steps} steps"
    lines = [f"{name}: {state}, in {summary.folder}"]
    weights = Path(summary.folder)
    start, latest, best = summary.start, summary.latest, summary.best
    if start is None or latest is None:
        lines.append(NOT_MEASURED)
    else:
        columns = {"before": start, "after": latest}
        if selects and best is not None and best.epoch not in (0, latest.epoch):
            columns[f"best, epoch {best.epoch}"] = best
            weights /= "best"
        lines += _table(columns)
        if _falls(start, columns):
            lines.append(WORSE)
        elif weights.name == "best":
            lines.append(
                "  best was chosen on these identities; measure it on others before you compare it."
            )
    named = {"weights": shlex.quote(str(weights)), "test": test or "DATASET FOLDER"}
    lines += [f"  python -m reid_align.{command.format_map(named)}" for command in COMMANDS]
    return "\n".join(lines)


def evaluate_arguments(args: Namespace, *, own_split: bool) -> str | None:
    """Return the arguments of ``evaluate`` for the test images that ``train`` measured, if any.

    Args:
        args: of ``train``.
        own_split: the training dataset has test images.
    """
    given, options = args.evaluate, args.evaluate_option
    if own_split:
        given, options = args.data[0], args.data_option
    if given is None:
        return None
    name, _, root = given.partition("=")
    parts = [name, root, *(part for option in options for part in ("--data-option", option))]
    return shlex.join(parts)


def _falls(start: "Evaluation", columns: Mapping[str, "Evaluation"]) -> bool:
    name = "mAP" if "mAP" in start.scores else "rank1"
    return max(one.scores[name] for one in columns.values()) <= start.scores[name]


def _table(columns: Mapping[str, "Evaluation"]) -> list[str]:
    widths = [max(8, len(title)) for title in columns]
    titles = zip(columns, widths, strict=True)
    rows = [f"  {'':8}" + "".join(f"  {title:>{width}}" for title, width in titles)]
    names = next(iter(columns.values())).scores
    for name, shown in NAMES.items():
        if name in names:
            scores = zip(columns.values(), widths, strict=True)
            cells = "".join(f"  {one.scores[name]:>{width}.1%}" for one, width in scores)
            rows.append(f"  {shown:8}{cells}")
    return rows


def _count(number: int, noun: str) -> str:
    plural = noun[:-1] + "ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"
