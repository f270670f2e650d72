"""Table of street_tracking.json."""

from benchmarks.docs_tables.markdown import Record, origin, table

HEAD = ("tracks", "HOTA", "AssA", "IDF1", "identities")


def street_tracking(record: Record) -> str:
    """Return HOTA and IDF1 of the two-camera video with and without features.

    Args:
        record: the content of street_tracking.json.
    """
    rows = [
        (
            row["label"],
            *(f"{row[name]:.1f}" for name in ("HOTA", "AssA", "IDF1")),
            f"{row['tracks']:.0f}",
        )
        for row in record["rows"]
    ]
    note = (
        f"{record['people']} synthetic people walk past two cameras, {record['frames']} frames "
        f"each. Features of `{record['weights']}`; tracks are linked up to a cosine distance of "
        f"{record['threshold']:g}."
    )
    return "\n\n".join((table(HEAD, rows), note, origin(record)))
