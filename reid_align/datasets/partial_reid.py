"""Partial-REID (test only): 60 identities, five partial and five whole images of each."""

import os
import re
from collections.abc import Sequence
from itertools import product

from reid_align.datasets.benchmark import Benchmark, PublishedCount
from reid_align.datasets.dataset_files import match_images, shown
from reid_align.datasets.dataset_registry import register
from reid_align.datasets.dataset_types import ImageRecord, ReidDataset, Split
from reid_align.errors import DatasetFormatError

# The second number counts the images of an identity. Used as a camera it would make the protocol
# drop true matches. Queries are camera 0 and the gallery is camera 1 instead.
_NAME = re.compile(r"(\d+)_(\d+)\.")


class PartialReidBase(Benchmark):
    """Base of both protocols; does not use the dataset's occluded_body_images."""

    paper = "Zheng et al., Partial Person Re-identification, ICCV 2015"
    url = "https://openaccess.thecvf.com/content_iccv_2015/html/Zheng_Partial_Person_Re-Identification_ICCV_2015_paper.html"
    terms = "Academic research."
    layouts = (("partial_body_images/", "whole_body_images/"),)
    published = (
        PublishedCount("partial_body_images/", 300, 60),
        PublishedCount("whole_body_images/", 300, 60),
    )
    protocol = "cross_camera"

    def read(self, root: str, paths: Sequence[str]) -> ReidDataset:
        """Read both folders."""
        query, gallery = (self._records(path, camera) for camera, path in enumerate(paths))
        self.check(query, gallery)
        return ReidDataset(self.name, root, (), self.splits(query, gallery), self.protocol)

    def splits(
        self, query: tuple[ImageRecord, ...], gallery: tuple[ImageRecord, ...]
    ) -> tuple[Split, ...]:
        """Return the tests."""
        return (Split("all", query, gallery),)

    def _records(self, folder: str, camera: int) -> tuple[ImageRecord, ...]:
        images = match_images(self.name, folder, _NAME, "001_001.jpg")
        return tuple(ImageRecord(path, int(match[1]), camera) for path, match in images)


@register
class PartialReidAll(PartialReidBase):
    """All 300 partial images as queries, all 300 whole images as gallery."""

    name = "partial_reid_all"
    title = "Partial-REID (all against all)"


@register
class PartialReid(PartialReidBase):
    """Single-shot: each of five 60-image query sets with each of five 60-image galleries.

    Each set has one image per identity: the first, the second … by file name.

    Source: He et al., Deep Spatial Feature Reconstruction, CVPR 2018 (arXiv:1801.00881), with a
    gallery of one image per identity.
    """

    name = "partial_reid"
    title = "Partial-REID (single-shot)"

    def splits(
        self, query: tuple[ImageRecord, ...], gallery: tuple[ImageRecord, ...]
    ) -> tuple[Split, ...]:
        """Pair every query set with every gallery set."""
        probes, wholes = enumerate(self._shots(query), 1), enumerate(self._shots(gallery), 1)
        return tuple(
            Split(f"probe_{i}_whole_{j}", probe, whole)
            for (i, probe), (j, whole) in product(probes, wholes)
        )

    def _shots(self, records: tuple[ImageRecord, ...]) -> list[tuple[ImageRecord, ...]]:
        identities: dict[int, list[ImageRecord]] = {}
        for record in records:
            identities.setdefault(record.person_id, []).append(record)
        sizes = {len(images) for images in identities.values()}
        if len(sizes) > 1:
            folder = os.path.dirname(records[0].path)
            raise DatasetFormatError(
                f"{self.name}: identities in {shown(folder)} have between {min(sizes)} and "
                f"{max(sizes)} images. Single-shot needs the same number for each; "
                "partial_reid_all does not."
            )
        return list(zip(*identities.values(), strict=True))
