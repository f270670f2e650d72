"""Tables of encoder accuracy: transfer to CUHK03-NP, int8 storage, ablations of losses and maps."""

from benchmarks.docs_tables.markdown import Record, origins, rank1_map, table

MODES = {
    "plain": "plain",
    "flip_camera_wise": "flip, camera-normalized",
    "flip_adapted_camera_wise": "flip, camera-normalized, adapted",
}
OWN_CAMERA = "top 10 from the query's camera", "rank-1 within the query's camera"


def transfer(record: Record) -> str:
    """Return the table of transfer.json: one small network for each synthetic training set."""
    rows = []
    for row in record["rows"]:
        real, histogram = row["cuhk03_train"], row.get("color_histogram", {}).get("own")
        rows.append(
            (
                row["label"],
                rank1_map(real),
                _percent(real.get("own_camera")),
                _percent(real.get("rank1_own_camera")),
                rank1_map(row["own_test"]),
                rank1_map(histogram) if histogram else "",
            )
        )
    head = (
        "training set", "CUHK03-NP: rank-1 / mAP", *OWN_CAMERA,
        "test split of the same set: rank-1 / mAP", "same split, color histogram",
    )  # fmt: skip
    color = (
        "On the first 300 of these CUHK03-NP identities, the color histogram reaches "
        f"{rank1_map(record['rows'][-1]['color_histogram']['cuhk03'])}."
    )
    return "\n\n".join((table(head, rows), color, origins(record["rows"])))


def transfer_encoders(record: Record) -> str:
    """Return the table of transfer_encoders.json: encoders on unseen CUHK03-NP identities."""
    rows = record["rows"]
    head = (
        "encoder", "input",
        *(f"{title}: rank-1 / mAP" for title in MODES.values()), *OWN_CAMERA,
    )  # fmt: skip
    return f"{table(head, map(_encoder_row, rows))}\n\n{origins(rows)}"


def variations(record: Record) -> str:
    """Return the table of variations.json: encoders from slightly different trainings."""
    modes = {"plain": "plain", "camera_wise": "camera-normalized"}
    rows = [
        (row["label"], *(rank1_map(row["cuhk03_train"][mode]) for mode in modes))
        for row in record["rows"]
    ]
    head = "encoder", *(f"{title}: rank-1 / mAP" for title in modes.values())
    # The commands differ only in the encoder and its label.
    first = {(row["commit"], row["machine"]): row for row in reversed(record["rows"])}
    same = "The other rows use the same command with their own encoder and label."
    return f"{table(head, rows)}\n\n{origins(reversed(first.values()))} {same}"


def fitted(record: Record) -> str:
    """Return the table of fitted.json: accuracy on the training identities."""
    rows = [(row["label"], rank1_map(row["cuhk03_train"]["plain"])) for row in record["rows"]]
    return f"{table(('row and seed', 'training identities: rank-1 / mAP'), rows)}\n\n" + origins(
        record["rows"]
    )


def loss_gradients(record: Record) -> str:
    """Return the table of loss_gradients.json: gradient norm of each weighted loss."""
    rows = record["rows"]
    names = list(dict.fromkeys(name for row in rows for name in row["norms"]))
    lines = [
        (row["label"], *(f"{row['norms'][n]:.2f}" if n in row["norms"] else "" for n in names))
        for row in rows
    ]
    return f"{table(('row', *names), lines)}\n\n{origins(rows)}"


def fused_maps(record: Record) -> str:
    """Return the table of fused_maps.json: fused DSA-reID features by kind of dense pose map."""
    rows = [(row["label"], rank1_map(row["z"])) for row in record["rows"]]
    head = "row and dense pose maps of the test images", "fused features z: rank-1 / mAP"
    return f"{table(head, rows)}\n\n{origins(record['rows'])}"


def storage(record: Record) -> str:
    """Return the table of storage.json: size and accuracy of int8 weights."""
    rows = []
    for row in record["rows"]:
        size = f"{row['bytes']['full'] / 2**20:.1f}", f"{row['bytes']['int8'] / 2**20:.1f}"
        for name, found in row["scores"].items():
            scores = rank1_map(found["full"]), rank1_map(found["int8"])
            rows.append((row["label"], *size, name, *scores, f"{row['cosine_min']:.4f}"))
    head = (
        "weights", "float32, MiB", "int8, MiB", "dataset", "float32: rank-1 / mAP",
        "int8: rank-1 / mAP", "smallest cosine on examples/",
    )  # fmt: skip
    return f"{table(head, rows)}\n\n{origins(record['rows'])}"


def _encoder_row(row: Record) -> tuple[str, ...]:
    found = row["cuhk03_train"]
    return (
        row["label"],
        _input(row),
        *(rank1_map(found[mode]) for mode in MODES),
        _percent(found["plain"]["own_camera"]),
        _percent(found["plain"]["rank1_own_camera"]),
    )


def _input(row: Record) -> str:
    parts = [f"{row['height']}×{row['width']}"]
    if row.get("smoothing"):
        parts.append(f"smoothing {row['smoothing']:g}")
    if row.get("stretch"):
        parts.append(f"contrast stretch {100 * row['stretch']:g} %")
    return ", ".join(parts)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.0f} %"
