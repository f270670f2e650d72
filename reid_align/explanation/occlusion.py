"""Drop of the similarity when a part of the image is covered. Needs captum (extra ``explain``)."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cosine_similarity

from reid_align.errors import MissingExtraError
from reid_align.models.encoder import Encoder

# Windows per side; neighboring windows overlap by half.
WINDOWS = (8, 4)
BATCH = 16


def occlusion_map(encoder: Encoder, image: Tensor, target: Tensor) -> NDArray[np.float64]:
    """Measure how much the similarity to a feature vector drops when a window is covered.

    A window of an eighth of the height and a quarter of the width slides over the image by half
    its size and is filled with the mean color of the preprocessing. A pixel's value is the mean
    over the windows that cover it.

    Args:
        encoder: any encoder, in evaluation mode.
        image: (1, 3, H, W), normalized with ``encoder.preprocess``.
        target: feature vector (D,).

    Returns:
        (H, W): similarity before minus similarity after. Negative values mean that the image is
        more similar without the region.

    Raises:
        MissingExtraError: captum is not installed.

    Source: arXiv:1311.2901, section 4.2; Captum's `Occlusion`.
    """
    try:
        from captum.attr import Occlusion
    except ImportError as error:
        raise MissingExtraError("captum", "explain", "The method 'occlusion'") from error

    def similarity(images: Tensor) -> Tensor:
        return cosine_similarity(encoder(images), target.unsqueeze(0))

    sides = tuple(max(1, side // n) for side, n in zip(image.shape[2:], WINDOWS, strict=True))
    strides = tuple(max(1, side // 2) for side in sides)
    with torch.no_grad():
        drops: Tensor = Occlusion(similarity).attribute(
            image,
            sliding_window_shapes=(3, *sides),
            strides=(3, *strides),
            baselines=0,
            perturbations_per_eval=BATCH,
        )
    return drops[0, 0].double().cpu().numpy()
