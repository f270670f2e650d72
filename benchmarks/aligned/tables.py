"""The tables and the image of alignment.json."""

from docs_tables import Record, origin, table
from PIL import Image

from reid_align.viz import draw_curves


def alignment(record: Record) -> str:
    """Return rank-1 by what differs, and textures and maps against the truth."""
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
        head = "textures by", "mean absolute error, of 255", "structural similarity"
        parts.append(table(head, textures))
    if maps:
        head = "maps by", "IoU of the body, %", "mean IoU of the parts, %", "error of U and V, %"
        parts.append(table(head, maps))
    return "\n\n".join([*parts, origin(record)])


def draw_alignment(record: Record) -> Image.Image:
    """Draw rank-1 over each condition, a line for each encoder."""
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
