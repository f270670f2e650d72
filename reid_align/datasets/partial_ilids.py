"""Partial-iLIDS (test only): 119 identities, one partial and one whole image of each."""

import re
from collections.abc import Sequence

from reid_align.datasets.benchmark import Benchmark, PublishedCount
from reid_align.datasets.dataset_files import match_images
from reid_align.datasets.dataset_registry import register
from reid_align.datasets.dataset_types import ImageRecord, ReidDataset, Split

# "001.jpg" or "001_1.jpg": the second number is not a camera.
_NAME = re.compile(r"(\d+)[_.]")


@register
class PartialIlids(Benchmark):
    """Partial-iLIDS: 119 partial images as queries, 119 whole images as gallery.

    Queries are camera 0 and the gallery is camera 1, so the protocol drops no true match as
    same-camera.
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
    published = (PublishedCount("the probes", 119, 119), PublishedCount("the gallery", 119, 119))
    protocol = "cross_camera"

    def read(self, root: str, paths: Sequence[str]) -> ReidDataset:
        """Read both folders."""
        query, gallery = (
            tuple(
                ImageRecord(path, int(match[1]), camera)
                for path, match in match_images(self.name, folder, _NAME, "001.jpg")
            )
            for camera, folder in enumerate(paths)
        )
        self.check(query, gallery)
        return ReidDataset(self.name, root, (), (Split("test", query, gallery),), self.protocol)
