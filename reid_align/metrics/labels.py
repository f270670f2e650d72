"""Who is on the images of one side, query or gallery."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError


@dataclass(frozen=True, eq=False)
class Labels:
    """The labels of N images.

    Args:
        person_ids: (N,) int64. A negative id marks junk: such an image counts for nobody. An id
            that no query has is a plain distractor and needs no special value.
        camera_ids: (N,) int64, or None if the cameras are not known.
        image_ids: (N,) int64, or None. Equal ids on both sides mean that query and gallery hold
            the very same image.

    Raises:
        InvalidInputError: an array that is not one-dimensional int64, or lengths that differ.
    """

    person_ids: NDArray[np.int64]
    camera_ids: NDArray[np.int64] | None = None
    image_ids: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        for name in ("person_ids", "camera_ids", "image_ids"):
            ids = getattr(self, name)
            if ids is None and name != "person_ids":
                continue
            if not isinstance(ids, np.ndarray) or ids.dtype != np.int64 or ids.ndim != 1:
                shape = f" of {ids.dtype} {ids.shape}" if isinstance(ids, np.ndarray) else ""
                raise InvalidInputError(
                    f"{name}: {type(ids).__name__}{shape} came, a one-dimensional int64 array is "
                    "needed. Convert with np.asarray(ids, dtype=np.int64)."
                )
            if len(ids) != len(self.person_ids):
                raise InvalidInputError(
                    f"{len(ids)} {name} beside {len(self.person_ids)} person_ids: "
                    "give one of each for every image."
                )

    def __len__(self) -> int:
        return len(self.person_ids)
