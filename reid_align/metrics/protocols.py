"""The one place that states who is excluded from whose gallery.

Whatever the protocol, for every query:

* junk, a gallery item with a negative person id, is dropped, for everybody;
* the query's own image, a gallery item with the same image id, is dropped, where both sides have
  image ids (without them it cannot be known);
* a distractor, a gallery item whose person no query shows, is a plain negative.

A protocol adds what is dropped because of the camera. A query of a person with a negative id takes
part in nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.metrics._ragged import IdLookup, Indices
from reid_align.metrics.blocks import DistanceBlocks
from reid_align.metrics.labels import Labels


@dataclass(frozen=True)
class Protocol:
    """A rule of evaluation.

    Args:
        name: how results are labeled.
        drop_same_camera: drop the gallery items of the query's person that were taken by the
            query's camera; needs camera ids on both sides.
        single_gallery_shot: the gallery holds one image of every person, drawn from those there
            are. Such a protocol is computed by the functions of single_shot, no other.
    """

    name: str
    drop_same_camera: bool
    single_gallery_shot: bool = False


# Source: Market-1501 (Zheng et al., ICCV 2015); also MSMT17, and CUHK03 in its 767/700 split.
CROSS_CAMERA = Protocol("cross_camera", drop_same_camera=True)
ALL_IMAGES = Protocol("all_images", drop_same_camera=False)
# Source: CUHK03 in its first, 100-person split (Li et al., CVPR 2014); also CUHK01.
SINGLE_GALLERY_SHOT = Protocol(
    "single_gallery_shot", drop_same_camera=True, single_gallery_shot=True
)

PROTOCOLS = {p.name: p for p in (CROSS_CAMERA, ALL_IMAGES, SINGLE_GALLERY_SHOT)}


def default_protocol(query: Labels, gallery: Labels) -> Protocol:
    """Return CROSS_CAMERA where both sides have camera ids, ALL_IMAGES where neither has.

    Raises:
        InvalidInputError: only one side has camera ids.
    """
    if (query.camera_ids is None) != (gallery.camera_ids is None):
        side = "query" if gallery.camera_ids is None else "gallery"
        raise InvalidInputError(
            f"Only the {side} has camera ids: give them for both sides, or pass "
            "protocol=ALL_IMAGES to leave cameras aside."
        )
    return ALL_IMAGES if query.camera_ids is None else CROSS_CAMERA


def check_gallery_shots(protocol: Protocol, *, single: bool) -> None:
    """Raise InvalidInputError if a protocol is, or is not, a single-gallery-shot one."""
    if protocol.single_gallery_shot != single:
        fitting = "rank or verify" if single else "expected_single_shot or sampled_single_shot"
        raise InvalidInputError(
            f"The protocol {protocol.name!r} is not computed here: use {fitting}, or another "
            "protocol."
        )


class MatchedBlock(NamedTuple):
    """A block of distances with the protocol applied.

    Args:
        start: the number of its first query.
        distances: (B, G) float32, +inf where the gallery item is excluded for the query.
        rows: the query, counted from ``start``, of every genuine pair, ascending.
        columns: the gallery item of every genuine pair, ascending within a row.
    """

    start: int
    distances: NDArray[np.float32]
    rows: Indices
    columns: Indices


def matched_blocks(
    distances: DistanceBlocks, query: Labels, gallery: Labels, protocol: Protocol
) -> Iterator[MatchedBlock]:
    """Apply a protocol to every block of distances, in place, and find the genuine pairs.

    Raises:
        InvalidInputError: labels that do not fit the distances, or camera ids that are missing.
    """
    _check_sizes(distances, query, gallery)
    cameras, images = _cameras(query, gallery, protocol), _images(query, gallery)
    people, junk = IdLookup(gallery.person_ids), gallery.person_ids < 0
    for start, block in distances:
        here = slice(start, start + len(block))
        rows, columns = people.pairs(query.person_ids[here])
        block[:, junk] = np.inf
        block[query.person_ids[here] < 0] = np.inf
        if images is not None:
            block[images[1].pairs(images[0][here])] = np.inf
        if cameras is not None:
            same = cameras[0][here][rows] == cameras[1][columns]
            block[rows[same], columns[same]] = np.inf
        genuine = np.isfinite(block[rows, columns])
        yield MatchedBlock(start, block, rows[genuine], columns[genuine])


def _check_sizes(distances: DistanceBlocks, query: Labels, gallery: Labels) -> None:
    if distances.shape != (len(query), len(gallery)):
        raise InvalidInputError(
            f"Distances of {distances.shape[0]} queries to {distances.shape[1]} gallery items, "
            f"labels of {len(query)} queries and {len(gallery)} gallery items: they must agree."
        )


def _cameras(query: Labels, gallery: Labels, protocol: Protocol) -> tuple[Indices, Indices] | None:
    if not protocol.drop_same_camera:
        return None
    if query.camera_ids is None or gallery.camera_ids is None:
        raise InvalidInputError(
            f"The protocol {protocol.name!r} drops images by camera, but camera ids are missing: "
            "give them in the Labels of both sides, or pass protocol=ALL_IMAGES."
        )
    return query.camera_ids, gallery.camera_ids


def _images(query: Labels, gallery: Labels) -> tuple[Indices, IdLookup] | None:
    if query.image_ids is None or gallery.image_ids is None:
        return None
    return query.image_ids, IdLookup(gallery.image_ids)
