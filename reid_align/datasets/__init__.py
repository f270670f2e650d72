"""Datasets for re-identification, read from the disk into records, splits and a protocol.

Adding one takes a file in this package and a line that imports it here.
"""

from reid_align.datasets import csv_file as csv_file
from reid_align.datasets import cuhk01 as cuhk01
from reid_align.datasets import cuhk03 as cuhk03
from reid_align.datasets import cuhk03_classic as cuhk03_classic
from reid_align.datasets import folder as folder
from reid_align.datasets import market1501 as market1501
from reid_align.datasets import msmt17 as msmt17
from reid_align.datasets import partial_ilids as partial_ilids
from reid_align.datasets import partial_reid as partial_reid
from reid_align.datasets import synthetic as synthetic
from reid_align.datasets.base import ImageRecord, ReidDataset, Split
from reid_align.datasets.cuhk03_extract import extract_cuhk03
from reid_align.datasets.hold_out import hold_out
from reid_align.datasets.loader import DATASETS, list_datasets, load_dataset
from reid_align.datasets.options import describe_datasets, parse_options
from reid_align.datasets.stored import read_image

__all__ = [
    "DATASETS",
    "ImageRecord",
    "ReidDataset",
    "Split",
    "describe_datasets",
    "extract_cuhk03",
    "hold_out",
    "list_datasets",
    "load_dataset",
    "parse_options",
    "read_image",
]
