"""Reports of an evaluation: text, Markdown, JSON, and a CSV table of queries."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from reid_align import __version__
from reid_align.csv_text import csv_text
from reid_align.evaluation.evaluation_result import (
    EvaluationResult,
    QueryScore,
    ScoreRow,
    Verification,
)
from reid_align.metrics import OperatingPoint

RANKS = (1, 5, 10, 20)
MISSING = "-"


def text_report(result: EvaluationResult) -> str:
    """Format the result as text: heading, table of scores, table of thresholds."""
    splits = f"mean of {result.splits} splits, in total " if result.splits > 1 else ""
    pooled = f" (of {result.pooled_images:,} images)" if result.pooled_images is not None else ""
    parts = [
        f"{result.dataset}, protocol {result.protocol}: {splits}{result.query_images:,} "
        f"queries{pooled}, {result.gallery_images:,} gallery images\n"
        f"Features: {result.processing.statement}.",
        _aligned(_score_rows(result)),
    ]
    invalid = result.query_images - result.scores[0].valid_queries
    if invalid:
        parts.append(f"{invalid:,} queries have no match in the gallery and are left out.")
    if result.skipped:
        count = len(result.skipped)
        images = "1 image" if count == 1 else f"{count:,} images"
        verb = "is" if count == 1 else "are"
        parts.append(f"{images} could not be read and {verb} left out.")
    if result.verification:
        parts.append(_aligned(_threshold_rows(result.verification)))
    return "\n\n".join(parts)


def markdown_report(result: EvaluationResult) -> str:
    """Format the table of scores in Markdown, below a line on the processing of the features."""
    head, *rows = _score_rows(result)
    rule = ["---", *["---:"] * (len(head) - 1)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))
    return f"Features: {result.processing.statement}.\n\n{table}"


def json_report(result: EvaluationResult) -> dict[str, object]:
    """Convert the result to JSON values: rates in percent, distances unscaled."""
    return {
        "reid_align": __version__,
        "dataset": result.dataset,
        "protocol": result.protocol,
        "splits": result.splits,
        "query_images": result.query_images,
        "pooled_images": result.pooled_images,
        "gallery_images": result.gallery_images,
        "feature_dim": result.feature_dim,
        "feature_processing": {
            **asdict(result.processing),
            "statement": result.processing.statement,
        },
        "skipped": [asdict(image) for image in result.skipped],
        "scores": [_json_score(score) for score in result.scores],
        "verification": [_json_thresholds(table) for table in result.verification],
    }


def query_table(result: EvaluationResult) -> str:
    """Format the per-query results as CSV with a header, ordered by score row and query.

    Identities and cameras have the dataset's own names. If the result contains hits, the hit at
    rank 1 has the columns hit1_path, hit1_distance, hit1_person_id, hit1_camera_id and hit1_match,
    and so on; cells of missing hits are empty.
    """
    rows = [
        {**_comparison(score), **_query_cells(query)}
        for score in result.scores
        for query in score.queries
    ]
    columns = max((list(row) for row in rows), key=len)
    return csv_text([columns, *([row.get(column) for column in columns] for row in rows)])


def _query_cells(query: QueryScore) -> dict[str, object]:
    cells: dict[str, object] = {
        "split": query.split,
        "path": query.path,
        "person_id": query.person,
        "camera_id": query.camera,
        "rank1": query.rank1,
        "average_precision": query.average_precision,
        "first_hit": query.first_hit,
    }
    for rank, hit in enumerate(query.hits, 1):
        cells |= {
            f"hit{rank}_path": hit.path,
            f"hit{rank}_distance": f"{hit.distance:.7g}",
            f"hit{rank}_person_id": hit.person,
            f"hit{rank}_camera_id": hit.camera,
            f"hit{rank}_match": int(hit.is_match),
        }
    return cells


def _score_rows(result: EvaluationResult) -> list[list[str]]:
    head = ["", *(f"rank-{k}" for k in RANKS), "mAP", "mINP"]
    return [head, *([score.name, *_percentages(score, result.splits)] for score in result.scores)]


def _percentages(score: ScoreRow, splits: int) -> list[str]:
    deviation = f" ±{100 * score.rank1_deviation:.1f}" if splits > 1 else ""
    means = (score.mean_average_precision, score.mean_inverse_negative_penalty)
    return [
        f"{100 * score.rank(1):.1f}{deviation}",
        *(f"{100 * score.rank(k):.1f}" for k in RANKS[1:]),
        *(MISSING if mean is None else f"{100 * mean:.1f}" for mean in means),
    ]


def _threshold_rows(verification: Sequence[Verification]) -> list[list[str]]:
    rows = [["same identity", "split", "if the distance is at most", "TPR %", "FPR %"]]
    for table in verification:
        names = [f"{table.metric}, FPR at most {100 * rate:g} %" for rate in table.rates]
        names = [f"{table.metric}, EER {100 * table.equal_error_rate:.2f} %", *names]
        points = (table.equal_error_point, *table.points)
        for name, point in zip(names, points, strict=True):
            shares = (point.true_positive_rate, point.false_positive_rate)
            cells = [f"{100 * share:.2f}" if math.isfinite(share) else MISSING for share in shares]
            limit = f"{point.threshold:.4f}" if math.isfinite(point.threshold) else MISSING
            rows.append([name, table.split, limit, *cells])
    return rows


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _json_score(score: ScoreRow) -> Mapping[str, object]:
    means = (score.mean_average_precision, score.mean_inverse_negative_penalty)
    mean_ap, mean_inp = (None if mean is None else 100 * mean for mean in means)
    return {
        **_comparison(score),
        **{f"rank{k}": 100 * score.rank(k) for k in RANKS},
        "mAP": mean_ap,
        "mINP": mean_inp,
        "rank1_deviation": 100 * score.rank1_deviation,
        "valid_queries": score.valid_queries,
        "cmc": [100 * rate for rate in score.cmc],
    }


def _comparison(score: ScoreRow) -> Mapping[str, object]:
    """Return what tells a score from the others of the same result."""
    return {
        "metric": score.metric,
        "reranked": score.reranked,
        "normalize_cameras": score.normalize_cameras,
    }


def _json_thresholds(found: Verification) -> Mapping[str, object]:
    return {
        "split": found.split,
        "metric": found.metric,
        "equal_error_rate": _percent(found.equal_error_rate),
        "equal_error_point": _json_point(found.equal_error_point),
        "at_false_positive_rate": {
            f"{100 * rate:g}": _json_point(point)
            for rate, point in zip(found.rates, found.points, strict=True)
        },
        "roc": [[100 * false, 100 * true] for false, true in found.roc],
    }


def _json_point(point: OperatingPoint) -> Mapping[str, object]:
    # JSON has no infinity: a threshold that accepts nothing is null.
    return {
        "threshold": point.threshold if math.isfinite(point.threshold) else None,
        "true_positive_rate": _percent(point.true_positive_rate),
        "false_positive_rate": _percent(point.false_positive_rate),
    }


def _percent(share: float) -> float | None:
    return 100 * share if math.isfinite(share) else None
