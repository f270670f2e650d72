"""Builds one training sample: an augmented image and the targets that follow its geometry."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from reid_align.batches.augmentation import AugmentConfig
from reid_align.batches.batch import BatchSpec
from reid_align.batches.camera_style import CameraStyle, draw_style
from reid_align.batches.color_jitter import import_color_functions
from reid_align.batches.random_erasing import ErasedBox, draw_erased_box
from reid_align.batches.sources import Pixels, TrainingSource
from reid_align.batches.sources.texture_mask import TEXTURE_SIZE
from reid_align.batches.spatial_transform import SpatialTransform, draw_transform
from reid_align.preprocess import Preprocess
from reid_align.uv import (
    IUV,
    mirror_iuv,
    mirror_part_crops,
    mirror_part_images,
    part_crops,
    part_images,
)

# Separate the random streams of augmentation from each other and from that of sampling.
_KEY, _STYLE_KEY = 4217, 4219


@dataclass(frozen=True, eq=False)
class Sample:
    """One row of a batch; content that the batch specification omits is None.

    Attributes:
        image: (3, H, W) uint8.
        box: rectangle of the image to erase.
        target: (3, h, w) uint8.
        part_images: (24, 3, 32, 32) float32 RGB in [0, 255].
        part_present: () bool.
        iuv: (3, H, W) uint8.
    """

    image: Tensor
    box: ErasedBox
    target: Tensor | None
    part_images: Tensor | None
    part_present: Tensor | None
    iuv: Tensor | None


@dataclass(frozen=True)
class SampleBuilder:
    """Builds samples; each is a pure function of the seed, the epoch, the batch and the position.

    Raises:
        InvalidInputError: the source lacks content of ``spec``.
    """

    source: TrainingSource
    spec: BatchSpec
    preprocess: Preprocess
    augment: AugmentConfig
    seed: int

    def __post_init__(self) -> None:
        if self.spec.target != "none" and self.spec.target != "input":
            self.source.require(self.spec.target)
        if self._needs_iuv:
            self.source.require("iuv")
        import_color_functions(self.augment)

    @property
    def _needs_iuv(self) -> bool:
        return self.spec.iuv or self.spec.part_images != "none"

    def build(self, index: int, epoch: int, position: int, batch: int = 0) -> Sample:
        """Build the sample of image ``index`` at a position of an epoch, in batch ``batch``."""
        rng = np.random.default_rng([self.seed, epoch, position, _KEY])
        source_image = self.source.image(index)
        transform = draw_transform(self.augment, self.preprocess, rng)
        image = _to_planes(transform.apply(source_image, self.preprocess))
        colored = self._style(index, epoch, batch, rng).apply(image, rng)
        box = draw_erased_box(self.augment, self.preprocess.height, self.preprocess.width, rng)
        iuv = self.source.iuv(index) if self._needs_iuv else None
        mirrored = transform.flip and self.augment.flip_target == "mirror"
        parts = None if iuv is None else self._part_images(source_image, iuv, mirrored)
        return Sample(
            colored,
            box,
            image if self.spec.target == "input" else self._target(index, mirrored),
            parts,
            None if parts is None or iuv is None else ~iuv.is_empty,
            self._transformed_iuv(iuv, transform) if iuv is not None and self.spec.iuv else None,
        )

    def _style(self, index: int, epoch: int, batch: int, rng: np.random.Generator) -> CameraStyle:
        if not self.augment.changes_colors:
            return CameraStyle()
        if self.augment.per_camera and (camera := int(self.source.camera_ids[index])) >= 0:
            rng = np.random.default_rng([self.seed, epoch, batch, camera, _STYLE_KEY])
        return draw_style(self.augment, rng)

    def _target(self, index: int, mirrored: bool) -> Tensor | None:
        size = self.preprocess
        match self.spec.target:
            case "texture":
                source_image = self.source.texture(index)
                size = replace(size, height=TEXTURE_SIZE, width=TEXTURE_SIZE)
            case "frontal":
                source_image = self.source.frontal(index)
            case "external":
                source_image = self.source.external(index)
            case _:
                return None
        resized = size.resize(source_image)
        # The atlas is symmetric: the texture of a mirrored person is the mirrored texture.
        return _to_planes(resized[:, ::-1] if mirrored else resized)

    def _part_images(self, source_image: Pixels, iuv: IUV, mirrored: bool) -> Tensor | None:
        """Return part images of the image without crop and erasing.

        They are sampled from the image at its stored size. At a small encoder's input size, most
        cells would get no pixel. A dense pose map of another size is resized to the image.
        """
        if self.spec.part_images == "none":
            return None
        pixels = _to_planes(source_image)
        iuv = _resized_iuv(iuv, pixels.shape[-2], pixels.shape[-1])
        fill = _mean_color(self.preprocess)
        if self.spec.part_images == "uv":
            parts = part_images(pixels, iuv, fill=fill)
            return mirror_part_images(parts) if mirrored else parts
        crops = part_crops(pixels, iuv, fill=fill)
        return mirror_part_crops(crops) if mirrored else crops

    def _transformed_iuv(self, iuv: IUV, transform: SpatialTransform) -> Tensor:
        planes = iuv.planes.permute(1, 2, 0).numpy()
        cropped = replace(transform, flip=False).apply(planes, self.preprocess, "nearest")
        result = IUV(_to_planes(cropped))
        return mirror_iuv(result).planes if transform.flip else result.planes


def _resized_iuv(iuv: IUV, height: int, width: int) -> IUV:
    """Resize a dense pose map by nearest neighbor: part numbers cannot be mixed."""
    planes = iuv.planes.permute(1, 2, 0).numpy()
    return IUV(_to_planes(Preprocess(height, width, interpolation="nearest").resize(planes)))


def _to_planes(pixels: Pixels) -> Tensor:
    """Copy (H, W, 3), possibly owned by Pillow, to (3, H, W)."""
    return torch.from_numpy(np.array(pixels.transpose(2, 0, 1), order="C"))


def _mean_color(preprocess: Preprocess) -> tuple[float, float, float]:
    """Return the color that normalization maps to exactly 0."""
    red, green, blue = torch.tensor(preprocess.mean).mul_(255).tolist()
    return red, green, blue
