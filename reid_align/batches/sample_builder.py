"""One training sample: a image, varied, and everything that has to follow its variation."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from reid_align.batches.appearance import Box, change_colors, draw_box, import_colors
from reid_align.batches.augment import AugmentConfig
from reid_align.batches.batch import Wanted
from reid_align.batches.geometry import Geometry, draw_geometry
from reid_align.batches.sources import Pixels, Source
from reid_align.batches.sources.masks import TEXTURE_SIZE
from reid_align.preprocess import Preprocess
from reid_align.uv import (
    IUV,
    mirror_iuv,
    mirror_part_crops,
    mirror_part_images,
    part_crops,
    part_images,
)

# Keeps the random numbers of augmentation apart from those of sampling.
_KEY = 4217


@dataclass(frozen=True, eq=False)
class Sample:
    """One row of a batch, in 8 bits where possible; None is what was not asked for.

    Attributes:
        image: (3, H, W) uint8.
        box: what will be erased of it.
        target: (3, h, w) uint8.
        part_images: (24, 3, 32, 32) float32 RGB in [0, 255].
        part_present: () bool.
        iuv: (3, H, W) uint8.
    """

    image: Tensor
    box: Box
    target: Tensor | None
    part_images: Tensor | None
    part_present: Tensor | None
    iuv: Tensor | None


@dataclass(frozen=True)
class SampleMaker:
    """Makes samples, each a pure function of the seed, the epoch and the position in it.

    Raises:
        InvalidInputError: the source lacks something that is wanted.
    """

    source: Source
    wanted: Wanted
    preprocess: Preprocess
    augment: AugmentConfig
    seed: int

    def __post_init__(self) -> None:
        if self.wanted.target != "none" and self.wanted.target != "input":
            self.source.require(self.wanted.target)
        if self._needs_map:
            self.source.require("iuv")
        import_colors(self.augment)

    @property
    def _needs_map(self) -> bool:
        return self.wanted.iuv or self.wanted.part_images != "none"

    def make(self, index: int, epoch: int, position: int) -> Sample:
        """Return image ``index`` of the source as it appears at a position of an epoch."""
        rng = np.random.default_rng([self.seed, epoch, position, _KEY])
        source_image = self.source.image(index)
        geometry = draw_geometry(self.augment, self.preprocess, rng)
        image = _planes(geometry.apply(source_image, self.preprocess))
        colored = change_colors(image, self.augment, rng)
        box = draw_box(self.augment, self.preprocess.height, self.preprocess.width, rng)
        iuv = self.source.iuv(index) if self._needs_map else None
        mirrored = geometry.flip and self.augment.flip_target == "mirror"
        parts = None if iuv is None else self._part_images(source_image, iuv, mirrored)
        return Sample(
            colored,
            box,
            image if self.wanted.target == "input" else self._target(index, mirrored),
            parts,
            None if parts is None or iuv is None else ~iuv.is_empty,
            self._map(iuv, geometry) if iuv is not None and self.wanted.iuv else None,
        )

    def _target(self, index: int, mirrored: bool) -> Tensor | None:
        size = self.preprocess
        match self.wanted.target:
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
        # The atlas is symmetric: the texture of the mirrored person is the mirrored texture.
        return _planes(resized[:, ::-1] if mirrored else resized)

    def _part_images(self, source_image: Pixels, iuv: IUV, mirrored: bool) -> Tensor | None:
        """Return part images of the image as it was: crop and erasing do not reach them.

        They are taken from as many pixels as the encoder reads, whatever size the dense map has.
        """
        if self.wanted.part_images == "none":
            return None
        pixels, iuv = _planes(self.preprocess.resize(source_image)), self._fitted(iuv)
        fill = _mean_color(self.preprocess)
        if self.wanted.part_images == "uv":
            parts = part_images(pixels, iuv, fill=fill)
            return mirror_part_images(parts) if mirrored else parts
        crops = part_crops(pixels, iuv, fill=fill)
        return mirror_part_crops(crops) if mirrored else crops

    def _fitted(self, iuv: IUV) -> IUV:
        planes = iuv.planes.permute(1, 2, 0).numpy()
        return IUV(_planes(replace(self.preprocess, interpolation="nearest").resize(planes)))

    def _map(self, iuv: IUV, geometry: Geometry) -> Tensor:
        planes = iuv.planes.permute(1, 2, 0).numpy()
        unflipped = replace(geometry, flip=False).apply(planes, self.preprocess, "nearest")
        cut = IUV(_planes(unflipped))
        return mirror_iuv(cut).planes if geometry.flip else cut.planes


def _planes(pixels: Pixels) -> Tensor:
    """Copy (H, W, 3), which Pillow may own, to (3, H, W)."""
    return torch.from_numpy(np.array(pixels.transpose(2, 0, 1), order="C"))


def _mean_color(preprocess: Preprocess) -> tuple[float, float, float]:
    """Return the color that becomes 0 to the last bit when it is normalized."""
    red, green, blue = torch.tensor(preprocess.mean).mul_(255).tolist()
    return red, green, blue
