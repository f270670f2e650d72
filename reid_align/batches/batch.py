"""Training batch, and the specification of its optional content."""

from dataclasses import dataclass, fields, replace
from typing import Literal, get_args

import torch
from torch import Tensor

from reid_align.errors import InvalidInputError

Target = Literal["none", "texture", "input", "frontal", "external"]
PartKind = Literal["none", "uv", "crops"]


@dataclass(frozen=True)
class BatchSpec:
    """Optional content of a stream's batches, in addition to images and ids.

    Attributes:
        target: image that a decoder reconstructs: the texture, the input itself (cropped and
            flipped, not erased), the person from the front, or an external image.
        part_images: the 24 part images, as UV charts (``uv``) or image crops (``crops``).
        iuv: whether to include the dense pose map, with the same geometry as the image.

    Raises:
        InvalidInputError: unknown target or kind of part images.
    """

    target: Target = "none"
    part_images: PartKind = "none"
    iuv: bool = False

    def __post_init__(self) -> None:
        for name, kind in (("target", Target), ("part_images", PartKind)):
            value, allowed = getattr(self, name), get_args(kind)
            if value not in allowed:
                raise InvalidInputError(
                    f"{name} {value!r} of a batch: choose one of {', '.join(allowed)}."
                )


@dataclass(frozen=True, eq=False)
class Batch:
    """Input of a training step: N images with labels and optional targets.

    Attributes:
        images: (N, 3, H, W) float32, augmented and normalized.
        person_ids: (N,) int64 classes 0 to C-1, in the sorted order of the source's person ids; -1
            for images without an identity.
        camera_ids: (N,) int64, -1 if unknown.
        target: (N, 3, h, w) float32 in [-1, 1].
        target_mask: (h, w) bool, texels of the target that show a body; None means all.
        part_images: (N, 24, 3, 32, 32) float32, normalized; 0 for parts that are not visible.
        part_present: (N,) bool, whether a person was detected in the image.
        iuv: (N, 3, H, W) uint8 dense pose maps, with the geometry of ``images``.
    """

    images: Tensor
    person_ids: Tensor
    camera_ids: Tensor
    target: Tensor | None = None
    target_mask: Tensor | None = None
    part_images: Tensor | None = None
    part_present: Tensor | None = None
    iuv: Tensor | None = None

    def __len__(self) -> int:
        return len(self.images)

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> "Batch":
        """Return the batch with every tensor on a device."""
        tensors = {field.name: getattr(self, field.name) for field in fields(self)}
        moved = {
            name: tensor.to(device, non_blocking=non_blocking)
            for name, tensor in tensors.items()
            if tensor is not None
        }
        return replace(self, **moved)
