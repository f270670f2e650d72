"""What to say when a recipe has run."""

from collections.abc import Mapping

from reid_align.training.loop import Summary

# The commands that take each product, as a file or by its folder.
USES: Mapping[str, tuple[str, ...]] = {
    "encoder": (
        "extract IMAGES -o feats.npy --weights {file}",
        "evaluate DATASET FOLDER --weights {file}",
    ),
    "san_decoder": ("unwrap IMAGES -o textures --weights {folder}",),
    "dense_uv": ("unwrap IMAGES -o maps --to iuv --weights {file}",),
}


def report_run(name: str, summary: Summary) -> str:
    """Return what was trained, what it is worth, and the commands that use it.

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
        for use in USES.get(file.stem, ()):
            command = use.format(file=file, folder=file.parent)
            lines.append(f"  python -m reid_align.{command}")
    return "\n".join(lines)
