"""Custom dataset: a CSV file that lists images."""

import csv
import os
from collections import Counter

from reid_align.csv_text import column_list
from reid_align.datasets.custom_data import PARTS, ListedImage, assemble
from reid_align.datasets.dataset_files import absolute, require_files, shown
from reid_align.datasets.dataset_registry import DatasetLoader, register
from reid_align.datasets.dataset_types import ReidDataset
from reid_align.datasets.folder_layout import describe
from reid_align.errors import DatasetFormatError, DatasetNotFoundError
from reid_align.images.image_addresses import is_remote

_REQUIRED = {"path", "person_id"}
_ALLOWED = _REQUIRED | {"camera_id", "split"}


@register
class CsvDataset(DatasetLoader):
    """A UTF-8 CSV file with the columns path, person_id and optionally camera_id and split.

    Paths are absolute or relative to the CSV file. Ids may be any text; spaces around
    them are removed. Images with person_id -1 are junk and ignored. Two texts of one number (1 and
    01) are an error. ``split`` is train, query or gallery. Without this column every
    image is both query and gallery, and training uses all of them (`as_training_set`). Other
    columns are an error, which catches misspelled names.
    """

    name = "csv"
    title = "A CSV file"
    train_advice = "Add a column split to the CSV file, with the value train for training images."

    def load(self, root: str | os.PathLike[str]) -> ReidDataset:
        """Read the CSV file at ``root`` and check that its images exist."""
        path = absolute(root)
        if not os.path.isfile(path):
            raise DatasetNotFoundError(
                self.name,
                shown(path),
                "a CSV file",
                describe(path),
                "Pass the path of the CSV file.",
            )
        try:
            images = _read(path)
        except csv.Error as error:
            raise DatasetFormatError(f"{shown(path)} is not a valid CSV file: {error}.") from error
        require_files(self.name, [image.path for image in images], path)
        return assemble(self.name, path, images)


def _read(path: str) -> list[ListedImage]:
    # utf-8-sig: spreadsheets put a byte order mark in front of the first column's name.
    with open(path, newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
        reader = csv.reader(file, strict=True, skipinitialspace=True)
        columns = [column.strip() for column in next(reader, [])]
        if not _REQUIRED <= set(columns) <= _ALLOWED or len(columns) > len(set(columns)):
            raise DatasetFormatError(
                f"{shown(path)} starts with the columns {column_list(columns)}. Required: path and "
                "person_id. Optional: camera_id and split. Give each once, separated by commas, "
                "and rename or remove the others."
            )
        images = [_listed(columns, row, f"{path}:{reader.line_num}") for row in reader if row]
    counts = Counter((image.path, image.part) for image in images)
    for (listed, _), count in counts.items():
        if count > 1:
            raise DatasetFormatError(
                f"{shown(path)} lists {shown(listed)} {count} times: keep one."
            )
    return images


def _listed(columns: list[str], row: list[str], where: str) -> ListedImage:
    cells = {column: cell.strip() for column, cell in zip(columns, row, strict=False)}
    part = cells.get("split")
    if len(row) != len(columns) or not cells["path"] or not cells["person_id"]:
        raise DatasetFormatError(
            f"{shown(where)} has the values {row}: give one value for each of the columns "
            f"{columns}; path and person_id must not be empty."
        )
    if part is not None and part not in PARTS:
        raise DatasetFormatError(
            f"{shown(where)} has the split {part!r}: give one of {', '.join(PARTS)}, or remove "
            "the column."
        )
    folder = os.path.dirname(where)
    if is_remote(cells["path"]):
        return ListedImage(cells["path"], cells["person_id"], cells.get("camera_id") or None, part)
    # File names may end in a space.
    written = os.path.join(folder, row[columns.index("path")])
    path = written if os.path.isfile(written) else os.path.join(folder, cells["path"])
    return ListedImage(path, cells["person_id"], cells.get("camera_id") or None, part)
