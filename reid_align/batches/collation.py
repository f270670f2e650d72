"""Collation of samples into uint8 batches, and their conversion to float on the device."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from reid_align.batches.augmentation import EraseFill
from reid_align.batches.random_erasing import ErasedBox, erase
from reid_align.batches.sample_builder import Sample
from reid_align.preprocess import Preprocess


@dataclass(frozen=True, eq=False)
class Uint8Batch:
    """Stacked samples; uint8 images take a quarter of the memory of float32 between processes.

    Attributes:
        images: (N, 3, H, W) uint8.
        boxes: N rectangles to erase.
        target: (N, 3, h, w) uint8.
        part_images: (N, 24, 3, 32, 32) float32 in [0, 255].
        part_present: (N,) bool.
        iuv: (N, 3, H, W) uint8.
    """

    images: Tensor
    boxes: tuple[ErasedBox, ...]
    target: Tensor | None
    part_images: Tensor | None
    part_present: Tensor | None
    iuv: Tensor | None

    @classmethod
    def collate(cls, samples: Sequence[Sample]) -> "Uint8Batch":
        """Stack samples into a batch."""
        return cls(
            torch.stack([sample.image for sample in samples]),
            tuple(sample.box for sample in samples),
            _stack([sample.target for sample in samples]),
            _stack([sample.part_images for sample in samples]),
            _stack([sample.part_present for sample in samples]),
            _stack([sample.iuv for sample in samples]),
        )

    def to_images(
        self, preprocess: Preprocess, fill: EraseFill, device: torch.device | str
    ) -> Tensor:
        """Return (N, 3, H, W) float32, normalized and erased."""
        images = preprocess.normalize(self.images.to(device))
        erase(images, self.boxes, fill)
        return images

    def to_target(self, device: torch.device | str) -> Tensor | None:
        """Return (N, 3, h, w) float32 in [-1, 1]."""
        return None if self.target is None else self.target.to(device).div(127.5).sub_(1)

    def to_part_images(self, preprocess: Preprocess, device: torch.device | str) -> Tensor | None:
        """Return (N, 24, 3, 32, 32) float32, normalized."""
        if self.part_images is None:
            return None
        parts = self.part_images.to(device)
        return preprocess.scale(parts.flatten(0, 1)).view(parts.shape)


def _stack(values: Sequence[Tensor | None]) -> Tensor | None:
    present = [value for value in values if value is not None]
    return torch.stack(present) if present else None
