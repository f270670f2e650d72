"""CUHK01: two cameras on a campus, two images of each person in each."""

import re
from collections.abc import Sequence

import numpy as np

from reid_align.datasets.base import ImageRecord, ReidDataset, contiguous_ids
from reid_align.datasets.files import match_images
from reid_align.datasets.loader import Count, register
from reid_align.datasets.repeated import RepeatedBenchmark

# Four digits for the person, three for the image: 1 and 2 are view A, 3 and 4 are view B.
_NAME = re.compile(r"(\d{4})00([1-4])\.")
_DIVISIONS = 10


@register
class Cuhk01(RepeatedBenchmark):
    """CUHK01 with 485 persons to train on and 486 to test on, divided ten times.

    The test is single-shot: both images of view A (camera 0) are queries, and one image of view B
    (camera 1) stands in the gallery for each person, over whose draws the protocol averages. The
    divisions come from fixed seeds; other works drew their own, so that only averages compare.
    """

    name = "cuhk01"
    title = "CUHK01 (485/486)"
    paper = "Li et al., Human Reidentification with Transferred Metric Learning, ACCV 2012"
    url = "http://www.ee.cuhk.edu.hk/~xgwang/CUHK_identification.html"
    terms = "Non-commercial research; no redistribution."
    layouts = (("campus/",),)
    published = (Count("campus/", 3_884, 971),)
    protocol = "single_gallery_shot"

    def read(self, root: str, paths: Sequence[str]) -> ReidDataset:
        """Read the folder, and draw the divisions."""
        images = match_images(self.name, paths[0], _NAME, "0001001.png")
        records = [ImageRecord(path, int(m[1]), (int(m[2]) - 1) // 2) for path, m in images]
        self.check(records)
        persons = list(contiguous_ids(record.person_id for record in records))
        testsets = [draw_tested(persons, seed) for seed in range(_DIVISIONS)]
        return self.divide(root, records, testsets, query_camera=0)


def draw_tested(persons: Sequence[int], seed: int) -> set[int]:
    """Draw the persons of one division's test: half of them, rounded up.

    The same persons and seed give the same test with every version of NumPy.
    """
    # NumPy keeps the numbers of RandomState from version to version, not those of Generator.
    order = np.random.RandomState(seed).permutation(len(persons))
    return {persons[position] for position in order[len(persons) // 2 :]}
