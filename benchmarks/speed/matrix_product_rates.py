"""Peak matrix-product throughput of the machine."""

from collections.abc import Callable, Collection
from functools import partial
from threading import local

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.speed.timing import best_of, rate
from reid_align.inference.backends.openvino_runtime import PRECISIONS
from reid_align.inference.device import DTYPES, DtypeName
from reid_align.inference.parallelism import Parallelism
from reid_align.models.encoder import Encoder

# Measured number formats.
MEASURED: tuple[DtypeName, DtypeName] = ("float32", "bfloat16")
Product = Callable[[], object]


def arithmetic(encoder: Encoder) -> float:
    """Return the floating-point operations per image; a multiply-add counts as two."""
    size = encoder.preprocess.height, encoder.preprocess.width
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        encoder(torch.zeros(1, 3, *size))
    return float(counter.get_total_flops())


def matrix_product_rates(
    device: torch.device,
    parallelism: Parallelism,
    seconds: float,
    rounds: int,
    sizes: tuple[int, ...],
    *,
    skip: Collection[str] = (),
) -> dict[str, dict[str, float]]:
    """Return GFLOP/s of each matrix-product implementation, by number format.

    Args:
        device: the device; oneDNN and OpenVINO run on the CPU only.
        parallelism: number of parallel products and threads of each.
        seconds: duration of each measurement.
        rounds: number of rounds; the best one counts.
        sizes: sizes of the square matrices.
        skip: implementations to skip; "openvino" avoids importing it.
    """
    rates: dict[str, dict[str, float]] = {}
    for dtype in MEASURED:
        works: dict[str, Callable[[], float]] = {}
        for size in sizes:
            for name, product in _products(dtype, size, device, skip).items():
                label = f"{name} {size} {dtype}"
                works[label] = partial(_giga, product, size, parallelism, seconds)
        best = best_of(rounds, works)
        names = sorted({label.split()[0] for label in best})
        rates[dtype] = {
            name: max(value for label, value in best.items() if label.startswith(f"{name} "))
            for name in names
        }
    return rates


def _giga(product: Product, size: int, parallelism: Parallelism, seconds: float) -> float:
    return rate(product, parallelism, seconds) * 2 * size**3 / 1e9


def _products(
    dtype: str, size: int, device: torch.device, skip: Collection[str]
) -> dict[str, Product]:
    left, right = (torch.randn(size, size, device=device).to(DTYPES[dtype]) for _ in range(2))
    products: dict[str, Product] = {"torch": partial(torch.mm, left, right)}
    if device.type == "cpu":
        products["oneDNN"] = _one_dnn(left, right)
        if "openvino" not in skip:
            products["OpenVINO"] = _open_vino(size, PRECISIONS[DTYPES[dtype]])
    return products


def _one_dnn(left: Tensor, right: Tensor) -> Product:
    # The operation of compiled linear layers, with a prepacked weight.
    weight = torch.ops.mkldnn._reorder_linear_weight(right, len(left))
    return partial(torch.ops.mkldnn._linear_pointwise, left, weight, None, "none", [], "")


def _open_vino(size: int, precision: str) -> Product:
    import openvino
    from openvino import opset13

    values = np.random.default_rng(0).standard_normal((size, size), np.float32)
    place = opset13.parameter([size, size], np.float32)
    product = opset13.matmul(place, opset13.constant(values), False, False)
    settings = {
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "NUM_STREAMS": torch.get_num_threads(),
    }
    model = openvino.Model([product], [place], "product")
    compiled = openvino.Core().compile_model(model, "CPU", settings)
    own = local()

    def run() -> None:
        if not hasattr(own, "request"):
            own.request = compiled.create_infer_request()
            own.request.set_input_tensor(openvino.Tensor(values))
        own.request.infer()

    return run
