"""A batch as it travels from a worker: in 8 bits, a quarter of the memory of the finished one."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from reid_align.batches.appearance import Box, erase
from reid_align.batches.augment import EraseFill
from reid_align.batches.sample_builder import Sample
from reid_align.preprocess import Preprocess


@dataclass(frozen=True, eq=False)
class RawBatch:
    """Some samples, stacked; see `Sample` for what each tensor holds.

    Attributes:
        images: (N, 3, H, W) uint8.
        boxes: N rectangles to erase.
        target: (N, 3, h, w) uint8.
        part_images: (N, 24, 3, 32, 32) float32 in [0, 255].
        part_present: (N,) bool.
        iuv: (N, 3, H, W) uint8.
    """

    images: Tensor
    boxes: tuple[Box, ...]
    target: Tensor | None
    part_images: Tensor | None
    part_present: Tensor | None
    iuv: Tensor | None

    @classmethod
    def stack(cls, samples: Sequence[Sample]) -> "RawBatch":
        """Return the samples as one batch."""
        return cls(
            torch.stack([sample.image for sample in samples]),
            tuple(sample.box for sample in samples),
            _stack([sample.target for sample in samples]),
            _stack([sample.part_images for sample in samples]),
            _stack([sample.part_present for sample in samples]),
            _stack([sample.iuv for sample in samples]),
        )

    def finished_images(
        self, preprocess: Preprocess, fill: EraseFill, device: torch.device | str
    ) -> Tensor:
        """Return (N, 3, H, W) float32, normalized and erased."""
        images = preprocess.normalize(self.images.to(device))
        erase(images, self.boxes, fill)
        return images

    def finished_target(self, device: torch.device | str) -> Tensor | None:
        """Return (N, 3, h, w) float32 in [-1, 1]."""
        return None if self.target is None else self.target.to(device).div(127.5).sub_(1)

    def finished_parts(self, preprocess: Preprocess, device: torch.device | str) -> Tensor | None:
        """Return (N, 24, 3, 32, 32) float32, normalized."""
        if self.part_images is None:
            return None
        parts = self.part_images.to(device)
        return preprocess.scale(parts.flatten(0, 1)).view(parts.shape)


def _stack(values: Sequence[Tensor | None]) -> Tensor | None:
    present = [value for value in values if value is not None]
    return torch.stack(present) if present else None
