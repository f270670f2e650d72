"""Tables and figure of throughput.json, latency.json and precision.json."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from PIL import Image

from benchmarks.docs_tables.markdown import Record, origin, origins, table
from reid_align.viz import draw_curves

DTYPES = ("float32", "bfloat16")
FIGURE = "![Throughput and memory by batch size, threads and images](images/{}.png)"


def throughput(record: Record, figure: str = "throughput") -> str:
    """Return the table of backends, and notes on limits, memory and start-up.

    Args:
        record: the content of throughput.json.
        figure: name of the figure, without suffix.
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
        "backend", "network only, images/s", "relative to eager", "of peak matrix throughput",
        "from files, images/s", "largest relative error",
    )  # fmt: skip
    default = files.get("torch float32", {}).get("best", float("nan"))
    peers = [
        (name, f"{row['best']:.1f}", f"{default / row['best']:.2f} ×")
        for name, row in files.items()
        if name.startswith("torchreid")
    ]
    parts = [table(head, rows)]
    if peers:
        parts.append(table(("torchreid", "from files, images/s", "reid_align's default"), peers))
    if shares := _file_shares(files.values()):
        parts.append(shares)
    image = [FIGURE.format(figure)] if "growth" in record else []
    return "\n\n".join([*parts, *_notes(record), *image, origin(record)])


def _file_shares(files: Iterable[Mapping[str, Any]]) -> str:
    shares = [
        f"{row['name']} {row['best'] / row['network_alone']:.2f}"
        for row in files
        if "network_alone" in row
    ]
    listed = ", ".join(shares)
    return listed and f"From files, relative to the network only (same rounds): {listed}."


def _notes(record: Record) -> list[str]:
    """Return the sentences on limits, DSA-reID, memory and start-up that the record has."""
    found = []
    for dtype, rates in record.get("giga_operations_per_second", {}).items():
        listed = ", ".join(f"{name} {rate:.0f}" for name, rate in rates.items())
        found.append(f"Matrix products in {dtype}, GFLOP/s: {listed}.")
    if encoders := record.get("encoders"):
        listed = ", ".join(f"{encoders[f'time_ratio {d}']:.2f} in {d}" for d in DTYPES)
        found.append(f"Time of DSA-reID relative to SAN: {listed}.")
    if runs := record.get("memory"):
        peaks = ", ".join(f"{run['peak_mib']} MiB for {run['images']:,} images" for run in runs)
        found.append(f"Peak memory of extraction to a file (small network): {peaks}.")
    if start := record.get("start"):
        found.append(
            f"The extract command has its first feature after {start['first_feature_s']} s, of "
            f"which importing torch and loading the weights take {start['torch_and_weights_s']} s."
        )
    return found


def latency(record: Record) -> str:
    """Return the time of one call with one image, for each interface."""
    peers = record["rows"][0]["ms"]
    rows = [
        (row["name"], f"{row['ms']:.1f}", f"{row['ms'] / peers:.2f} ×") for row in record["rows"]
    ]
    head = "one image per call", "ms", "relative to torchreid"
    return f"{table(head, rows)}\n\n{origin(record)}"


def precision(record: Record) -> str:
    """Return accuracy, feature error and speed of each number format."""
    rows = [cells for row in record["rows"] for cells in _formats(row)]
    last = record["rows"][-1]
    head = (
        "encoder", "format", "network only, images/s",
        *(f"{name}: rank-1 / mAP" for name in last["scores"]), "largest relative error",
        "smallest cosine",
    )  # fmt: skip
    size = f"Batch: {last['batch']} images of {last['height']}×{last['width']}."
    measured = f"{size} {origins(record['rows'])}"
    return f"{table(head, rows)}\n\n{measured}"


def _formats(row: Record) -> Iterator[tuple[str, ...]]:
    for name, rate in row["images_per_second"].items():
        found = [scores[name] for scores in row["scores"].values()]
        accuracy = (f"{one['rank1']:.2f} / {one['mAP']:.2f}" for one in found)
        error = max((one["max_relative_error"] for one in found), default=float("nan"))
        cosine = min((one["min_cosine"] for one in found), default=float("nan"))
        yield row["label"], name, f"{rate:.0f}", *accuracy, f"{error:.1g}", f"{cosine:.4f}"


def draw_throughput(record: Record) -> Image.Image:
    """Draw throughput by batch size and threads, and time and memory by number of images."""
    growth = record.get("growth", {})
    most = max(len(row["by_batch"]) for row in record["forward"])
    panels = {
        "network only, images/s by batch size": {
            row["name"].replace("float32, channels last", "ch. last"): _points(row["by_batch"])
            for row in record["forward"]
            # Compiled networks have a single batch size; the folded variant would crowd the panel.
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
        limit = [(images, 1.1 * peaks[0][1]) for images, _ in peaks]
        panels["peak memory, MiB by images"] = {"small network": peaks, "+10 %": limit}
    return draw_curves(panels)


def _points(values: Mapping[str | int, float]) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in values.items()]
