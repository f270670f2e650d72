"""Networks that unwrap images to textures or dense pose maps, prepared for inference."""

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
from reid_align.models.dense_uv_network import DenseUv
from reid_align.preprocess import Preprocess
from reid_align.viz import texture_pixels

UnwrapKind = Literal["texture", "iuv"]
Module = Encoder | TextureDecoder | DenseUv


class Unwrapper(ABC):
    """Base class: batches of person images in, batches of unwrapped images out.

    Args:
        modules: networks; modified in place (batch norms are folded into convolutions).
        preprocess: preprocessing of the first network.
        device: device to run on.

    Attributes:
        kind: kind of output.
        modules: as given.
        preprocess: as given.
        device: as given.
    """

    kind: UnwrapKind

    def __init__(
        self, modules: tuple[Module, ...], preprocess: Preprocess, device: torch.device
    ) -> None:
        self.modules, self.preprocess = modules, preprocess
        self.device = device
        for module in modules:
            _prepare(module, device)

    @torch.inference_mode()
    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Unwrap a batch, (N, height, width, 3) uint8 RGB at the network's size, to (N, h, w, 3).

        Raises:
            NotFiniteError: the output contains NaN or infinity.
        """
        batch = torch.from_numpy(pixels).to(self.device).permute(0, 3, 1, 2)
        return self._unwrap(self.preprocess.normalize(batch))

    def fit(self, unwrapped: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
        """Resize one output, (h, w, 3), for its file; by default unchanged.

        Args:
            unwrapped: one output of a call.
            size: height and width of the original image.
        """
        del size
        return unwrapped

    @abstractmethod
    def _unwrap(self, images: Tensor) -> NDArray[np.uint8]: ...


class TextureUnwrapper(Unwrapper):
    """Encoder and texture decoder of a SAN or SAN-PG.

    Args:
        encoder: encoder; the decoder reads its stage maps.
        decoder: decoder from the same run.
        device: device to run on.

    Raises:
        InvalidInputError: encoder and decoder have different numbers of channels.

    Source: SAN (arXiv:1905.13143) section 3.2; figure 7 shows textures of a trained SAN.
    """

    kind: UnwrapKind = "texture"

    def __init__(self, encoder: Encoder, decoder: TextureDecoder, device: torch.device) -> None:
        if not decoder.fits(encoder.channels):
            raise InvalidInputError(
                f"The decoder expects maps with {decoder.stage_widths} channels, but those of "
                f"{encoder.architecture} have {encoder.channels}. Use encoder and decoder of the "
                "same run."
            )
        super().__init__((encoder, decoder), encoder.preprocess, device)
        self._encoder, self._decoder = encoder, decoder

    def _unwrap(self, images: Tensor) -> NDArray[np.uint8]:
        textures = self._decoder(*self._encoder.forward_maps(images)[:4]).texture
        if not torch.isfinite(textures).all():
            raise NotFiniteError(
                "The decoded texture is not finite. The weights of encoder or decoder are broken."
            )
        return texture_pixels(textures)


class DenseUnwrapper(Unwrapper):
    """Dense UV estimator; resizes its maps to the size of the images.

    Args:
        estimator: network.
        device: device to run on.
    """

    kind: UnwrapKind = "iuv"

    def __init__(self, estimator: DenseUv, device: torch.device) -> None:
        super().__init__((estimator,), estimator.preprocess, device)
        self._estimator = estimator

    def fit(self, unwrapped: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
        """Resize a map to the image size, by nearest neighbor: part numbers cannot be mixed."""
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
