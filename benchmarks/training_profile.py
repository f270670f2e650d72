"""Where a training step's time goes, by what it is spent on, and what an update of weights costs.

Of each recipe's last stage one step is profiled, on a batch of noise that is in memory already. An
operation's own time counts under what it is for: the
convolutions of the forward pass, their gradients, normalization, the optimizer's update, and the
rest: losses, activations, pooling, copies. Beside it stand the three ways in which torch updates
the weights of the same encoder with AdamW, by the fastest of some rounds.

    python benchmarks/training_profile.py
    python benchmarks/training_profile.py san_full --device cuda

About a minute for both recipes on two quiet cores; the figures go to
benchmarks/results/training_profile.json.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import torch
from provenance import RESULTS, provenance, write_result
from torch.autograd.profiler_util import FunctionEvent
from torch.profiler import ProfilerActivity, profile
from training_step import IMAGES, prepare, resize, seconds

from reid_align import create_model
from reid_align.recipes import RECIPES, Stage

NAMES = ("san_baseline", "san_full")
# What an operation is for, by a part of its name in small letters; the first that fits counts.
GRADIENTS, FORWARD, NORMS = "gradients of convolutions", "convolutions", "normalization"
PURPOSES = {
    "convolution_backward": GRADIENTS,
    "convolutionbackward": GRADIENTS,
    "conv2d_backward": GRADIENTS,
    "convolution": FORWARD,
    "conv2d": FORWARD,
    "batch_norm": NORMS,
    "batchnorm": NORMS,
    "instance_norm": NORMS,
}
UPDATE, REST = "update of weights", "the rest"
# AdamW's arguments `foreach` and `fused`; without either torch chooses.
WAYS: dict[str, tuple[bool | None, bool | None]] = {
    "torch's default": (None, None),
    "foreach": (True, None),
    "fused, as here": (None, True),
}


def purposes(events: Iterable[FunctionEvent], device: torch.device) -> dict[str, float]:
    """Return the share of each purpose in the time of a profiled step."""
    shares: dict[str, float] = defaultdict(float)
    for event in events:
        # A GPU's kernels are listed once more by themselves.
        if event.device_type.name != "CPU":
            continue
        time = event.self_device_time_total if device.type == "cuda" else event.self_cpu_time_total
        shares[_purpose(event)] += float(time)
    total = sum(shares.values())
    return {name: round(time / total, 3) for name, time in sorted(shares.items(), key=_larger)}


def _purpose(event: FunctionEvent) -> str:
    parent: FunctionEvent | None = event
    while parent is not None:
        if parent.name.startswith("Optimizer.step"):
            return UPDATE
        parent = parent.cpu_parent
    operation = event.name.lower()
    return next((name for part, name in PURPOSES.items() if part in operation), REST)


def _larger(item: tuple[str, float]) -> float:
    return -item[1]


def measure(stage: Stage, options: argparse.Namespace) -> dict[str, object]:
    """Profile a step, after one that only warms up, and time one without the profiler."""
    device = torch.device(options.device)
    step = prepare(stage, options).step
    step()
    kinds = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * (device.type == "cuda")
    with profile(activities=kinds) as seen:
        step()
    found = purposes(seen.events(), device)
    return {"step_ms": round(1e3 * seconds(step, device), 1), "shares": found}


def updates(options: argparse.Namespace) -> dict[str, float]:
    """Return the milliseconds of an update of the encoder's weights, by the way it is made."""
    device = torch.device(options.device)
    encoder = create_model("san_resnet50").to(device)
    for parameter in encoder.parameters():
        parameter.grad = torch.ones_like(parameter)
    found = {}
    for name, (foreach, fused) in WAYS.items():
        optimizer = torch.optim.AdamW(encoder.parameters(), foreach=foreach, fused=fused)
        times = [seconds(optimizer.step, device) for _ in range(options.rounds + 1)]
        found[name] = round(1e3 * min(times[1:]), 1)
    return found


def build_parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser("training_profile.py", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("recipes", nargs="*", default=NAMES)
    parser.add_argument("--height", type=int, default=256)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--people", type=int, default=16, help="with four images of each")
    parser.add_argument("--rounds", type=int, default=5, help="of the update")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--output", type=Path, default=RESULTS / "training_profile.json")
    return parser


def main() -> None:
    """Measure, print and write."""
    options = build_parser().parse_args()
    size = {"height": options.height, "width": options.width, "batch": options.people * IMAGES}
    record = {"benchmark": "training_profile", **provenance(), "device": options.device, **size}
    record["update_ms"] = updates(options)
    print(record["update_ms"], flush=True)
    recipes: dict[str, object] = {}
    for name in options.recipes:
        recipes[name] = measure(resize(RECIPES[name].last, options.height, options.width), options)
        print(name, recipes[name], flush=True)
        write_result(options.output, {**record, "recipes": recipes})


if __name__ == "__main__":
    main()
