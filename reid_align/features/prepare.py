"""The fast copy of an encoder that extraction runs; the encoder itself is never touched."""

import re
from copy import deepcopy
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize as l2_normalize
from torch.nn.utils.fusion import fuse_conv_bn_eval

from reid_align.errors import InvalidInputError, NotFiniteError
from reid_align.models.encoder import Encoder

DTYPES = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
DtypeName = Literal["float32", "bfloat16", "float16"]


def resolve_device(name: str) -> torch.device:
    """Turn "auto", "cpu", "cuda", "cuda:1" or "mps" into a device that is there.

    "auto" is the first of CUDA, Apple's MPS and the CPU.

    Raises:
        InvalidInputError: no such device, or none in this machine.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    if not re.fullmatch(r"cpu|mps|cuda(:\d+)?", name):
        raise InvalidInputError(f"Device {name!r}: choose auto, cpu, cuda, cuda:N or mps.")
    device = torch.device(name)
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise InvalidInputError("Device 'mps': this machine has none. Use --device cpu.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InvalidInputError(
            f"Device {name!r}: torch sees {torch.cuda.device_count()} CUDA devices here. "
            "Use --device cpu, or install the torch build for your GPU."
        )
    return device


def fold_batch_norms(module: nn.Module) -> None:
    """Fold each batch norm into the convolution before it, in place (evaluation mode only).

    Pairs are convN and bnN of one module, and neighbours in a Sequential. Features change by
    rounding alone: below 1e-5 of their largest magnitude.
    """
    for parent in list(module.modules()):
        children = dict(parent.named_children())
        names = list(children)
        follower = dict(pairwise(names))
        for name, child in children.items():
            sequential = isinstance(parent, nn.Sequential)
            norm = follower.get(name, "") if sequential else name.replace("conv", "bn")
            batch_norm = children.get(norm)
            if isinstance(child, nn.Conv2d) and isinstance(batch_norm, nn.BatchNorm2d):
                setattr(parent, name, fuse_conv_bn_eval(child, batch_norm))
                setattr(parent, norm, nn.Identity())


class PreparedEncoder:
    """An encoder ready to run: folded, channels-last, on its device, in its number format.

    Args:
        encoder: what to copy.
        device: where to run.
        dtype: "float32"; "bfloat16" and "float16" compute in half precision (float16 needs a GPU).
        flip: average each picture's features with those of its mirror image.
        normalize: scale each feature vector to length 1; a zero vector stays zero.

    Raises:
        InvalidInputError: float16 on the CPU.
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        device: torch.device,
        dtype: DtypeName,
        flip: bool,
        normalize: bool,
    ) -> None:
        if dtype == "float16" and device.type == "cpu":
            raise InvalidInputError("dtype 'float16' needs a GPU. On the CPU choose bfloat16.")
        self.preprocess = encoder.preprocess
        self.feature_dim = encoder.feature_dim
        self.device, self.dtype = device, DTYPES[dtype]
        self.flip, self.normalize = flip, normalize
        self._module = deepcopy(encoder).eval().requires_grad_(False)
        fold_batch_norms(self._module)
        self._module.to(device, self.dtype).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the features (N, feature_dim) of pictures (N, height, width, 3), RGB.

        Raises:
            NotFiniteError: the weights, or the number format, overflow.
        """
        # The view of (N, H, W, 3) as (N, 3, H, W) is channels-last without a copy.
        batch = torch.from_numpy(pictures).to(self.device, non_blocking=True).permute(0, 3, 1, 2)
        images = self.preprocess.normalize(batch).to(self.dtype)
        features = self._forward(images)
        if self.flip:
            features = (features + self._forward(images.flip(3))) / 2
        if not torch.isfinite(features).all():
            raise NotFiniteError(
                f"The encoder gave features that are not finite in {self.dtype}. "
                "Use dtype float32; if that gives the same, the weights are broken."
            )
        if self.normalize:
            features = l2_normalize(features)
        return features.cpu().numpy()

    def _forward(self, images: Tensor) -> Tensor:
        features: Tensor = self._module(images)
        return features.float()
