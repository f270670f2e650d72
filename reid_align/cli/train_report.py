"""Report of ``train``: the finished run and the commands that use its networks."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reid_align.training.training_run import TrainingSummary

# Commands for each product, as a file or by its folder.
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "encoder": (
        "extract IMAGES -o feats.npy --weights {file}",
        "evaluate DATASET FOLDER --weights {file}",
    ),
    "san_decoder": ("unwrap IMAGES -o textures --weights {folder}",),
    "dense_uv": ("unwrap IMAGES -o maps --to iuv --weights {file}",),
}


def report_run(name: str, summary: "TrainingSummary") -> str:
    """Return the steps, the scores and the commands that use the trained networks.

    Args:
        name: of the recipe.
        summary: of its last stage.
    """
    state = "was finished before" if summary.nothing_to_do else f"{summary.steps} steps"
    lines = [f"{name}: {state}, in {summary.folder}"]
    if summary.latest is not None:
        scores = ", ".join(f"{key} {value:.1%}" for key, value in summary.latest.scores.items())
        lines.append(f"  evaluated: {scores}")
    for file in summary.products:
        for command in COMMANDS.get(file.stem, ()):
            filled = command.format(file=file, folder=file.parent)
            lines.append(f"  python -m reid_align.{filled}")
    return "\n".join(lines)
