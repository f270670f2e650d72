"""The table of zoo.json: the weights there are, beside each other."""

from docs_tables import Record, origins, table

SYNTHETIC, REAL = "synthetic", "cuhk03_detected"
PLAIN, HELPED = "plain", "flip_adapted_camera_wise"
RERANKED = f"{HELPED}_reranked"
COLUMNS = (
    (SYNTHETIC, PLAIN), (SYNTHETIC, HELPED), (REAL, PLAIN), (REAL, HELPED), (REAL, RERANKED)
)  # fmt: skip


def zoo(record: Record) -> str:
    """Return what each of the weights is, costs and finds."""
    rows = record.get("rows")
    if not rows:
        return "No weights are measured yet: `python benchmarks/zoo.py` does it."
    head = (
        "weights", "parameters", "file, MiB", "image", "dimension", "images a second",
        "synthetic test people", "adapted", "CUHK03-NP detected", "adapted", "and re-ranked",
        "license",
    )  # fmt: skip
    return "\n\n".join((table(head, map(_row, rows)), _legend(rows[-1]), origins(rows)))


def _row(row: Record) -> tuple[object, ...]:
    found = [row["scores"].get(dataset, {}).get(way) for dataset, way in COLUMNS]
    return (
        f"`{row['label']}`",
        f"{row['parameters']:,}",
        f"{row['bytes'] / 2**20:.1f}",
        f"{row['height']}×{row['width']}",
        row["feature_dim"],
        f"{row['images_per_second']['median']:.0f}",
        *(f"{one['rank1']:.1f} / {one['mAP']:.1f}" if one else "" for one in found),
        row["license"] or "",
    )


def _legend(row: Record) -> str:
    """Return what the columns mean, and what else a reader has to know of them."""
    speed, remark = row["images_per_second"], row["scores"].get(REAL, {}).get("note")
    threads = "1 thread" if speed["threads"] == 1 else f"{speed['threads']} threads"
    return (
        "Images are height × width. Rank-1 / mAP in percent with cosine distances; none of these "
        'people was seen in training. "Adapted" takes the images of all queries and the gallery '
        "together, and which camera took each, but not who is on them: batch norms are estimated "
        "anew from them (`--adapt`), features averaged with the mirror image (`--flip`) and "
        "whitened camera by camera (`--normalize-cameras`); `--rerank` re-ranks. "
        + (f"CUHK03-NP: {remark}. " if remark else "")
        + f"Speed from files to features: {speed['device']}, {threads}, float32."
    )
