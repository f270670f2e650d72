"""CUHK01: two cameras on a campus, two images per identity and camera."""

import re
from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from reid_align.datasets.benchmark import PublishedCount
from reid_align.datasets.dataset_files import match_images
from reid_align.datasets.dataset_registry import register
from reid_align.datasets.dataset_types import ImageRecord, ReidDataset, contiguous_ids
from reid_align.datasets.repeated_splits import RepeatedSplitsBenchmark

# Four digits for the identity, three for the image: 1 and 2 are view A, 3 and 4 are view B.
_NAME = re.compile(r"(\d{4})00([1-4])\.")
_SPLITS, _TEST_IDENTITIES = 10, 100


class Cuhk01Base(RepeatedSplitsBenchmark):
    """Base of both divisions, with ten random splits.

    The test is single-shot: both images of view A (camera 0) are queries; the gallery has one
    image of view B (camera 1) per identity, and the protocol averages over its draws. The splits
    come from fixed seeds. Papers draw other splits, so compare averages only.
    """

    paper = "Li et al., Human Reidentification with Transferred Metric Learning, ACCV 2012"
    url = "http://www.ee.cuhk.edu.hk/~xgwang/CUHK_identification.html"
    terms = "Non-commercial research; no redistribution."
    layouts = (("campus/",),)
    published = (PublishedCount("campus/", 3_884, 971),)
    protocol = "single_gallery_shot"

    @abstractmethod
    def test_count(self, identities: int) -> int:
        """Return the number of test identities."""

    def read(self, root: str, paths: Sequence[str]) -> ReidDataset:
        """Read the folder and draw the splits."""
        images = match_images(self.name, paths[0], _NAME, "0001001.png")
        records = [ImageRecord(path, int(m[1]), (int(m[2]) - 1) // 2) for path, m in images]
        self.check(records)
        identities = list(contiguous_ids(record.person_id for record in records))
        count = self.test_count(len(identities))
        testsets = [draw_test_ids(identities, seed, count) for seed in range(_SPLITS)]
        return self.divide(root, records, testsets, query_camera=0)


@register
class Cuhk01(Cuhk01Base):
    """485 training and 486 test identities."""

    name = "cuhk01"
    title = "CUHK01 (485/486)"

    def test_count(self, identities: int) -> int:
        """Return half of the identities, rounded up."""
        return identities - identities // 2


@register
class Cuhk01Of100(Cuhk01Base):
    """871 training and 100 test identities, the usual division of deep networks.

    A reduced copy of 100 or fewer identities keeps one for training.

    Source: Ahmed et al., An Improved Deep Learning Architecture for Person Re-Identification, CVPR
    2015.
    """

    name = "cuhk01_100"
    title = "CUHK01 (871/100)"

    def test_count(self, identities: int) -> int:
        """Return 100, or one less than the identities of a reduced copy."""
        return min(_TEST_IDENTITIES, identities - 1)


def draw_test_ids(identities: Sequence[int], seed: int, count: int) -> set[int]:
    """Draw ``count`` identities; the result is the same in every NumPy version."""
    # NumPy guarantees a stable stream for RandomState, but not for Generator.
    order = np.random.RandomState(seed).permutation(len(identities))
    return {identities[position] for position in order[len(identities) - count :]}
