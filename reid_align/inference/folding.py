"""Batch norms folded into the layers before them: the same function with fewer steps."""

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import nn
from torch.nn.utils.fusion import (
    fuse_conv_bn_weights,
    fuse_linear_bn_eval,
)

from reid_align.models.norms import InstanceBatchNorm

# Which norm of a module follows which of its layers, by their names.
FOLLOWERS = {
    "conv0": ("norm0",),
    "conv1": ("bn1", "norm2"),
    "conv2": ("bn2",),
    "conv3": ("bn3",),
    "fc": ("bn",),
}


def fold_batch_norms(module: nn.Module) -> None:
    """Fold each batch norm into the convolution or linear layer before it, in place.

    For evaluation only, and for modules whose layers have one parent each. Of IBN-a the batch
    norm's half of the channels is folded and the instance norm stays. Norms with no such layer
    before them stay: those that open DenseNet's layers, and the one behind the pooling. Features
    change by rounding alone: below 1e-5 of their largest magnitude.
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
    """Yield the names of neighbors that may be a layer and its norm."""
    names = [name for name, _ in parent.named_children()]
    if isinstance(parent, nn.Sequential):
        yield from pairwise(names)
        return
    for place, name in enumerate(names):
        # A norm that stands before its layer, as in pre-activation blocks, does not follow it.
        yield from ((name, norm) for norm in FOLLOWERS.get(name, ()) if norm in names[place:])


def _fold(conv: nn.Conv2d, norm: nn.BatchNorm2d, first: int = 0) -> None:
    """Fold a batch norm of the channels from ``first`` on; those before it stay as they are."""
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
