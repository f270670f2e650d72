"""Identity, camera and image labels of a query or gallery set."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of N images.

    Args:
        person_ids: (N,) int64. A negative id marks junk, which is ignored. A distractor is an id
            that no query has; it needs no special value.
        camera_ids: (N,) int64, or None if cameras are unknown.
        image_ids: (N,) int64, or None. A query and a gallery image with equal ids are the same
            image.
        group_ids: (N,) int64, or None. Under a protocol with groups, a query is compared only with
            the gallery images of its group.

    Raises:
        InvalidInputError: an array that is not one-dimensional int64, or different lengths.
    """

    person_ids: NDArray[np.int64]
    camera_ids: NDArray[np.int64] | None = None
    image_ids: NDArray[np.int64] | None = None
    group_ids: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        for name in ("person_ids", "camera_ids", "image_ids", "group_ids"):
            ids = getattr(self, name)
            if ids is None and name != "person_ids":
                continue
            if not isinstance(ids, np.ndarray) or ids.dtype != np.int64 or ids.ndim != 1:
                shape = f" of {ids.dtype} {ids.shape}" if isinstance(ids, np.ndarray) else ""
                raise InvalidInputError(
                    f"{name} must be a one-dimensional int64 array, got {type(ids).__name__}"
                    f"{shape}. Convert it with np.asarray(ids, dtype=np.int64)."
                )
            if len(ids) != len(self.person_ids):
                raise InvalidInputError(
                    f"Got {len(ids)} {name} and {len(self.person_ids)} person_ids. Each image "
                    "needs one of each."
                )

    def __len__(self) -> int:
        return len(self.person_ids)
