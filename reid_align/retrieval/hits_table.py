"""Search results as a CSV table."""

from collections.abc import Sequence

from reid_align.csv_text import csv_text
from reid_align.retrieval.search_hits import QueryHits

COLUMNS = ("query", "rank", "path", "distance")
PROBABILITY = "probability"


def hits_table(answers: Sequence[QueryHits]) -> str:
    """Format hits as CSV: query, rank from 1, path, distance, metadata, and probability if known.

    A metadata column with one of these names gets the prefix ``metadata_``.
    """
    hits = [hit for answer in answers for hit in answer.hits]
    names = list(dict.fromkeys(name for hit in hits for name in hit.metadata))
    reserved = {*COLUMNS, PROBABILITY}
    header = [*COLUMNS, *(f"metadata_{name}" if name in reserved else name for name in names)]
    calibrated = any(hit.probability is not None for hit in hits)
    rows: list[list[object]] = [[*header, PROBABILITY] if calibrated else [*header]]
    for answer in answers:
        for rank, hit in enumerate(answer.hits, 1):
            values = [hit.metadata.get(name) for name in names]
            row: list[object] = [answer.query, rank, hit.path, f"{hit.distance:.7g}", *values]
            if calibrated:
                row.append("" if hit.probability is None else f"{hit.probability:.4f}")
            rows.append(row)
    return csv_text(rows)
