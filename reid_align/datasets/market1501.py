"""Market-1501: six cameras in front of a supermarket."""

import re
from collections.abc import Sequence

from reid_align.datasets.base import ImageRecord, ReidDataset, Split
from reid_align.datasets.files import match_images
from reid_align.datasets.loader import Benchmark, Count, register

# Cameras are 1 to 6; what follows (sequence, frame, box) is not needed.
_NAME = re.compile(r"(-1|\d{4})_c([1-6])(?!\d)")
_JUNK = -1


@register
class Market1501(Benchmark):
    """Market-1501, single query.

    Junk (person -1, boxes that overlap a person by 20 to 50 %) is left out, as it counts neither
    for nor against a query. Distractors (person 0, detections of nobody) stay in the gallery as
    pure negatives. Files that are no images, such as Thumbs.db, are passed over.
    """

    name = "market1501"
    title = "Market-1501"
    paper = "Zheng et al., Scalable Person Re-identification: A Benchmark, ICCV 2015"
    url = "https://zheng-lab.cecs.anu.edu.au/Project/project_reid.html"
    terms = "Academic research."
    layouts = (("bounding_box_train/", "query/", "bounding_box_test/"),)
    published = (
        Count("bounding_box_train/", 12_936, 751),
        Count("query/", 3_368, 750),
        Count("bounding_box_test/ without junk", 15_913, 751),
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
