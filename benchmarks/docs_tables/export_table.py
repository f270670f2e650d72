"""Table of exported_precision.json: loss, size and speed of exported files."""

from collections.abc import Iterator

from benchmarks.docs_tables.markdown import Record, origins, table


def exported_precision(record: Record) -> str:
    """Return size, accuracy, cosine and speed of each number format."""
    rows = record["rows"]
    last = rows[-1]
    head = (
        "encoder", "file", "MiB", f"{last['dataset']}: rank-1 / mAP", "smallest cosine",
        "1 % of images below", "mean cosine", *["images/s"] * any(map(_rates, rows)),
    )  # fmt: skip
    note = (
        f"int8 is calibrated on {last['calibration_images']} training images of "
        f"{last['dataset']}; cosines to the features of `extract`, over the "
        f"{last['scores']['int8']['images']:,} query and gallery images, none of which calibrated. "
        "Accuracy with cosine distance."
    )
    return "\n\n".join(
        (table(head, (cells for row in rows for cells in _rows(row))), note, origins(rows))
    )


def _rates(row: Record) -> Record:
    rates: Record = row.get("images_per_second", {})
    return rates


def _rows(row: Record) -> Iterator[tuple[str, ...]]:
    rates = _rates(row)
    for name, found in row["scores"].items():
        size = row["bytes"].get(name)
        yield (
            row["label"],
            f"`{name}`" if size is None else name,
            "" if size is None else f"{size / 2**20:.1f}",
            f"{found['rank1']:.2f} / {found['mAP']:.2f}",
            f"{found['min_cosine']:.4f}",
            f"{found['percentile1_cosine']:.4f}",
            f"{found['mean_cosine']:.4f}",
            *([f"{rates[name]:.0f}"] if rates else []),
        )
