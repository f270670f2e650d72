"""Backend "compile": torch.compile, with CUDA graphs on a GPU.

Slow to start; needs a C++ compiler on the CPU.
"""

import warnings
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import pad

from reid_align.errors import BackendError
from reid_align.inference.backends.backend import BACKENDS, Backend, BackendTarget
from reid_align.inference.folding import fold_batch_norms
from reid_align.inference.parallelism import torch_threads
from reid_align.models.encoder import Encoder


class _Compiled:
    """Runs a module compiled for one batch size; pads smaller batches."""

    def __init__(self, module: Callable[[Tensor], Tensor], target: BackendTarget) -> None:
        self._module = module
        self._target = target

    def __call__(self, images: Tensor) -> Tensor:
        """Return the features (N, D) float32."""
        count = len(images)
        full = pad(images, (0, 0, 0, 0, 0, 0, 0, self._target.batch_size - count))
        full = full.to(self._target.dtype, memory_format=torch.channels_last)
        features = self._module(full)
        # Copied because a CUDA graph writes its next result to the same memory.
        return features[:count].float().clone()


@BACKENDS.register("compile")
def compiled(encoder: Encoder, target: BackendTarget) -> Backend:
    """Fold batch norms, keep channels last and compile for exactly one batch size.

    Raises:
        BackendError: this machine cannot compile.
    """
    fold_batch_norms(encoder)
    encoder.to(target.device, target.dtype).to(memory_format=torch.channels_last)
    on_cpu = target.device.type == "cpu"
    # Freezing packs weights and fuses layers, like `packed_convolutions` without a compiler.
    options: dict[str, str | int | bool | Callable[..., object]] = (
        {"freezing": True} if on_cpu else {"triton.cudagraphs": True}
    )
    backend = _Compiled(torch.compile(encoder, dynamic=False, options=options), target)
    size = encoder.preprocess.height, encoder.preprocess.width
    example = torch.zeros(target.batch_size, 3, *size, device=target.device)
    try:
        # Same layout as in later calls; another layout would be compiled again.
        with torch_threads(target.threads), torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Warnings about the compiler's internals.
            backend(example.to(memory_format=torch.channels_last))
    except RuntimeError as error:
        raise BackendError("compile", str(error).partition("\n")[0]) from error
    return backend
