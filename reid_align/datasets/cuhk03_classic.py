"""CUHK03 with its first protocol: 20 test sets of 100 identities, single-gallery-shot."""

import csv
import re
from collections.abc import Sequence

from reid_align.datasets.benchmark import PublishedCount
from reid_align.datasets.cuhk03_extract import TESTSETS_FILE
from reid_align.datasets.dataset_files import match_images, shown
from reid_align.datasets.dataset_registry import register
from reid_align.datasets.dataset_types import ImageRecord, ReidDataset
from reid_align.datasets.repeated_splits import RepeatedSplitsBenchmark
from reid_align.errors import DatasetFormatError

# Camera pair, identity within the pair, view, image number.
_NAME = re.compile(r"([1-5])_(\d{3})_([12])_(\d{2})\.")
_TESTSETS, _IDENTITIES = 20, 100  # identities per test set


class Cuhk03Classic(RepeatedSplitsBenchmark):
    """Base of the detected and labeled variants.

    Queries are the images of view 1; the gallery has one image of view 2 for each of the 100
    identities, and the protocol averages over its draws. The paper used the 1,360 identities of
    the first three camera pairs, 1,160 for training and 100 for validation. The released file has
    1,467; here, all identities outside the test set are training identities.
    """

    paper = "Li et al., DeepReID: Deep Filter Pairing Neural Network, CVPR 2014"
    url = "http://www.ee.cuhk.edu.hk/~xgwang/CUHK_identification.html"
    terms = "Non-commercial research; no redistribution."
    advice = "extract_cuhk03 makes both from cuhk-03.mat"
    protocol = "single_gallery_shot"

    def read(self, root: str, paths: Sequence[str]) -> ReidDataset:
        """Read the test sets and the images."""
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
                    test_ids = testsets.setdefault(int(number), set())
                    test_ids.add(_person_id(int(pair), int(person)))
        except ValueError as error:
            raise DatasetFormatError(
                f"{self.name}: {shown(path)} does not have three whole numbers in each row "
                f"({error}). Delete it and run extract_cuhk03 again."
            ) from error
        sizes = [len(testsets[number]) for number in sorted(testsets)]
        if self.check_counts and sizes != [_IDENTITIES] * _TESTSETS:
            raise DatasetFormatError(
                f"{self.name}: published are {_TESTSETS} test sets of {_IDENTITIES} "
                f"identities; {shown(path)} has {len(sizes)}, of {sizes} identities. Delete it "
                "and run extract_cuhk03 again, or pass check_counts=False to use a reduced copy."
            )
        return [testsets[number] for number in sorted(testsets)]


def _person_id(pair: int, person: int) -> int:
    """Return a unique id: identity 7 of camera pair 2 is 2007."""
    return 1000 * pair + person


@register
class Cuhk03ClassicDetected(Cuhk03Classic):
    """Bounding boxes from a deformable part model."""

    name = "cuhk03_classic_detected"
    title = "CUHK03 (detected), 20 test sets"
    layouts = ((TESTSETS_FILE, "images_detected/"),)
    published = (PublishedCount("images_detected/", 14_097, 1_467),)


@register
class Cuhk03ClassicLabeled(Cuhk03Classic):
    """Manually labeled bounding boxes."""

    name = "cuhk03_classic_labeled"
    title = "CUHK03 (labeled), 20 test sets"
    layouts = ((TESTSETS_FILE, "images_labeled/"),)
    published = (PublishedCount("images_labeled/", 14_096, 1_467),)
