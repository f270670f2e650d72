"""CUHK03 under its first protocol: 20 test sets of 100 persons, single-gallery-shot."""

import csv
import re
from collections.abc import Sequence

from reid_align.datasets.base import ImageRecord, ReidDataset
from reid_align.datasets.cuhk03_extract import TESTSETS_FILE
from reid_align.datasets.files import match_images, shown
from reid_align.datasets.loader import Count, register
from reid_align.datasets.repeated import RepeatedBenchmark
from reid_align.errors import DatasetFormatError

# Camera pair, person within the pair, view, number of the image.
_NAME = re.compile(r"([1-5])_(\d{3})_([12])_(\d{2})\.")
_TESTSETS, _PERSONS = 20, 100  # the persons are those of one test set


class Cuhk03Classic(RepeatedBenchmark):
    """What both kinds of boxes share.

    Queries are the images of view 1, the gallery holds one image of view 2 for each of the 100
    persons, over whose draws the protocol averages. The paper used the 1,360 persons of the first
    three camera pairs, 1,160 to train on and 100 to tune on; the released file has 1,467, and all
    who are not tested are training persons here.
    """

    paper = "Li et al., DeepReID: Deep Filter Pairing Neural Network, CVPR 2014"
    url = "http://www.ee.cuhk.edu.hk/~xgwang/CUHK_identification.html"
    terms = "Non-commercial research; no redistribution."
    advice = "extract_cuhk03 makes both from cuhk-03.mat"
    protocol = "single_gallery_shot"

    def read(self, root: str, paths: Sequence[str]) -> ReidDataset:
        """Read the test sets and the folder of images."""
        list_path, folder = paths
        images = match_images(self.name, folder, _NAME, "1_001_1_01.png")
        records = [
            ImageRecord(path, _person_id(int(m[1]), int(m[2])), int(m[3])) for path, m in images
        ]
        self.check(records)
        return self.divide(root, records, self._testsets(list_path), query_camera=1)

    def _testsets(self, path: str) -> list[set[int]]:
        testsets: dict[int, set[int]] = {}
        try:
            with open(path, newline="", encoding="utf-8") as file:
                for number, pair, person in list(csv.reader(file))[1:]:
                    persons = testsets.setdefault(int(number), set())
                    persons.add(_person_id(int(pair), int(person)))
        except ValueError as error:
            raise DatasetFormatError(
                f"{self.name}: {shown(path)} does not hold three whole numbers in each row "
                f"({error}). Delete it and run extract_cuhk03 again."
            ) from error
        sizes = [len(testsets[number]) for number in sorted(testsets)]
        if self.check_counts and sizes != [_PERSONS] * _TESTSETS:
            raise DatasetFormatError(
                f"{self.name}: published are {_TESTSETS} test sets of {_PERSONS} persons; "
                f"{shown(path)} has {len(sizes)}, of {sizes} persons. Delete it and run "
                "extract_cuhk03 again, or pass check_counts=False to use a reduced copy."
            )
        return [testsets[number] for number in sorted(testsets)]


def _person_id(pair: int, person: int) -> int:
    """Give each person of each pair an id of its own: person 7 of pair 2 is 2007."""
    return 1000 * pair + person


@register
class Cuhk03ClassicDetected(Cuhk03Classic):
    """Boxes found by a deformable part model."""

    name = "cuhk03_classic_detected"
    title = "CUHK03 (detected), 20 test sets"
    layouts = ((TESTSETS_FILE, "images_detected/"),)
    published = (Count("images_detected/", 14_097, 1_467),)


@register
class Cuhk03ClassicLabeled(Cuhk03Classic):
    """Boxes drawn by hand."""

    name = "cuhk03_classic_labeled"
    title = "CUHK03 (labeled), 20 test sets"
    layouts = ((TESTSETS_FILE, "images_labeled/"),)
    published = (Count("images_labeled/", 14_096, 1_467),)
