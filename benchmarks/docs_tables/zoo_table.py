"""Tables of the published weights: zoo.json and encoder_speed.json."""

from benchmarks.docs_tables.markdown import Record, origin, origins, rank1_map, table

REFERENCE = "san_resnet50.synthetic"
DTYPES = "float32", "bfloat16"
SYNTHETIC, REAL = "synthetic", "cuhk03_detected"
PLAIN, ADAPTED = "plain", "flip_adapted_camera_wise"
RERANKED = f"{ADAPTED}_reranked"
COLUMNS = (
    (SYNTHETIC, PLAIN), (SYNTHETIC, ADAPTED), (REAL, PLAIN), (REAL, ADAPTED), (REAL, RERANKED)
)  # fmt: skip


def zoo(record: Record) -> str:
    """Return size, speed and accuracy of each encoder."""
    rows = record.get("rows")
    if not rows:
        return "No weights measured yet. Run `python -m benchmarks.studies.zoo`."
    head = (
        "weights", "parameters", "file, MiB", "input", "dimension",
        "synthetic test set", "adapted", "CUHK03-NP detected", "adapted", "adapted, re-ranked",
        "license",
    )  # fmt: skip
    return "\n\n".join((table(head, map(_row, rows)), _legend(rows[-1]), origins(rows)))


def _row(row: Record) -> tuple[object, ...]:
    found = [row["scores"].get(dataset, {}).get(mode) for dataset, mode in COLUMNS]
    return (
        f"`{row['label']}`",
        f"{row['parameters']:,}",
        f"{row['bytes'] / 2**20:.1f}",
        f"{row['height']}×{row['width']}",
        row["feature_dim"],
        *(rank1_map(one) if one else "" for one in found),
        row["license"] or "",
    )


def _legend(row: Record) -> str:
    remark = row["scores"].get(REAL, {}).get("note")
    return (
        "Input: height × width in pixels. Accuracy: rank-1 / mAP in percent, cosine distance; no "
        "test identity was seen in training. Adapted: uses all query and gallery images and their "
        "camera IDs, but no identity labels: batch-norm statistics re-estimated (`--adapt`), "
        "features averaged with those of the mirrored image (`--flip`) and whitened per camera "
        "(`--normalize-cameras`). Re-ranked: `--rerank`."
        + (f" CUHK03-NP: {remark}." if remark else "")
    )


def encoder_speed(record: Record) -> str:
    """Return the speed of each published encoder, also relative to `san_resnet50`."""
    rows = record["rows"]
    base = next(row["float32"] for row in rows if row["label"] == REFERENCE)
    threads = "1 thread" if record["threads"] == 1 else f"{record['threads']} threads"
    found = [
        (
            f"`{row['label']}`",
            *(f"{row[dtype]:.0f} ({row[dtype] / base:.1f} ×)" for dtype in DTYPES),
        )
        for row in rows
    ]
    head = "images/s", *(f"`--dtype {dtype}`" for dtype in DTYPES)
    note = (
        f"From files to features, {record['device']}, {threads}, in turn in one run, medians of "
        f"{record['rounds']} rounds of {record['images']} images; in brackets: relative to "
        f"`{REFERENCE}` in float32."
    )
    return "\n\n".join((table(head, found), note, origin(record)))
