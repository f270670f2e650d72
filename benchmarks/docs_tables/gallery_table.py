"""Table of galleries.json."""

from collections.abc import Iterator

from benchmarks.docs_tables.markdown import Record, origins, table

_METHODS = {
    "exact": "exact, `.npy`",
    "gallery": "`Gallery`, exact",
    "gallery_index": "`Gallery`, `approximate=True`",
    "faiss_ivf": '`FaissIndex`, "ivf"',
    "faiss_hnsw": '`FaissIndex`, "hnsw"',
}
_HEAD = (
    "gallery", "method", "build, s", "disk, MB", "memory, MiB", "one query, ms",
    "one of 100 queries, ms", "one query with filter, ms", "recall@10",
)  # fmt: skip


def galleries(record: Record) -> str:
    """Return the table of methods by size, and notes.

    Args:
        record: the content of galleries.json.
    """
    rows = _by_size(record)
    added = ", ".join(
        f"{row['methods']['gallery']['add_row_ms']:.0f} ms ({row['label']})"
        for row in rows
        if "gallery" in row["methods"]
    )
    loads = ", ".join(f"{row['load']:.0f}" for row in rows)
    notes = [
        "100 queries that are not in the gallery; the filter keeps a tenth of the rows. Real rows "
        "are features of CUHK03 by the shipped SAN. Synthetic rows are clusters of 20 around "
        "random centers.",
        f"Adding one row to a `Gallery`, synchronized with the disk: {added}.",
        "Times are wall-clock times, and CPU times of both cores in brackets. The load of the two "
        f"cores at the end of each run, which uses both, was {loads}.",
    ]
    return "\n\n".join([table(_HEAD, _rows(record)), *notes, origins(rows)])


def _by_size(record: Record) -> list[Record]:
    return sorted(record["rows"], key=lambda row: int(row["rows"]) * int(row["feature_dim"]))


def _rows(record: Record) -> Iterator[tuple[str, ...]]:
    for row in _by_size(record):
        size = f"{row['rows']:,} × {row['feature_dim']:,}, {row['source']}"
        for method, found in row["methods"].items():
            disk = row["npy_mb"] if method == "exact" else found.get("disk_mb")
            yield (
                size,
                _METHODS[method],
                _both(found, "build_s", "build_cpu_s"),
                f"{disk:,.0f}" if disk else "",
                f"{found['memory_mib']:,.0f}",
                _both(found, "one_query_ms", "one_query_cpu_ms"),
                _both(found, "query_of_100_ms", "query_of_100_cpu_ms"),
                _both(found, "filter_ms", "filter_cpu_ms"),
                f"{found['recall']:.3f}",
            )


def _both(found: Record, wall: str, cpu: str) -> str:
    """Return "wall (CPU)", or "" if the method has no such measure."""
    return f"{found[wall]:,.1f} ({found[cpu]:,.1f})" if wall in found else ""
