"""Modules built without random weights, since others are loaded in their place."""

from collections.abc import Callable, Mapping, Sequence

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

DRAWING = {
    nn.init.kaiming_uniform_,
    nn.init.normal_,
    nn.init.uniform_,
    Tensor.normal_,
    Tensor.uniform_,
}


class NoRandomWeights(TorchFunctionMode):
    """Inside it nothing random is drawn: a tensor that would be filled so holds what memory held.

    For modules whose random tensors all stand in their state dict, which is loaded afterward.
    Drawing takes a fifth of a second for a ResNet-50, and takes numbers off the caller's generator.
    (Torch's meta device, made for this too, loads far more of torch at its first use.)
    """

    def __torch_function__(
        self,
        func: Callable[..., object],
        types: Sequence[type],
        args: tuple[object, ...] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        """Call a function of torch, but for those that draw: they return their tensor."""
        named = dict(kwargs or {})
        if func in DRAWING:
            return args[0] if args else named["tensor"]
        return func(*args, **named)
