"""Network from whole images to features, with all preprocessing."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize as l2_normalize

from reid_align.exporting.antialiased_resize import resize_images
from reid_align.inference.folding import fold_batch_norms
from reid_align.models.encoder import Encoder


class PixelNetwork(nn.Module):
    """Resizes, normalizes and encodes images, as `extract_features` does.

    Args:
        encoder: copied, not modified.
        dtype: dtype of the encoder; everything else is computed in float32.
    """

    def __init__(self, encoder: Encoder, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        network = deepcopy(encoder).cpu().float().eval().requires_grad_(False)
        fold_batch_norms(network)
        self.encoder = network.to(dtype)
        self.eval()
        self._dtype = dtype

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the features of images (N, H, W, 3) uint8 RGB.

        Returns:
            The features scaled to length 1, and as the encoder returns them: (N, D) float32.
        """
        preprocess = self.encoder.preprocess
        pixels = resize_images(
            images.permute(0, 3, 1, 2).float(),
            preprocess.height,
            preprocess.width,
            preprocess.interpolation,
        )
        features = self.encoder(preprocess.normalize(pixels).to(self._dtype)).float()
        return l2_normalize(features), features
