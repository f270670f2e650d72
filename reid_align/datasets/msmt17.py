"""MSMT17: fifteen cameras on a campus, in both released versions."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from reid_align.datasets.benchmark import Benchmark, PublishedCount
from reid_align.datasets.dataset_files import require_files, shown
from reid_align.datasets.dataset_registry import register
from reid_align.datasets.dataset_types import ImageRecord, ReidDataset, Split
from reid_align.errors import DatasetFormatError

# "0000/0000_045_12_0303morning_0006_2.jpg 0": the third field is the camera, 1 to 15.
_LINE = re.compile(r"(?P<path>[^_\s]+_\d+_(?P<camera>\d+)_\S+)\s+(?P<person>\d+)")


@dataclass(frozen=True)
class Msmt17(Benchmark):
    """Base of both versions: lists of "path person_id", with the camera in the file name.

    Training and test use the same numbers for different identities.

    Attributes:
        combine_val: whether to add list_val.txt to the training images. Published results differ
            in this; the default is False, as in the code that SAN is based on.
    """

    paper = "Wei et al., Person Transfer GAN to Bridge Domain Gap, CVPR 2018 (arXiv:1711.08565)"
    url = "http://www.pkuvmc.com/publications/msmt17.html"
    terms = "Research only, by agreement with the authors; no redistribution."
    published = (
        PublishedCount("list_train.txt and list_val.txt", 32_621, 1_041),
        PublishedCount("list_query.txt", 11_659, 3_060),
        PublishedCount("list_gallery.txt", 82_161, 3_060),
    )
    protocol = "cross_camera"

    combine_val: bool = False

    def read(self, root: str, paths: Sequence[str]) -> ReidDataset:
        """Read the four lists."""
        train_folder, test_folder, *lists = paths
        train, val = (self._records(train_folder, path) for path in lists[:2])
        query, gallery = (self._records(test_folder, path) for path in lists[2:])
        everything = _sorted(train + val)
        self.check(everything, query, gallery)
        splits = (Split("test", _sorted(query), _sorted(gallery)),)
        train = everything if self.combine_val else _sorted(train)
        return ReidDataset(self.name, root, train, splits, self.protocol)

    def _records(self, folder: str, list_path: str) -> tuple[ImageRecord, ...]:
        with open(list_path, encoding="utf-8", errors="surrogateescape") as file:
            records = tuple(
                self._record(folder, line.strip(), f"{list_path}:{number}")
                for number, line in enumerate(file, start=1)
                if line.strip()
            )
        require_files(self.name, [record.path for record in records], list_path)
        return records

    def _record(self, folder: str, line: str, where: str) -> ImageRecord:
        match = _LINE.fullmatch(line)
        if match is None:
            raise DatasetFormatError(
                f"{self.name}: {shown(where)} is {shown(line)!r}, expected a path and a person id "
                "as in '0000/0000_045_12_0303morning_0006_2.jpg 0'. Unpack the list again."
            )
        path = os.path.join(folder, match["path"])
        return ImageRecord(path, int(match["person"]), int(match["camera"]) - 1)


def _sorted(records: tuple[ImageRecord, ...]) -> tuple[ImageRecord, ...]:
    return tuple(sorted(records, key=lambda record: record.path))


_LISTS = ("list_train.txt", "list_val.txt", "list_query.txt", "list_gallery.txt")


@register
class Msmt17V1(Msmt17):
    """MSMT17 as first released."""

    name = "msmt17_v1"
    title = "MSMT17 V1"
    layouts = (("train/", "test/", *_LISTS),)


@register
class Msmt17V2(Msmt17):
    """MSMT17 with the faces blurred."""

    name = "msmt17_v2"
    title = "MSMT17 V2"
    layouts = (("mask_train_v2/", "mask_test_v2/", *_LISTS),)
