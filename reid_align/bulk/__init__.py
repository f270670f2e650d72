"""Extraction to Parquet in work units, in this process or on many machines with Ray."""

from reid_align.bulk.bulk_options import ENGINES, BulkOptions, EngineName
from reid_align.bulk.parquet_extraction import extract_to_parquet

__all__ = ["ENGINES", "BulkOptions", "EngineName", "extract_to_parquet"]
