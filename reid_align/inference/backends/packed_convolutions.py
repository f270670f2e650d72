"""oneDNN convolutions with packed weights, fused with ReLU and addition.

PyTorch's eager convolution packs its weights on every call, which for small batches costs as much
as the arithmetic, and writes its result to memory before ReLU reads it. These are the operations
that torch.compile uses on the CPU, called without a compiler.

Source: torch/_inductor/mkldnn_lowerings.py and aten/src/ATen/native/mkldnn/Conv.cpp of PyTorch.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from reid_align.models.light_encoder import InvertedResidual, SamePaddedConv2d
from reid_align.models.resnet import ResNetTrunk
from reid_align.models.resnet_blocks import BasicBlock, Bottleneck

Activation = Literal["none", "relu", "relu6"]
# Activations by their oneDNN name and parameters.
ACTIVATIONS: dict[Activation, tuple[str, list[float]]] = {
    "none": ("none", []),
    "relu": ("relu", []),
    "relu6": ("hardtanh", [0.0, 6.0]),
}
OPERATIONS = ("_reorder_convolution_weight", "_convolution_pointwise", "_convolution_pointwise_")


def can_pack_convolutions(dtype: torch.dtype) -> bool:
    """Return whether PyTorch has oneDNN's fused convolutions for this CPU and dtype."""
    operations = torch.ops.mkldnn
    available = torch.backends.mkldnn.is_available() and all(
        hasattr(operations, name) for name in (*OPERATIONS, "_is_mkldnn_bf16_supported")
    )
    # In bfloat16 these need AVX-512, unlike eager convolutions.
    return available and (dtype != torch.bfloat16 or operations._is_mkldnn_bf16_supported())


def pack_convolutions(module: nn.Module) -> None:
    """Replace the convolutions and residual blocks of a folded module, in place.

    The module must be on the CPU, in evaluation mode and in its final dtype.
    """
    if isinstance(module, ResNetTrunk):
        activation: Activation = "relu" if isinstance(module.relu, nn.ReLU) else "none"
        module.register_module("conv1", PackedConv2d(module.conv1, activation))
        module.register_module("relu", nn.Identity())
    for name, child in module.named_children():
        if isinstance(child, BasicBlock | Bottleneck):
            module.register_module(name, PackedBlock(child))
        elif isinstance(child, InvertedResidual):
            module.register_module(name, PackedInvertedResidual(child))
        elif isinstance(child, nn.Sequential) and any(isinstance(c, nn.ReLU6) for c in child):
            module.register_module(name, nn.Sequential(*_fuse_relu6(child)))
        elif type(child) is nn.Conv2d and _packable(child):
            module.register_module(name, PackedConv2d(child))
        elif not isinstance(child, PackedConv2d):
            pack_convolutions(child)


def _packable(conv: nn.Conv2d) -> bool:
    return conv.padding_mode == "zeros" and not isinstance(conv.padding, str)


def _fuse_relu6(layers: nn.Sequential) -> list["PackedConv2d"]:
    """Return the packed convolutions of folded layers: each may be followed by ReLU6."""
    fused: list[PackedConv2d] = []
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            fused.append(PackedConv2d(layer))
        elif isinstance(layer, nn.ReLU6):
            fused[-1].activation = "relu6"
    return fused


class PackedConv2d(nn.Module):
    """Convolution with a weight packed for the size of the first input.

    Args:
        conv: convolution to replace; zero padding only.
        activation: applied to the result.

    Attributes:
        activation: as given.
    """

    def __init__(self, conv: nn.Conv2d, activation: Activation = "none") -> None:
        super().__init__()
        self._conv = conv
        self._geometry = (conv.padding, conv.stride, conv.dilation, conv.groups)
        self._weight: Tensor | None = None
        self.activation: Activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution of x, followed by the activation."""
        if isinstance(self._conv, SamePaddedConv2d):
            x = self._conv.pad(x)
        name, parameters = ACTIVATIONS[self.activation]
        result: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, self._packed(x), self._conv.bias, *self._geometry, name, parameters, ""
        )
        return result

    def add_to(self, total: Tensor, x: Tensor) -> Tensor:
        """Add the convolution of x to ``total``, in place, apply the activation and return it."""
        name, parameters = ACTIVATIONS[self.activation]
        # The out-of-place form rejects bfloat16 maps with a single column.
        result: Tensor = torch.ops.mkldnn._convolution_pointwise_.binary(
            total,
            x,
            self._packed(x),
            self._conv.bias,
            *self._geometry,
            "add",
            1.0,
            None if name == "none" else name,
            parameters,
            "",
        )
        return result

    def _packed(self, x: Tensor) -> Tensor:
        if self._weight is None:
            # Threads may race here; each computes the same weight.
            weight: Tensor = torch.ops.mkldnn._reorder_convolution_weight(
                self._conv.weight, *self._geometry, list(x.shape)
            )
            self._weight = weight
        return self._weight


class PackedBlock(nn.Module):
    """Residual block of packed convolutions; the last one adds its result to the shortcut.

    Overwrites its input if the shortcut is the identity. This is safe: the input is the output of
    the previous block or of the max pool, and a stage that starts from a map returned by the
    encoder has a convolution in its first shortcut.

    Args:
        block: folded block to replace; an instance norm after its first convolution stays.
    """

    def __init__(self, block: BasicBlock | Bottleneck) -> None:
        super().__init__()
        *inner, last = [conv for conv in block.children() if isinstance(conv, nn.Conv2d)]
        layers: list[nn.Module] = [PackedConv2d(conv, "relu") for conv in inner]
        if not isinstance(block.bn1, nn.Identity):
            layers[0] = nn.Sequential(PackedConv2d(inner[0]), block.bn1, nn.ReLU(inplace=True))
        self.inner = nn.Sequential(*layers)
        self.last = PackedConv2d(last, "relu")
        self.downsample = block.downsample
        pack_convolutions(self.downsample)

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output for x (N, in_channels, h, w); x may be overwritten."""
        inner = self.inner(x)
        return self.last.add_to(self.downsample(x), inner)


class PackedInvertedResidual(nn.Module):
    """Inverted residual block of packed convolutions; the projection adds to the shortcut.

    Overwrites its input if it has a shortcut. This is safe: the input is then the output of the
    previous block of the same stage, and the maps that an encoder returns end a stage.

    Args:
        block: folded block to replace.
    """

    def __init__(self, block: InvertedResidual) -> None:
        super().__init__()
        *inner, self.project = _fuse_relu6(block.conv)
        self.inner = nn.Sequential(*inner)
        self.shortcut = block.shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output for x (N, in_channels, h, w); x may be overwritten."""
        inner = self.inner(x)
        return self.project.add_to(x, inner) if self.shortcut else self.project(inner)
