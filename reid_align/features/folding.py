"""Batch norms folded into the layers before them: the same function with fewer steps."""

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import nn
from torch.nn.utils.fusion import (
    fuse_conv_bn_eval,
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

    For evaluation only. Of IBN-a the batch norm's half of the channels is folded and the instance
    norm stays. Norms with no such layer before them stay: those that open DenseNet's layers, and
    the one behind the pooling. Features change by rounding alone: below 1e-5 of their largest
    magnitude.
    """
    for parent in list(module.modules()):
        for name, norm_name in _pairs(parent):
            layer, norm = (parent.get_submodule(part) for part in (name, norm_name))
            if isinstance(norm, InstanceBatchNorm) and isinstance(layer, nn.Conv2d):
                _fold_half(layer, norm)
                continue
            if isinstance(layer, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                folded: nn.Module = fuse_conv_bn_eval(layer, norm)
            elif isinstance(layer, nn.Linear) and isinstance(norm, nn.BatchNorm1d):
                folded = fuse_linear_bn_eval(layer, norm)
            else:
                continue
            parent.register_module(name, folded)
            parent.register_module(norm_name, nn.Identity())


def _pairs(parent: nn.Module) -> Iterator[tuple[str, str]]:
    """Yield the names of neighbours that may be a layer and its norm."""
    names = [name for name, _ in parent.named_children()]
    if isinstance(parent, nn.Sequential):
        yield from pairwise(names)
        return
    for place, name in enumerate(names):
        # A norm that stands before its layer, as in pre-activation blocks, does not follow it.
        yield from ((name, norm) for norm in FOLLOWERS.get(name, ()) if norm in names[place:])


def _fold_half(conv: nn.Conv2d, norm: InstanceBatchNorm) -> None:
    """Fold the batch norm of the later channels; it becomes an identity."""
    first, batch_norm = norm.instance_channels, norm.BN
    bias = conv.weight.new_zeros(conv.out_channels) if conv.bias is None else conv.bias
    weight, later_bias = fuse_conv_bn_weights(
        conv.weight[first:],
        bias[first:],
        batch_norm.get_buffer("running_mean"),
        batch_norm.get_buffer("running_var"),
        batch_norm.eps,
        batch_norm.weight,
        batch_norm.bias,
    )
    conv.weight = nn.Parameter(torch.cat((conv.weight[:first], weight)), requires_grad=False)
    conv.bias = nn.Parameter(torch.cat((bias[:first], later_bias)), requires_grad=False)
    norm.register_module("BN", nn.Identity())
