"""Conversion of the queries of an evaluation to ranked lists to show."""

from reid_align.evaluation.evaluation_result import QueryScore, RankedHit, ScoreRow
from reid_align.viz.ranked_lists import RankedImage, RankedList


def ranked_queries(score: ScoreRow) -> list[RankedList]:
    """Return the queries and their hits for `viz.ranked_page` and `viz.ranked_sheet`.

    The score of a list is the query's average precision, or its rank-1 for single-gallery-shot
    protocols. Needs results with hits (`EvaluationOptions.hits`).
    """
    return [_ranked(query) for query in score.queries]


def _ranked(query: QueryScore) -> RankedList:
    precision = query.average_precision
    caption = "" if precision is None else f"AP {100 * precision:.0f}%"
    shown = RankedImage(query.path, query.path, caption, query.camera, query.person)
    hits = tuple(map(_image, query.hits))
    return RankedList(shown, hits, query.rank1 if precision is None else precision)


def _image(hit: RankedHit) -> RankedImage:
    caption = f"{hit.distance:.3f}"
    return RankedImage(hit.path, hit.path, caption, hit.camera, hit.person, hit.is_match)
