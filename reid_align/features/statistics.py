"""The means and variances inside a network's batch norms, estimated from batches of images."""

from collections.abc import Iterator
from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reid_align.errors import NotFiniteError
from reid_align.models.encoder import Encoder


def tracking_norms(network: nn.Module) -> list[nn.BatchNorm1d | nn.BatchNorm2d]:
    """Return the norms that have statistics."""
    kinds = nn.BatchNorm1d | nn.BatchNorm2d
    return [m for m in network.modules() if isinstance(m, kinds) and m.running_mean is not None]


@torch.no_grad()
def batch_statistics(
    network: Encoder, device: torch.device, pixels: NDArray[np.uint8]
) -> tuple[Tensor, ...]:
    """Return what one batch of images, (n, height, width, 3) uint8 RGB, would teach the norms.

    Args:
        network: an encoder on the device, in evaluation mode; several threads may share it.
        device: where to compute.
        pixels: at least two images.

    Returns:
        The mean and the variance of each norm, in the order of the norms, on the CPU. A norm that
        no image reaches keeps its own.
    """
    probe = deepcopy(network)
    for norm in tracking_norms(probe):
        # Without momentum, what is tracked is the average since zero batches.
        norm.get_buffer("num_batches_tracked").zero_()
        norm.momentum = None
        norm.train()
    images = torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2)
    probe(probe.preprocess.normalize(images).contiguous())
    return tuple(values.cpu() for values in _statistics(probe))


@torch.no_grad()
def with_averages(encoder: Encoder, found: list[tuple[Tensor, ...]]) -> Encoder:
    """Return a copy, in evaluation mode, that has the averages of the batches' statistics.

    Raises:
        NotFiniteError: a statistic is not finite.
    """
    adapted = deepcopy(encoder).eval()
    for old, values in zip(_statistics(adapted), zip(*found, strict=True), strict=True):
        mean = torch.stack(values).double().mean(0)
        if not torch.isfinite(mean).all():
            raise NotFiniteError(
                "Adapting gave statistics that are not finite: the weights are broken."
            )
        old.copy_(mean)
    return adapted


def _statistics(network: nn.Module) -> Iterator[Tensor]:
    """Yield the mean and the variance of each norm."""
    for norm in tracking_norms(network):
        yield norm.get_buffer("running_mean")
        yield norm.get_buffer("running_var")
