"""Evaluation protocols: which gallery images are excluded for which query.

All protocols share these rules:

* Junk (gallery images with a negative person id) is excluded for all queries.
* The query's own image (a gallery image with the same image id) is excluded. This needs image ids
  on both sides.
* A distractor (a gallery image with an identity that no query has) is a plain negative.
* A query with a negative person id is ignored.

A protocol adds the camera rule, or the rule of groups.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.metrics.blockwise_distances import DistanceBlocks
from reid_align.metrics.labels import Labels
from reid_align.metrics.query_pooling import Pooling
from reid_align.metrics.ragged_arrays import IdLookup, Indices


@dataclass(frozen=True)
class Protocol:
    """Evaluation protocol.

    Args:
        name: label of the results.
        drop_same_camera: exclude gallery images with the identity and the camera of the query;
            needs camera ids on both sides.
        single_gallery_shot: the gallery contains one randomly drawn image per identity. Only
            `expected_single_shot` supports this.
        query_pooling: pool all query images of an identity in one camera to one query, with
            `pool_queries`, before the distances; None for one query per image.
        within_group: exclude gallery images of other groups than the query's; needs group ids on
            both sides.
    """

    name: str
    drop_same_camera: bool
    single_gallery_shot: bool = False
    query_pooling: Pooling | None = None
    within_group: bool = False


# Source: Market-1501 (Zheng et al., ICCV 2015); also MSMT17, and CUHK03 in its 767/700 split.
CROSS_CAMERA = Protocol("cross_camera", drop_same_camera=True)
ALL_IMAGES = Protocol("all_images", drop_same_camera=False)
# Source: CUHK03 in its first, 100-person split (Li et al., CVPR 2014); also CUHK01.
SINGLE_GALLERY_SHOT = Protocol(
    "single_gallery_shot", drop_same_camera=True, single_gallery_shot=True
)
# Source: Market-1501 (Zheng et al., ICCV 2015), which reports both.
MULTIPLE_QUERY = Protocol("multiple_query", drop_same_camera=True, query_pooling="mean")
MULTIPLE_QUERY_MAX = Protocol("multiple_query_max", drop_same_camera=True, query_pooling="max")
# The same person some frames later, among all people in that frame: a group is one frame.
REASSOCIATION = Protocol("reassociation", drop_same_camera=False, within_group=True)

PROTOCOLS = {
    p.name: p
    for p in (
        CROSS_CAMERA,
        ALL_IMAGES,
        SINGLE_GALLERY_SHOT,
        MULTIPLE_QUERY,
        MULTIPLE_QUERY_MAX,
        REASSOCIATION,
    )
}


def default_protocol(query: Labels, gallery: Labels) -> Protocol:
    """Return CROSS_CAMERA if both sides have camera ids, ALL_IMAGES if neither has.

    Raises:
        InvalidInputError: only one side has camera ids.
    """
    if (query.camera_ids is None) != (gallery.camera_ids is None):
        side = "query" if gallery.camera_ids is None else "gallery"
        raise InvalidInputError(
            f"Only the {side} has camera ids. Pass them for both sides, or pass "
            "protocol=ALL_IMAGES to ignore cameras."
        )
    return ALL_IMAGES if query.camera_ids is None else CROSS_CAMERA


def check_gallery_shots(protocol: Protocol, *, single: bool) -> None:
    """Raise InvalidInputError unless the protocol is (or is not) a single-gallery-shot protocol."""
    if protocol.single_gallery_shot != single:
        alternative = "rank or verify" if single else "expected_single_shot"
        raise InvalidInputError(
            f"This function does not support the protocol {protocol.name!r}. Use {alternative}, or "
            "another protocol."
        )


class MatchedBlock(NamedTuple):
    """Block of distances with the protocol applied.

    Args:
        start: index of its first query.
        distances: (B, G) float32, +inf where the gallery image is excluded for the query.
        rows: query of each genuine pair, relative to ``start``, ascending.
        columns: gallery image of each genuine pair, ascending within a row.
    """

    start: int
    distances: NDArray[np.float32]
    rows: Indices
    columns: Indices


def matched_blocks(
    distances: DistanceBlocks, query: Labels, gallery: Labels, protocol: Protocol
) -> Iterator[MatchedBlock]:
    """Apply a protocol to each block of distances, in place, and find the genuine pairs.

    Raises:
        InvalidInputError: labels that do not match the shape of the distances, or missing camera
            or group ids.
    """
    _check_sizes(distances, query, gallery)
    groups = _groups(query, gallery, protocol)
    cameras, images = _cameras(query, gallery, protocol), _images(query, gallery)
    identities, junk = IdLookup(gallery.person_ids), gallery.person_ids < 0
    for start, block in distances:
        here = slice(start, start + len(block))
        rows, columns = identities.pairs(query.person_ids[here])
        block[:, junk] = np.inf
        block[query.person_ids[here] < 0] = np.inf
        if images is not None:
            block[images[1].pairs(images[0][here])] = np.inf
        if groups is not None:
            block[groups[0][here, None] != groups[1]] = np.inf
        if cameras is not None:
            same = cameras[0][here][rows] == cameras[1][columns]
            block[rows[same], columns[same]] = np.inf
        genuine = np.isfinite(block[rows, columns])
        yield MatchedBlock(start, block, rows[genuine], columns[genuine])


def _check_sizes(distances: DistanceBlocks, query: Labels, gallery: Labels) -> None:
    if distances.shape != (len(query), len(gallery)):
        raise InvalidInputError(
            f"Got distances of {distances.shape[0]} queries to {distances.shape[1]} gallery images "
            f"and labels of {len(query)} queries and {len(gallery)} gallery images. The numbers "
            "must match."
        )


def _cameras(query: Labels, gallery: Labels, protocol: Protocol) -> tuple[Indices, Indices] | None:
    if not protocol.drop_same_camera:
        return None
    if query.camera_ids is None or gallery.camera_ids is None:
        raise InvalidInputError(
            f"The protocol {protocol.name!r} needs camera ids. Pass camera_ids in the Labels of "
            "both sides, or pass protocol=ALL_IMAGES."
        )
    return query.camera_ids, gallery.camera_ids


def _groups(query: Labels, gallery: Labels, protocol: Protocol) -> tuple[Indices, Indices] | None:
    if not protocol.within_group:
        return None
    if query.group_ids is None or gallery.group_ids is None:
        raise InvalidInputError(
            f"The protocol {protocol.name!r} needs group ids. Pass group_ids in the Labels of both "
            "sides, or use another protocol."
        )
    return query.group_ids, gallery.group_ids


def _images(query: Labels, gallery: Labels) -> tuple[Indices, IdLookup] | None:
    if query.image_ids is None or gallery.image_ids is None:
        return None
    return query.image_ids, IdLookup(gallery.image_ids)
