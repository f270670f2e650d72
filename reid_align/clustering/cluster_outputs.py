"""Outputs of a clustering: ``ids.csv``, contact sheet and summary."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reid_align.clustering.cluster_scores import ClusterScores
from reid_align.csv_text import csv_text
from reid_align.images import decode_image
from reid_align.viz import contact_sheet

SHOWN_CLUSTERS, SHOWN_IMAGES = 60, 6


def ids_table(
    paths: Sequence[str], clusters: NDArray[np.int64], tracks: Sequence[str] | None = None
) -> bytes:
    """Format the identities as CSV: path, identity and, if given, track; in the given order."""
    rows: list[list[object]] = [["path", "identity", *(["track"] if tracks else [])]]
    for row, (path, cluster) in enumerate(zip(paths, clusters.tolist(), strict=True)):
        rows.append([path, cluster, *([tracks[row]] if tracks else [])])
    return csv_text(rows).encode("utf-8", "surrogateescape")


def cluster_sheet(
    paths: Sequence[str], clusters: NDArray[np.int64], height: int = 128
) -> Image.Image:
    """Show the 60 largest identities with at least two images, up to six images of each.

    The images of an identity are spread evenly over its paths in sorted order.

    Raises:
        ImageReadError: an image cannot be read.
    """
    sizes = np.bincount(clusters) if len(clusters) else np.zeros(0, np.int64)
    strips, captions = [], []
    for cluster in np.argsort(-sizes, kind="stable")[:SHOWN_CLUSTERS]:
        if sizes[cluster] < 2:
            break
        members = sorted(paths[row] for row in np.flatnonzero(clusters == cluster).tolist())
        places = np.linspace(0, len(members) - 1, min(len(members), SHOWN_IMAGES)).round()
        strips.append([Image.fromarray(decode_image(members[int(place)])) for place in places])
        captions.append(f"{cluster}: {len(members)} images")
    return contact_sheet(strips, captions, height)


def cluster_report(
    clusters: NDArray[np.int64], threshold: float, items: str, scores: ClusterScores | None
) -> str:
    """Format the counts, and the scores where identities are known."""
    sizes = np.bincount(clusters) if len(clusters) else np.zeros(0, np.int64)
    lines = [
        f"{len(clusters):,} images ({items}): {len(sizes):,} identities at a distance of at most "
        f"{threshold:.4f}; {int((sizes == 1).sum()):,} with one image, largest "
        f"{int(sizes.max(initial=0)):,} images."
    ]
    if scores is not None:
        lines.append(
            f"Compared with {scores.identities:,} known identities of {scores.images:,} images: "
            f"ARI {scores.adjusted_rand_index:.3f}, pairwise F1 {scores.f1:.3f} (precision "
            f"{scores.precision:.3f}, recall {scores.recall:.3f})."
        )
    return "\n".join(lines)
