"""CUHK01: two cameras on a campus, two images per identity and camera."""

import re
from collections.abc import Sequence

import numpy as np

from reid_align.datasets.benchmark import PublishedCount
from reid_align.datasets.dataset_files import match_images
from reid_align.datasets.dataset_registry import register
from reid_align.datasets.dataset_types import ImageRecord, ReidDataset, contiguous_ids
from reid_align.datasets.repeated_splits import RepeatedSplitsBenchmark

# Four digits for the identity, three for the image: 1 and 2 are view A, 3 and 4 are view B.
_NAME = re.compile(r"(\d{4})00([1-4])\.")
_SPLITS = 10


@register
class Cuhk01(RepeatedSplitsBenchmark):
    """CUHK01 with 485 training and 486 test identities, in ten random splits.

    The test is single-shot: both images of view A (camera 0) are queries; the gallery has one
    image of view B (camera 1) per identity, and the protocol averages over its draws. The splits
    come from fixed seeds. Papers draw other splits, so compare averages only.
    """

    name = "cuhk01"
    title = "CUHK01 (485/486)"
    paper = "Li et al., Human Reidentification with Transferred Metric Learning, ACCV 2012"
    url = "http://www.ee.cuhk.edu.hk/~xgwang/CUHK_identification.html"
    terms = "Non-commercial research; no redistribution."
    layouts = (("campus/",),)
    published = (PublishedCount("campus/", 3_884, 971),)
    protocol = "single_gallery_shot"

    def read(self, root: str, paths: Sequence[str]) -> ReidDataset:
        """Read the folder and draw the splits."""
        images = match_images(self.name, paths[0], _NAME, "0001001.png")
        records = [ImageRecord(path, int(m[1]), (int(m[2]) - 1) // 2) for path, m in images]
        self.check(records)
        identities = list(contiguous_ids(record.person_id for record in records))
        testsets = [draw_test_ids(identities, seed) for seed in range(_SPLITS)]
        return self.divide(root, records, testsets, query_camera=0)


def draw_test_ids(identities: Sequence[int], seed: int) -> set[int]:
    """Draw half of the identities, rounded up; the result is the same in every NumPy version."""
    # NumPy guarantees a stable stream for RandomState, but not for Generator.
    order = np.random.RandomState(seed).permutation(len(identities))
    return {identities[position] for position in order[len(identities) // 2 :]}
