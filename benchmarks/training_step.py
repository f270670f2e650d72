"""Where the time of a training step goes, recipe by recipe.

Each recipe's last stage does steps on batches that are in memory already: losses, gradients and the
optimizer's update. Beside it, in the same run and in turn, stands the bare forward and backward of
its networks in float32, without losses, classifiers and update; recipes that compute in bfloat16
may be faster than that. Images are noise, of the size that is asked for.

    python benchmarks/training_step.py
    python benchmarks/training_step.py san_full dsa_full --height 256 --width 128 --people 16

The figures go to benchmarks/results/training_step.json.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from provenance import RESULTS, provenance, write_result
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from reid_align.batches.batch import Batch, BatchSpec
from reid_align.recipes import RECIPES, Stage, override
from reid_align.tasks import REID, SYNTHETIC
from reid_align.training.group import ProcessGroup
from reid_align.training.learner import Learner
from reid_align.training.task import StepContext, Task

NAMES = (
    "san_pg", "san_baseline", "san_full", "san_full_official", "san_modern", "dsa_two_branch",
    "dsa_full", "dsa_modern", "dense_uv",
)  # fmt: skip
IDENTITIES, IMAGES = 767, 4
COSTLIEST = 5


def make_batch(
    wanted: BatchSpec, people: int, height: int, width: int, device: torch.device
) -> Batch:
    """Return a batch of noise that holds what is wanted."""
    count = people * IMAGES
    target = (256, 256) if wanted.target == "texture" else (height, width)
    parts = torch.randn(count, 24, 3, 32, 32) if wanted.part_images != "none" else None
    planes = torch.randint(0, 255, (count, 3, height, width), dtype=torch.uint8)
    planes[:, 0] %= 25
    batch = Batch(
        torch.randn(count, 3, height, width),
        torch.arange(people).repeat_interleave(IMAGES),
        torch.zeros(count, dtype=torch.int64),
        None if wanted.target == "none" else torch.rand(count, 3, *target) * 2 - 1,
        None,
        parts,
        None if parts is None else torch.ones(count, dtype=torch.bool),
        planes if wanted.iuv else None,
    )
    return batch.to(device)


def bare(task: Task, batch: Batch) -> None:
    """Run forward and backward of all networks that the task's products are made of."""
    networks = {name: product.module for name, product in task.products().items()}
    outputs: list[Tensor] = []
    if task.encoder is not None:
        maps = task.encoder.forward_maps(batch.images)
        outputs.append(task.encoder.forward_head(maps))
        if "san_decoder" in networks:
            outputs += networks["san_decoder"](*maps)
    if "dsag_stream" in networks:
        outputs += networks["dsag_stream"](batch.part_images)
    if "dense_uv" in networks:
        outputs += networks["dense_uv"](batch.images)
    sum(output.float().mean() for output in outputs if output.requires_grad).backward()
    for parameter in task.parameters():
        parameter.grad = None


def seconds(work: Callable[[], object], device: torch.device) -> float:
    """Return the wall-clock time of some work."""
    began = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began


def costliest(work: Callable[[], object], device: torch.device) -> dict[str, float]:
    """Return which operations take the largest shares of the time."""
    kinds = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * (device.type == "cuda")
    with profile(activities=kinds) as seen:
        work()
    key = f"self_{'device' if device.type == 'cuda' else 'cpu'}_time_total"
    times = {event.key: float(getattr(event, key)) for event in seen.key_averages()}
    first = sorted(times, key=lambda name: times[name], reverse=True)[:COSTLIEST]
    return {name: round(times[name] / sum(times.values()), 3) for name in first}


class Work(NamedTuple):
    """A whole step of a task, and its bare networks, on one batch."""

    task: Task
    step: Callable[[], None]
    bare: Callable[[], None]


def prepare(stage: Stage, options: argparse.Namespace) -> Work:
    """Return what a stage does in a step, on a batch of noise."""
    device = torch.device(options.device)
    torch.manual_seed(0)
    task = stage.task.build(IDENTITIES)
    stream = REID if REID in stage.task.batch_specs() else SYNTHETIC
    learner = Learner(task, stage.training, device, ProcessGroup())
    size = options.height, options.width
    batch = make_batch(stage.task.batch_specs()[stream], options.people, *size, device)

    def step() -> None:
        context = StepContext(0, 0, torch.Generator().manual_seed(0), ProcessGroup())
        learner.step(stream, [batch], context, 1.0)

    return Work(task, step, lambda: bare(task, batch))


def measure(stage: Stage, options: argparse.Namespace) -> dict[str, object]:
    """Time steps of a stage and the bare networks in turn; the fastest of each counts."""
    device = torch.device(options.device)
    work = prepare(stage, options)
    times: dict[str, list[float]] = {"step": [], "bare": []}
    for _ in range(options.rounds + 1):
        times["step"].append(seconds(work.step, device))
        times["bare"].append(seconds(work.bare, device))
    best = {name: min(found[1:]) for name, found in times.items()}
    return {
        "parameters": sum(parameter.numel() for parameter in work.task.parameters()),
        "step_ms": round(1e3 * best["step"], 1),
        "bare_ms": round(1e3 * best["bare"], 1),
        "ratio": round(best["step"] / best["bare"], 2),
        "costliest": costliest(work.step, device),
    }


def resize(stage: Stage, height: int, width: int) -> Stage:
    """Return the stage for images of this size."""
    part = "task" if hasattr(stage.task, "height") else "task.encoder"
    recipe = replace(RECIPES["san_baseline"], stages=(stage,))
    return override(recipe, [f"{part}.height={height}", f"{part}.width={width}"]).last


def main() -> None:
    """Parse the arguments, measure, print and write."""
    parser = argparse.ArgumentParser("training_step.py", description=__doc__)
    parser.add_argument("recipes", nargs="*", default=NAMES)
    parser.add_argument("--height", type=int, default=128)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--people", type=int, default=4, help="with four images of each")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--output", type=Path, default=RESULTS / "training_step.json")
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
