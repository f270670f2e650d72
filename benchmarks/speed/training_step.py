"""Time a training step of each recipe against the forward and backward pass of its networks.

    python -m benchmarks.speed.training_step
    python -m benchmarks.speed.training_step san_full dsa_full --height 256 --width 128 --people 16

Runs steps of each recipe's last stage (losses, gradients and update) on batches of noise in memory.
The reference, measured in turn, is forward and backward of the networks in float32 without losses,
classifiers and update; recipes in bfloat16 can be faster than it.

A few minutes on two cores; writes benchmarks/results/training_step.json.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from benchmarks.command_line import benchmark_parser
from benchmarks.result_files import RESULTS, provenance, write_result
from reid_align.batches.batch import Batch, BatchSpec
from reid_align.recipes import RECIPES, Stage, override_settings
from reid_align.tasks import REID, SYNTHETIC
from reid_align.training.distributed import ProcessGroup
from reid_align.training.step.updater import Updater
from reid_align.training.task_interface import StepContext, Task

NAMES = (
    "san_pg", "san_baseline", "san_full", "san_full_official", "san_modern", "dsa_two_branch",
    "dsa_full", "dsa_modern", "dense_uv",
)  # fmt: skip
IDENTITIES, IMAGES = 767, 4
COSTLIEST = 5


def make_batch(
    spec: BatchSpec, identities: int, height: int, width: int, device: torch.device
) -> Batch:
    """Return a batch of noise that fulfills a specification."""
    count = identities * IMAGES
    target = (256, 256) if spec.target == "texture" else (height, width)
    parts = torch.randn(count, 24, 3, 32, 32) if spec.part_images != "none" else None
    planes = torch.randint(0, 255, (count, 3, height, width), dtype=torch.uint8)
    planes[:, 0] %= 25
    batch = Batch(
        torch.randn(count, 3, height, width),
        torch.arange(identities).repeat_interleave(IMAGES),
        torch.zeros(count, dtype=torch.int64),
        None if spec.target == "none" else torch.rand(count, 3, *target) * 2 - 1,
        None,
        parts,
        None if parts is None else torch.ones(count, dtype=torch.bool),
        planes if spec.iuv else None,
    )
    return batch.to(device)


def forward_backward(task: Task, batch: Batch) -> None:
    """Run forward and backward of all networks that the task saves."""
    networks = {name: product.module for name, product in task.products().items()}
    outputs: list[Tensor] = []
    if task.encoder is not None:
        maps = task.encoder.forward_maps(batch.images)
        outputs.append(task.encoder.forward_head(maps))
        if "san_decoder" in networks:
            outputs += networks["san_decoder"](*maps)
    if "dsag_stream" in networks and batch.part_images is not None:
        outputs += networks["dsag_stream"](batch.part_images)
    if "dense_uv" in networks:
        outputs += networks["dense_uv"](batch.images)
    torch.stack([one.float().mean() for one in outputs if one.requires_grad]).sum().backward()
    for parameter in task.parameters():
        parameter.grad = None


def seconds(work: Callable[[], object], device: torch.device) -> float:
    """Return the wall-clock time of a function."""
    began = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began


def costliest(work: Callable[[], object], device: torch.device) -> dict[str, float]:
    """Return the operations with the largest shares of the time."""
    kinds = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * (device.type == "cuda")
    with profile(activities=kinds) as seen:
        work()
    key = f"self_{'device' if device.type == 'cuda' else 'cpu'}_time_total"
    times = {event.key: float(getattr(event, key)) for event in seen.key_averages()}
    first = sorted(times, key=lambda name: times[name], reverse=True)[:COSTLIEST]
    return {name: round(times[name] / sum(times.values()), 3) for name in first}


class StepWork(NamedTuple):
    """A full training step of a task, and the forward and backward pass alone, on one batch."""

    task: Task
    step: Callable[[], None]
    forward_backward: Callable[[], None]


def prepare(stage: Stage, options: argparse.Namespace) -> StepWork:
    """Return the work of a stage on a batch of noise."""
    device = torch.device(options.device)
    torch.manual_seed(0)
    task = stage.task.build(IDENTITIES)
    stream = REID if REID in stage.task.batch_specs() else SYNTHETIC
    updater = Updater(task, stage.training, device, ProcessGroup())
    size = options.height, options.width
    batch = make_batch(stage.task.batch_specs()[stream], options.people, *size, device)

    def step() -> None:
        context = StepContext(0, 0, torch.Generator().manual_seed(0), ProcessGroup())
        updater.step(stream, [batch], context, 1.0)

    return StepWork(task, step, lambda: forward_backward(task, batch))


def measure(stage: Stage, options: argparse.Namespace) -> dict[str, object]:
    """Time full steps and networks alone in turn; the fastest of each counts."""
    device = torch.device(options.device)
    work = prepare(stage, options)
    times: dict[str, list[float]] = {"step": [], "forward_backward": []}
    for _ in range(options.rounds + 1):
        times["step"].append(seconds(work.step, device))
        times["forward_backward"].append(seconds(work.forward_backward, device))
    best = {name: min(found[1:]) for name, found in times.items()}
    return {
        "parameters": sum(parameter.numel() for parameter in work.task.parameters()),
        "step_ms": round(1e3 * best["step"], 1),
        "bare_ms": round(1e3 * best["forward_backward"], 1),
        "ratio": round(best["step"] / best["forward_backward"], 2),
        "costliest": costliest(work.step, device),
    }


def resize(stage: Stage, height: int, width: int) -> Stage:
    """Return the stage for another image size."""
    part = "task" if hasattr(stage.task, "height") else "task.encoder"
    recipe = replace(RECIPES["san_baseline"], stages=(stage,))
    return override_settings(recipe, [f"{part}.height={height}", f"{part}.width={width}"]).last


def main() -> None:
    """Parse the arguments, measure, print and write."""
    parser = benchmark_parser("python -m benchmarks.speed.training_step", __doc__)
    parser.add_argument("recipes", nargs="*", default=NAMES, help="recipes to measure")
    parser.add_argument("--height", type=int, default=128, help="image height in pixels")
    parser.add_argument("--width", type=int, default=64, help="image width in pixels")
    parser.add_argument(
        "--people", type=int, default=4, help="identities per batch, with 4 images each"
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="number of rounds; the best one counts"
    )
    parser.add_argument("--device", default="cpu", help="torch device")
    parser.add_argument(
        "--output", type=Path, default=RESULTS / "training_step.json", help="result file"
    )
    options = parser.parse_args()
    recipes: dict[str, dict[str, object]] = {}
    for name in options.recipes:
        recipes[name] = measure(resize(RECIPES[name].last, options.height, options.width), options)
        print(name, recipes[name], flush=True)
    size = {"height": options.height, "width": options.width, "batch": options.people * IMAGES}
    record = {"benchmark": "training_step", **provenance(), "device": options.device, **size}
    write_result(options.output, {**record, "recipes": recipes})


if __name__ == "__main__":
    main()
