"""Batch-norm means and variances of a network, estimated from batches of images."""

from collections.abc import Iterator
from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reid_align.errors import NotFiniteError
from reid_align.models.encoder import Encoder


def tracking_norms(network: nn.Module) -> list[nn.BatchNorm1d | nn.BatchNorm2d]:
    """Return the batch norms with running statistics."""
    kinds = nn.BatchNorm1d | nn.BatchNorm2d
    return [m for m in network.modules() if isinstance(m, kinds) and m.running_mean is not None]


@torch.no_grad()
def batch_statistics(
    network: Encoder, device: torch.device, pixels: NDArray[np.uint8]
) -> tuple[Tensor, ...]:
    """Return the batch-norm statistics of one batch of images.

    Args:
        network: an encoder on the device, in evaluation mode; several threads may share it.
        device: device to compute on.
        pixels: (n, height, width, 3) uint8 RGB with n ≥ 2.

    Returns:
        Mean and variance of each norm, in the order of the norms, on the CPU. A norm that is not
        reached in the forward pass keeps its running statistics.
    """
    probe = deepcopy(network)
    for norm in tracking_norms(probe):
        # With momentum None, PyTorch tracks the average over all batches since the reset.
        norm.get_buffer("num_batches_tracked").zero_()
        norm.momentum = None
        norm.train()
    images = torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2)
    probe(probe.preprocess.normalize(images).contiguous())
    return tuple(values.cpu() for values in _statistics(probe))


@torch.no_grad()
def with_averages(encoder: Encoder, found: list[tuple[Tensor, ...]]) -> Encoder:
    """Return a copy, in evaluation mode, with the batch statistics averaged over all batches.

    Raises:
        NotFiniteError: a statistic is NaN or infinite.
    """
    adapted = deepcopy(encoder).eval()
    for old, values in zip(_statistics(adapted), zip(*found, strict=True), strict=True):
        mean = torch.stack(values).double().mean(0)
        if not torch.isfinite(mean).all():
            raise NotFiniteError(
                "The batch-norm statistics contain NaN or infinity: the weights are broken."
            )
        old.copy_(mean)
    return adapted


def _statistics(network: nn.Module) -> Iterator[Tensor]:
    """Yield the mean and the variance of each norm."""
    for norm in tracking_norms(network):
        yield norm.get_buffer("running_mean")
        yield norm.get_buffer("running_var")
