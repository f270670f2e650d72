"""Dataset loaders: published benchmarks, synthetic sets, and custom CSV files and folders.

To add a dataset, add a module to this package and import it here.
"""

from reid_align.datasets import cuhk01 as cuhk01
from reid_align.datasets import cuhk03 as cuhk03
from reid_align.datasets import cuhk03_classic as cuhk03_classic
from reid_align.datasets import custom_csv as custom_csv
from reid_align.datasets import custom_folder as custom_folder
from reid_align.datasets import market1501 as market1501
from reid_align.datasets import mot_video as mot_video
from reid_align.datasets import msmt17 as msmt17
from reid_align.datasets import partial_ilids as partial_ilids
from reid_align.datasets import partial_reid as partial_reid
from reid_align.datasets import synthetic_set as synthetic_set
from reid_align.datasets.cuhk03_extract import extract_cuhk03
from reid_align.datasets.dataset_options import describe_datasets, parse_options
from reid_align.datasets.dataset_registry import DATASETS, list_datasets, load_dataset
from reid_align.datasets.dataset_types import ImageRecord, ReidDataset, Split
from reid_align.datasets.hold_out import hold_out
from reid_align.datasets.image_store import read_image

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
