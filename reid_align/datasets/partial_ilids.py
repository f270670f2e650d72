"""Partial-iLIDS: 119 persons, one partial and one whole image of each. Test only."""

import re
from collections.abc import Sequence

from reid_align.datasets.base import ImageRecord, ReidDataset, Split
from reid_align.datasets.files import match_images
from reid_align.datasets.loader import Benchmark, Count, register

# "001.jpg", or "001_1.jpg": what follows the person is no camera.
_NAME = re.compile(r"(\d+)[_.]")


@register
class PartialIlids(Benchmark):
    """Partial-iLIDS, each of 119 partial images against 119 whole ones.

    Queries are camera 0 and the gallery is camera 1, so that no true match is ever dropped as
    coming from the same camera.
    """

    name = "partial_ilids"
    title = "Partial-iLIDS"
    paper = "He et al., Deep Spatial Feature Reconstruction, CVPR 2018 (arXiv:1801.00881)"
    url = "https://arxiv.org/abs/1801.00881"
    terms = "Academic research; made from i-LIDS."
    layouts = (
        ("Probe/", "Gallery/"),
        ("query/", "gallery/"),
        ("partial_body_images/", "whole_body_images/"),
    )
    published = (Count("the probes", 119, 119), Count("the gallery", 119, 119))
    protocol = "cross_camera"

    def read(self, root: str, paths: Sequence[str]) -> ReidDataset:
        """Read the two folders."""
        query, gallery = (
            tuple(
                ImageRecord(path, int(match[1]), camera)
                for path, match in match_images(self.name, folder, _NAME, "001.jpg")
            )
            for camera, folder in enumerate(paths)
        )
        self.check(query, gallery)
        return ReidDataset(self.name, root, (), (Split("test", query, gallery),), self.protocol)
