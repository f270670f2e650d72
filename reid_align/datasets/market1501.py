"""Market-1501: six cameras outside a supermarket."""

import re
from collections.abc import Sequence

from reid_align.datasets.benchmark import Benchmark, PublishedCount
from reid_align.datasets.dataset_files import match_images
from reid_align.datasets.dataset_registry import register
from reid_align.datasets.dataset_types import ImageRecord, ReidDataset, Split

# Cameras are 1 to 6; sequence, frame and box follow.
_NAME = re.compile(r"(-1|\d{4})_c([1-6])(?!\d)")
_JUNK = -1


@register
class Market1501(Benchmark):
    """Market-1501, single query.

    Junk (person id -1, boxes that overlap a person by 20 to 50 %) is left out, as evaluation
    ignores it. Distractors (person id 0, false detections) stay in the gallery as negatives. Files
    that are not images, such as Thumbs.db, are ignored.
    """

    name = "market1501"
    title = "Market-1501"
    paper = "Zheng et al., Scalable Person Re-identification: A Benchmark, ICCV 2015"
    url = "https://zheng-lab.cecs.anu.edu.au/Project/project_reid.html"
    terms = "Academic research."
    layouts = (("bounding_box_train/", "query/", "bounding_box_test/"),)
    published = (
        PublishedCount("bounding_box_train/", 12_936, 751),
        PublishedCount("query/", 3_368, 750),
        PublishedCount("bounding_box_test/ without junk", 15_913, 751),
    )
    protocol = "cross_camera"

    def read(self, root: str, paths: Sequence[str]) -> ReidDataset:
        """Read the three folders."""
        train, query, gallery = map(self._records, paths)
        self.check(train, query, gallery)
        return ReidDataset(self.name, root, train, (Split("test", query, gallery),), self.protocol)

    def _records(self, folder: str) -> tuple[ImageRecord, ...]:
        images = match_images(self.name, folder, _NAME, "0002_c1s1_000451_03.jpg")
        return tuple(
            ImageRecord(path, int(match[1]), int(match[2]))
            for path, match in images
            if int(match[1]) != _JUNK
        )
