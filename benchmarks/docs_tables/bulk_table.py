"""Tables of bulk_extraction.json: measured speed, and the cost of many images by arithmetic."""

from benchmarks.docs_tables.markdown import Record, origin, table

SIZES = (10**6, 10**8, 10**9)
_NAMES = {"plain": "plain loop, `-o feats.npy`", "ray": "`--engine ray`, 2 workers"}
_MSMT17_ROWS = 126_441
_PER_TAR = 10_000


def bulk_extraction(record: Record) -> str:
    """Return the measurements of both engines."""
    found = record["extraction"]
    rows = [
        (
            _NAMES[name],
            f"{run['images_per_s']:.1f}",
            f"{1000 * run['cpu_s'] / found['images']:.0f}",
            f"{run['peak_gb']:.1f}",
            f"{run['processes']:.0f}",
        )
        for name, run in found["engines"].items()
    ]
    head = "engine", "images/s", "CPU ms per image, with the start", "memory, GB", "processes"
    bits = "the same bits" if found["same_bits"] else "NOT the same bits"
    notes = (
        f"{found['images']:,} JPEG images of 256 × 128, `san_resnet50`, median of runs in turn. "
        f"Ray has {found['rate_ratio']:.2f} times the rate of the plain loop (median of the runs: "
        f"{_ratios(found['runs'])}), and its rows have {bits}. The rate is that between "
        "checkpoints, without the start. Other programs used the machine at the same time "
        f"(load {record['load']:.0f}): compare rows with each "
        "other, not with other pages."
    )
    return f"{table(head, rows)}\n\n{notes}\n\n{origin(record)}"


def bulk_cost(record: Record) -> str:
    """Return what 10^6, 10^8 and 10^9 images cost, from the measurements."""
    found, features = record["extraction"], record["features"]
    # CPU time counts no time of other programs, unlike the rate.
    core_seconds = found["engines"]["plain"]["cpu_s"] / found["images"]
    rows = [
        (
            f"10{_SUPERSCRIPTS[len(str(size)) - 1]}",
            f"{size * core_seconds / 3600:,.0f}",
            f"{size * core_seconds / 86400 / 64:,.1f}",
            f"{size * found['bytes_per_row'] / 1e12:,.3f}",
            f"{size * features['read_cpu_s'] / features['rows'] / 60:,.0f}",
            f"{size * record['feature_dim'] * 2 / 1e9:,.0f}",
            f"{max(1, size // _PER_TAR):,}",
        )
        for size in SIZES
    ]
    head = (
        "images", "core-hours to extract", "days on 64 cores", "Parquet, TB", "CPU minutes to read",
        "memory for exact search in float16, GB", "tar shards of 10,000",
    )  # fmt: skip
    pairs = (_MSMT17_ROWS / features["clustered_rows"]) ** 2
    notes = (
        f"By arithmetic from {1000 * core_seconds:.0f} CPU ms per image, "
        f"{found['bytes_per_row']:,} bytes per row and "
        f"{1e6 * features['read_cpu_s'] / features['rows']:.0f} µs to read a row. Reading MSMT17's "
        f"{features['rows']:,.0f} rows took {features['read_cpu_s']:.1f} CPU seconds. Clustering "
        f"{features['clustered_rows']:,.0f} of them took {features['cluster_cpu_s']:.0f} CPU "
        f"seconds; by arithmetic, all {_MSMT17_ROWS:,} take "
        f"{pairs * features['cluster_cpu_s'] / 60:,.0f} CPU minutes. GPUs were not measured."
    )
    return f"{table(head, rows)}\n\n{notes}\n\n{origin(record)}"


def _ratios(runs: Record) -> str:
    pairs = zip(runs["ray"], runs["plain"], strict=True)
    return ", ".join(f"{ray['images_per_s'] / here['images_per_s']:.2f}" for ray, here in pairs)


_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
