"""Market-1501: six cameras outside a supermarket."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from reid_align.datasets.benchmark import Benchmark, PublishedCount
from reid_align.datasets.dataset_files import match_images, shown
from reid_align.datasets.dataset_registry import register
from reid_align.datasets.dataset_types import ImageRecord, ReidDataset, Split
from reid_align.datasets.folder_layout import Layout
from reid_align.errors import DatasetFormatError, DatasetOptionError

# Cameras are 1 to 6; sequence, frame and box follow.
_NAME = re.compile(r"(-1|\d{4})_c([1-6])(?!\d)")
_JUNK = -1
# Protocol for each pooling of multiple queries.
_PROTOCOLS = {"mean": "multiple_query", "max": "multiple_query_max"}


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
    layouts: ClassVar[tuple[Layout, ...]] = (
        ("bounding_box_train/", "query/", "bounding_box_test/"),
    )
    published = (
        PublishedCount("bounding_box_train/", 12_936, 751),
        PublishedCount("query/", 3_368, 750),
        PublishedCount("bounding_box_test/ without junk", 15_913, 751),
    )
    protocol = "cross_camera"

    def read(self, root: str, paths: Sequence[str]) -> ReidDataset:
        """Read the three folders."""
        train, query, gallery = map(self.records, paths)
        self.check(train, query, gallery)
        return ReidDataset(self.name, root, train, (Split("test", query, gallery),), self.protocol)

    def records(self, folder: str) -> tuple[ImageRecord, ...]:
        """Read one folder, without junk."""
        images = match_images(self.name, folder, _NAME, "0002_c1s1_000451_03.jpg")
        return tuple(
            ImageRecord(path, int(match[1]), int(match[2]))
            for path, match in images
            if int(match[1]) != _JUNK
        )


@register
@dataclass(frozen=True)
class Market1501MultipleQuery(Market1501):
    """Market-1501, multiple query: a query is all images of an identity in one camera.

    Reads the images from gt_bbox/, hand-drawn boxes, for each identity and camera that has an image
    in query/. The features of a query's images are pooled.

    Attributes:
        pooling: "mean", as in most papers, or "max".
    """

    name = "market1501_multiple_query"
    title = "Market-1501 (multiple query)"
    layouts = (("bounding_box_train/", "query/", "bounding_box_test/", "gt_bbox/"),)

    pooling: str = "mean"

    def read(self, root: str, paths: Sequence[str]) -> ReidDataset:
        """Read the four folders."""
        if self.pooling not in _PROTOCOLS:
            raise DatasetOptionError(
                f"{self.name}: pooling {self.pooling!r} does not exist. Choose from "
                f"{', '.join(_PROTOCOLS)}."
            )
        train, query, gallery, boxes = map(self.records, paths)
        self.check(train, query, gallery)
        wanted = {(record.person_id, record.camera_id): record for record in query}
        images = tuple(box for box in boxes if (box.person_id, box.camera_id) in wanted)
        missing = wanted.keys() - {(image.person_id, image.camera_id) for image in images}
        if missing:
            example = wanted[min(missing)]
            raise DatasetFormatError(
                f"{self.name}: {shown(paths[3])} has no image of {len(missing):,} of the "
                f"{len(wanted):,} queries, the first is {shown(example.path)}. Unpack the dataset "
                "again, or evaluate market1501."
            )
        split = Split("test", images, gallery)
        return ReidDataset(self.name, root, train, (split,), _PROTOCOLS[self.pooling])
