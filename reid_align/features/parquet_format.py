"""Format of features in Parquet: a folder of parts with the columns path, features and error."""

import re
from typing import TYPE_CHECKING

from reid_align.errors import MissingExtraError

if TYPE_CHECKING:
    import pyarrow as pa

# Names with an underscore are ignored by readers of Parquet folders.
FINISHED = "_features.json"
PART_NAME = re.compile(r"part-(\d{6,})\.parquet")
PATH, FEATURES, ERROR = "path", "features", "error"


def part_name(index: int) -> str:
    """Return the file name of a part."""
    return f"part-{index:06}.parquet"


def part_schema(feature_dim: int) -> "pa.Schema":
    """Return the columns of a part: one row per image, with features or an error.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
    except ImportError as error:
        raise MissingExtraError("pyarrow", "parquet", "Features in Parquet") from error
    return pa.schema(
        [
            pa.field(PATH, pa.string(), nullable=False),
            pa.field(FEATURES, pa.list_(pa.float32(), feature_dim)),
            pa.field(ERROR, pa.string()),
        ]
    )
