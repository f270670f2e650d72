"""Tables and figure of alignment.json, and the table of decoder_swap.json."""

from PIL import Image

from benchmarks.docs_tables.markdown import Record, origin, table
from reid_align.viz import draw_curves


def alignment(record: Record) -> str:
    """Return rank-1 by condition, and the errors of textures and dense pose maps."""
    parts = [_ranks(record, name) for name, found in record["rank1"].items() if found]
    textures = [
        (label, f"{found['l1']:.1f}", f"{found['ssim']:.3f}")
        for label, found in record["textures"].items()
    ]
    maps = [
        (label, *(f"{found[name]:.1f}" for name in ("body_iou", "part_iou", "uv_error")))
        for label, found in record["maps"].items()
    ]
    if textures:
        parts.append(table(("textures", "mean absolute error (0 to 255)", "SSIM"), textures))
    if maps:
        head = "dense pose maps", "body IoU, %", "mean part IoU, %", "UV error, %"
        parts.append(table(head, maps))
    return "\n\n".join([*parts, origin(record)])


def decoder_swap(record: Record) -> str:
    """Return the texture error of each run with each map from another identity."""
    swaps = list(record["rows"][0]["errors"])
    own, *others = swaps
    head = (
        "decoder",
        "encoder, image",
        "own maps",
        *(f"{name} of another" if name != "all" else "all of another" for name in others),
    )
    rows = [
        (
            row["label"],
            f"{row['architecture']}, {row['image'][0]}×{row['image'][1]}",
            f"{row['errors'][own]:.3f}",
            *(f"{row['errors'][name]:.3f}" for name in others),
        )
        for row in record["rows"]
    ]
    return f"{table(head, rows)}\n\n{origin(record)}"


def draw_alignment(record: Record) -> Image.Image:
    """Draw rank-1 over each condition, one curve per encoder."""
    units = record["units"]
    return draw_curves(
        {
            f"rank-1 by {name} ({units[name]})": {
                label: [((one["low"] + one["high"]) / 2, one["rank1"]) for one in bins]
                for label, bins in found.items()
            }
            for name, found in record["rank1"].items()
        }
    )


def _ranks(record: Record, name: str) -> str:
    found = record["rank1"][name]
    ranges = {(one["low"], one["high"]): one["queries"] for b in found.values() for one in b}
    rank1 = {(label, one["low"]): one["rank1"] for label, bins in found.items() for one in bins}
    rows = [
        (f"{low:g} to {high:g}", queries, *(f"{rank1[label, low]:.1f}" for label in found))
        for (low, high), queries in sorted(ranges.items())
    ]
    return table((f"{name}, {record['units'][name]}", "queries", *found), rows)
