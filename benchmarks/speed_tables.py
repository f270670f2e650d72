"""The tables and the image of throughput.json."""

from collections.abc import Iterable, Mapping
from typing import Any

from docs_tables import Record, origin, table
from PIL import Image

from reid_align.viz import draw_curves

FIGURE = "![How the cost grows with batch, threads and images](images/{}.png)"


def throughput(record: Record, image: str = "throughput") -> str:
    """Return the ways from images to features beside each other, and what they leave unused.

    Args:
        record: what throughput.py measured.
        image: the name of the curves that were drawn of it.
    """
    operations = record["giga_operations_per_image"]
    limits = {
        dtype: max(rates.values()) / operations
        for dtype, rates in record.get("giga_operations_per_second", {}).items()
    }
    eager = next(row["best"] for row in record["forward"] if row["name"] == "eager float32")
    files = {row["name"]: row for row in record.get("from_files", [])}
    rows = []
    for row in record["forward"]:
        dtype = "bfloat16" if "bfloat16" in row["name"] else "float32"
        share = f"{row['best'] / limits[dtype]:.0%}" if dtype in limits else ""
        whole = files.get(row["name"], {})
        rate = f"{whole['best']:.1f}" if whole else ""
        error = f"{whole['max_relative_error']:.0e}" if whole else ""
        best = f"{row['best']:.1f}", f"{row['best'] / eager:.2f} ×"
        rows.append((row["name"], *best, share, rate, error))
    head = (
        "way", "network alone, images/s", "of eager", "of the machine's matrix products",
        "from files, images/s", "largest error",
    )  # fmt: skip
    default = files.get("torch float32", {}).get("best", float("nan"))
    peers = [
        (name, f"{row['best']:.1f}", f"{default / row['best']:.2f} ×")
        for name, row in files.items()
        if name.startswith("torchreid")
    ]
    parts = [table(head, rows)]
    if peers:
        parts.append(table(("the peers' way", "from files, images/s", "ours by default"), peers))
    if kept := _kept(files.values()):
        parts.append(kept)
    figure = [FIGURE.format(image)] if "growth" in record else []
    return "\n\n".join([*parts, *_rest(record), *figure, origin(record)])


def _kept(files: Iterable[Mapping[str, Any]]) -> str:
    """Return what is left of the network's rate from files, where both were measured in turn."""
    shares = [
        f"{row['name']} {row['best'] / row['network_alone']:.2f}"
        for row in files
        if "network_alone" in row
    ]
    listed = ", ".join(shares)
    return listed and f"From files, as a share of the network alone, measured in turn: {listed}."


def _rest(record: Record) -> list[str]:
    """Return the sentences on limits, DSA-reID, memory and start; what was skipped is left out."""
    found = []
    for dtype, rates in record.get("giga_operations_per_second", {}).items():
        listed = ", ".join(f"{name} {rate:.0f}" for name, rate in rates.items())
        found.append(f"Matrix products in {dtype}, 10⁹ operations a second: {listed}.")
    if encoders := record.get("encoders"):
        listed = (f"{encoders[f'time_ratio {d}']:.2f} in {d}" for d in ("float32", "bfloat16"))
        found.append(f"DSA-reID takes so many times as long as SAN: {', '.join(listed)}.")
    if runs := record.get("memory"):
        peaks = ", ".join(f"{run['peak_mib']} MiB for {run['images']:,} images" for run in runs)
        found.append(f"Peak memory of an extraction to a file (small network): {peaks}.")
    if start := record.get("start"):
        found.append(
            f"The command's first feature is there after {start['first_feature_s']} s; importing "
            f"torch and loading the weights take {start['torch_and_weights_s']} s of these."
        )
    return found


def latency(record: Record) -> str:
    """Return how long one call for one image takes, in each way."""
    peers = record["rows"][0]["ms"]
    rows = [
        (row["name"], f"{row['ms']:.1f}", f"{row['ms'] / peers:.2f} ×") for row in record["rows"]
    ]
    head = "one image a call", "ms", "of the peers'"
    return f"{table(head, rows)}\n\n{origin(record)}"


def draw_throughput(record: Record) -> Image.Image:
    """Draw how the cost grows: over the batch, the threads and the images, in time and memory."""
    growth = record.get("growth", {})
    most = max(len(row["by_batch"]) for row in record["forward"])
    panels = {
        "the network alone, images/s by batch": {
            row["name"].replace("float32, channels last", "ch. last"): _points(row["by_batch"])
            for row in record["forward"]
            # What is compiled has one size; the step between two others would be a line too many.
            if len(row["by_batch"]) == most and "folded" not in row["name"]
        },
        "from files, images/s by threads": {
            "torch float32": _points(growth.get("images_per_second_by_threads", {}))
        },
        "from files, seconds by images": {
            "torch float32": _points(growth.get("seconds_by_images", {}))
        },
    }
    if runs := record.get("memory"):
        peaks = _points({run["images"]: run["peak_mib"] for run in runs})
        more = [(images, 1.1 * peaks[0][1]) for images, _ in peaks]
        panels["peak memory, MiB by images"] = {"small network": peaks, "10 % more": more}
    return draw_curves(panels)


def _points(values: Mapping[str | int, float]) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in values.items()]
