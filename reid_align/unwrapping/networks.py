"""The networks that unwrap a person, ready to run: to a texture, or to a dense map."""

from abc import ABC, abstractmethod
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from reid_align.errors import InvalidInputError, NotFiniteError
from reid_align.heads import TextureDecoder
from reid_align.inference.folding import fold_batch_norms
from reid_align.models import Encoder
from reid_align.models.dense_uv import DenseUv
from reid_align.preprocess import Preprocess
from reid_align.viz import texture_pixels

Kind = Literal["texture", "iuv"]
Module = Encoder | TextureDecoder | DenseUv


class Unwrapper(ABC):
    """Images of persons in, images of what was unwrapped out.

    Args:
        modules: the networks, which are changed: batch norms are folded into convolutions.
        preprocess: what the first of them expects to be done to a image.
        device: where to run.

    Attributes:
        kind: what comes out.
        modules: as of the argument, as are ``preprocess`` and ``device``.
    """

    kind: Kind

    def __init__(
        self, modules: tuple[Module, ...], preprocess: Preprocess, device: torch.device
    ) -> None:
        self.modules, self.preprocess = modules, preprocess
        self.device = device
        for module in modules:
            _prepare(module, device)

    @torch.inference_mode()
    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Unwrap a batch of images (N, height, width, 3) RGB, to (N, h, w, 3).

        Raises:
            NotFiniteError: the weights are broken.
        """
        batch = torch.from_numpy(pixels).to(self.device).permute(0, 3, 1, 2)
        return self._unwrap(self.preprocess.normalize(batch))

    def fit(self, unwrapped: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
        """Bring one result (h, w, 3) to the size that its file has.

        Args:
            unwrapped: one entry of what a call returned.
            size: height and width of the image itself.
        """
        del size
        return unwrapped

    @abstractmethod
    def _unwrap(self, images: Tensor) -> NDArray[np.uint8]: ...


class TextureUnwrapper(Unwrapper):
    """A SAN or SAN-PG: encoder and decoder.

    Args:
        encoder: whose stage maps the decoder reads.
        decoder: as it came out of the same run.
        device: where to run.

    Raises:
        InvalidInputError: the decoder was made for maps of other widths.

    Source: SAN (arXiv:1905.13143) section 3.2; figure 7 for those of a trained SAN.
    """

    kind: Kind = "texture"

    def __init__(self, encoder: Encoder, decoder: TextureDecoder, device: torch.device) -> None:
        if decoder.stage_widths != encoder.channels:
            raise InvalidInputError(
                f"The decoder reads maps of {decoder.stage_widths} channels, and those of "
                f"{encoder.architecture} have {encoder.channels}. Give both files of one run."
            )
        super().__init__((encoder, decoder), encoder.preprocess, device)
        self._encoder, self._decoder = encoder, decoder

    def _unwrap(self, images: Tensor) -> NDArray[np.uint8]:
        textures = self._decoder(*self._encoder.forward_maps(images)[:4]).texture
        if not torch.isfinite(textures).all():
            raise NotFiniteError("The decoder gave a texture that is not finite: broken weights.")
        return texture_pixels(textures)


class DenseUnwrapper(Unwrapper):
    """A dense UV estimator; its maps are given the size of the images.

    Args:
        estimator: the network.
        device: where to run.
    """

    kind: Kind = "iuv"

    def __init__(self, estimator: DenseUv, device: torch.device) -> None:
        super().__init__((estimator,), estimator.preprocess, device)
        self._estimator = estimator

    def fit(self, unwrapped: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
        """Resize a map to the image's height and width; mixing neighbors would invent parts."""
        height, width = size
        nearest = Image.Resampling.NEAREST
        return np.asarray(Image.fromarray(unwrapped).resize((width, height), nearest))

    def _unwrap(self, images: Tensor) -> NDArray[np.uint8]:
        planes = self._estimator.predict(images).planes
        return planes.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def _prepare(module: nn.Module, device: torch.device) -> None:
    module.eval().requires_grad_(False)
    fold_batch_norms(module)
    module.to(device).to(memory_format=torch.channels_last)
