"""Backends "plain" and "torch": eager PyTorch, unmodified and optimized."""

import torch
from torch import Tensor, nn

from reid_align.inference.backends.backend import BACKENDS, Backend, BackendTarget
from reid_align.inference.backends.packed_convolutions import (
    can_pack_convolutions,
    pack_convolutions,
)
from reid_align.inference.folding import fold_batch_norms
from reid_align.models.encoder import Encoder


class _Eager:
    """Calls a module and converts images and features to and from its dtype."""

    def __init__(self, module: nn.Module, dtype: torch.dtype) -> None:
        self._module = module
        self._dtype = dtype

    def __call__(self, images: Tensor) -> Tensor:
        """Return the features (N, D) float32."""
        features: Tensor = self._module(images.to(self._dtype))
        return features.float()


@BACKENDS.register("plain")
def plain(encoder: Encoder, target: BackendTarget) -> Backend:
    """Run the unmodified encoder: the reference for all other backends."""
    module = encoder.to(target.device, target.dtype)
    return _Contiguous(module, target.dtype)


class _Contiguous(_Eager):
    def __call__(self, images: Tensor) -> Tensor:
        """Return the features (N, D) float32."""
        return super().__call__(images.contiguous())


@BACKENDS.register("torch")
def fast(encoder: Encoder, target: BackendTarget) -> Backend:
    """Fold batch norms and use channels-last; on the CPU also pack weights and fuse layers."""
    fold_batch_norms(encoder)
    encoder.to(target.device, target.dtype)
    if target.device.type == "mps":
        # MPS channels-last kernels silently return wrong values (pytorch issue 174345).
        return _Contiguous(encoder, target.dtype)
    encoder.to(memory_format=torch.channels_last)
    if target.device.type == "cpu" and can_pack_convolutions(target.dtype):
        pack_convolutions(encoder)
    return _Eager(encoder, target.dtype)
