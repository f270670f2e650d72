"""Conversion of search results to ranked lists to show."""

from collections.abc import Mapping, Sequence

from reid_align.retrieval.search_hits import Hit, QueryHits, probability_text
from reid_align.viz.ranked_lists import RankedImage, RankedList, reciprocal_rank

_CAMERA, _IDENTITY = ("camera", "camera_id"), ("person_id", "identity")


def ranked_lists(answers: Sequence[QueryHits]) -> list[RankedList]:
    """Return ranked lists for `viz.ranked_page` and `viz.ranked_sheet`.

    Camera and identity come from the metadata columns camera or camera_id and person_id or
    identity. Hits are right or wrong where the identities of query and hit are known; the score of
    such a list is 1 / rank of the first right hit.
    """
    return [_ranked(answer) for answer in answers]


def _ranked(answer: QueryHits) -> RankedList:
    identity = _text(answer.metadata, _IDENTITY)
    camera = _text(answer.metadata, _CAMERA)
    query = RankedImage(answer.file, answer.query, "", camera, identity)
    hits = tuple(_image(hit, identity) for hit in answer.hits)
    return RankedList(query, hits, reciprocal_rank(hits))


def _image(hit: Hit, wanted: str | None) -> RankedImage:
    identity = _text(hit.metadata, _IDENTITY)
    right = None if wanted is None or identity is None else identity == wanted
    caption = f"{hit.distance:.3f}"
    if hit.probability is not None:
        caption += f", {probability_text(hit.probability)}"
    return RankedImage(hit.file, hit.path, caption, _text(hit.metadata, _CAMERA), identity, right)


def _text(metadata: Mapping[str, object], names: Sequence[str]) -> str | None:
    values = (metadata.get(name) for name in names)
    return next((str(value) for value in values if value is not None), None)
