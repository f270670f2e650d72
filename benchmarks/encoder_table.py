"""Tables of encoders: what they find of persons they have never seen, or have; what int8 costs."""

from docs_tables import Record, origins, table

WAYS = {
    "plain": "plain",
    "flip_camera_wise": "with flip and cameras",
    "flip_adapted_camera_wise": "with norms adapted too",
}


def fitted(record: Record) -> str:
    """Return what each encoder finds of the persons that it was trained on."""
    rows = [(row["label"], _scores(row["cuhk03_train"]["plain"])) for row in record["rows"]]
    head = "row and seed", "the persons it was trained on: rank-1 / mAP"
    return f"{table(head, rows)}\n\n{origins(record['rows'])}"


def loss_gradients(record: Record) -> str:
    """Return how strongly each loss pulls at the encoder of each row."""
    rows = record["rows"]
    names = list(dict.fromkeys(name for row in rows for name in row["norms"]))
    lines = [
        (row["label"], *(f"{row['norms'][n]:.2f}" if n in row["norms"] else "" for n in names))
        for row in rows
    ]
    return f"{table(('row', *names), lines)}\n\n{origins(rows)}"


def fused_maps(record: Record) -> str:
    """Return what fused features find with each kind of dense map."""
    rows = [(row["label"], _scores(row["z"])) for row in record["rows"]]
    head = "row, and the dense maps of the test images", "fused z: rank-1 / mAP"
    return f"{table(head, rows)}\n\n{origins(record['rows'])}"


def storage(record: Record) -> str:
    """Return what storing weights as int8 saves, and what it costs."""
    rows = []
    for row in record["rows"]:
        size = f"{row['bytes']['full'] / 2**20:.1f}", f"{row['bytes']['int8'] / 2**20:.1f}"
        for name, found in row["scores"].items():
            scores = _scores(found["full"]), _scores(found["int8"])
            rows.append((row["label"], *size, name, *scores, f"{row['cosine_min']:.4f}"))
    head = (
        "weights", "float32, MiB", "int8, MiB", "dataset", "float32: rank-1 / mAP",
        "int8: rank-1 / mAP", "smallest cosine, images of examples/",
    )  # fmt: skip
    return f"{table(head, rows)}\n\n{origins(record['rows'])}"


def transfer_encoders(record: Record) -> str:
    """Return what each encoder finds of persons that none of them has seen."""
    rows = record["rows"]
    head = (
        "encoder", "image", *(f"{title}: rank-1 / mAP" for title in WAYS.values()),
        "of the ten nearest, from the own camera", "rank-1 within the own camera",
    )  # fmt: skip
    return f"{table(head, map(_row, rows))}\n\n{origins(rows)}"


def variations(record: Record) -> str:
    """Return what trainings that differ in a little find of persons that none of them has seen."""
    ways = {"plain": "plain", "camera_wise": "camera by camera"}
    rows = [
        (row["label"], *(_scores(row["cuhk03_train"][way]) for way in ways))
        for row in record["rows"]
    ]
    head = "encoder", *(f"{title}: rank-1 / mAP" for title in ways.values())
    # Their commands differ in the encoder and its label.
    first = {(row["commit"], row["machine"]): row for row in reversed(record["rows"])}
    likewise = "The others likewise, each with its own encoder and label."
    return f"{table(head, rows)}\n\n{origins(reversed(first.values()))} {likewise}"


def _row(row: Record) -> tuple[str, ...]:
    found = row["cuhk03_train"]
    return (
        row["label"],
        _image(row),
        *(_scores(found[way]) for way in WAYS),
        f"{found['plain']['own_camera']:.0f} %",
        f"{found['plain']['rank1_own_camera']:.0f} %",
    )


def _image(row: Record) -> str:
    done = [f"{row['height']}×{row['width']}"]
    if row.get("smoothing"):
        done.append(f"smoothed by {row['smoothing']:g}")
    if row.get("stretch"):
        done.append(f"{100 * row['stretch']:g} % stretched")
    return ", ".join(done)


def _scores(found: Record) -> str:
    return f"{found['rank1']:.1f} / {found['mAP']:.1f}"
