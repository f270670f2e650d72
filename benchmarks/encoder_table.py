"""The table of transfer_encoders.json: what encoders find on real persons none of them has seen."""

from docs_tables import Record, origin, table

WAYS = {
    "plain": "plain",
    "flip_camera_wise": "with flip and cameras",
    "flip_adapted_camera_wise": "with norms adapted too",
}


def transfer_encoders(record: Record) -> str:
    """Return a row for each encoder, in the order they were measured."""
    rows = record["rows"]
    head = (
        "encoder", "picture", *(f"{title}: rank-1 / mAP" for title in WAYS.values()),
        "of the ten nearest, from the own camera", "rank-1 within the own camera",
    )  # fmt: skip
    return f"{table(head, map(_row, rows))}\n\n{origin(rows[-1])}"


def _row(row: Record) -> tuple[str, ...]:
    found = row["cuhk03_train"]
    return (
        row["label"],
        f"{row['height']}×{row['width']}",
        *(f"{found[way]['rank1']:.1f} / {found[way]['mAP']:.1f}" for way in WAYS),
        f"{found['plain']['own_camera']:.0f} %",
        f"{found['plain']['rank1_own_camera']:.0f} %",
    )
