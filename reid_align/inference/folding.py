"""Batch-norm folding into the preceding convolution or linear layer."""

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import nn
from torch.nn.utils.fusion import (
    fuse_conv_bn_weights,
    fuse_linear_bn_eval,
)

from reid_align.models.norms import InstanceBatchNorm

# Names of layers, and of the norms that may follow them in the same module.
FOLLOWERS = {
    "conv0": ("norm0",),
    "conv1": ("bn1", "norm2"),
    "conv2": ("bn2",),
    "conv3": ("bn3",),
    "fc": ("bn",),
}


def fold_batch_norms(module: nn.Module) -> None:
    """Fold each batch norm into the convolution or linear layer before it, in place.

    For evaluation only; each layer must have a single parent. In IBN-a only the
    channels with a batch norm are folded; the instance norm stays. Norms without such a layer
    before them stay: those at the start of DenseNet's layers, and the one after pooling. Features
    change only by rounding, less than 1e-5 of their largest magnitude.
    """
    for parent in list(module.modules()):
        for name, norm_name in _pairs(parent):
            layer, norm = (parent.get_submodule(part) for part in (name, norm_name))
            if isinstance(layer, nn.Conv2d) and isinstance(norm, InstanceBatchNorm):
                _fold(layer, norm.BN, norm.instance_channels)
                norm.register_module("BN", nn.Identity())
            elif isinstance(layer, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                _fold(layer, norm)
                parent.register_module(norm_name, nn.Identity())
            elif isinstance(layer, nn.Linear) and isinstance(norm, nn.BatchNorm1d):
                parent.register_module(name, fuse_linear_bn_eval(layer, norm))
                parent.register_module(norm_name, nn.Identity())


def _pairs(parent: nn.Module) -> Iterator[tuple[str, str]]:
    """Yield pairs of child names that may be a layer and its norm."""
    names = [name for name, _ in parent.named_children()]
    if isinstance(parent, nn.Sequential):
        yield from pairwise(names)
        return
    for place, name in enumerate(names):
        # In pre-activation blocks the norm comes first and must not be folded.
        yield from ((name, norm) for norm in FOLLOWERS.get(name, ()) if norm in names[place:])


def _fold(conv: nn.Conv2d, norm: nn.BatchNorm2d, first: int = 0) -> None:
    """Fold a batch norm over the channels from ``first`` on; earlier channels are unchanged."""
    bias = conv.weight.new_zeros(conv.out_channels) if conv.bias is None else conv.bias
    weight, later_bias = fuse_conv_bn_weights(
        conv.weight[first:],
        bias[first:],
        norm.get_buffer("running_mean"),
        norm.get_buffer("running_var"),
        norm.eps,
        norm.weight,
        norm.bias,
    )
    if first:
        weight = nn.Parameter(torch.cat((conv.weight[:first], weight)))
        later_bias = nn.Parameter(torch.cat((bias[:first], later_bias)))
    conv.weight, conv.bias = weight.requires_grad_(False), later_bias.requires_grad_(False)
