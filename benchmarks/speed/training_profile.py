"""Profile a training step by purpose, and time AdamW's variants.

    python -m benchmarks.speed.training_profile
    python -m benchmarks.speed.training_profile san_full --device cuda

Profiles one step of each recipe's last stage on a batch of noise in memory. Operations are grouped
into convolutions, their gradients, normalization, optimizer update and the rest (losses,
activations, pooling, copies). Also times torch's three implementations of AdamW on the same
encoder; the fastest round counts.

About a minute for both recipes on two idle cores; writes benchmarks/results/training_profile.json.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import torch
from torch.autograd.profiler_util import FunctionEvent
from torch.profiler import ProfilerActivity, profile

from benchmarks.command_line import benchmark_parser
from benchmarks.result_files import RESULTS, provenance, write_result
from benchmarks.speed.training_step import IMAGES, prepare, resize, seconds
from reid_align import create_model
from reid_align.recipes import RECIPES, Stage

NAMES = ("san_baseline", "san_full")
# Purpose by substring of the lower-case operation name; the first match counts.
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
# Arguments `foreach` and `fused` of AdamW; with None for both, torch chooses.
VARIANTS: dict[str, tuple[bool | None, bool | None]] = {
    "torch's default": (None, None),
    "foreach": (True, None),
    "fused (used here)": (None, True),
}


def purposes(events: Iterable[FunctionEvent], device: torch.device) -> dict[str, float]:
    """Return the share of each purpose in the time of a profiled step."""
    shares: dict[str, float] = defaultdict(float)
    for event in events:
        # GPU kernels appear a second time as their own events.
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
    """Profile a step after a warm-up step, and time one without the profiler."""
    device = torch.device(options.device)
    step = prepare(stage, options).step
    step()
    kinds = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * (device.type == "cuda")
    with profile(activities=kinds) as seen:
        step()
    found = purposes(seen.events(), device)
    return {"step_ms": round(1e3 * seconds(step, device), 1), "shares": found}


def updates(options: argparse.Namespace) -> dict[str, float]:
    """Return the milliseconds of an update of the encoder, by AdamW implementation."""
    device = torch.device(options.device)
    encoder = create_model("san_resnet50").to(device)
    for parameter in encoder.parameters():
        parameter.grad = torch.ones_like(parameter)
    found = {}
    for name, (foreach, fused) in VARIANTS.items():
        optimizer = torch.optim.AdamW(encoder.parameters(), foreach=foreach, fused=fused)
        times = [seconds(optimizer.step, device) for _ in range(options.rounds + 1)]
        found[name] = round(1e3 * min(times[1:]), 1)
    return found


def build_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = benchmark_parser("python -m benchmarks.speed.training_profile", __doc__)
    parser.add_argument("recipes", nargs="*", default=NAMES, help="recipes to measure")
    parser.add_argument("--height", type=int, default=256, help="image height in pixels")
    parser.add_argument("--width", type=int, default=128, help="image width in pixels")
    parser.add_argument(
        "--people", type=int, default=16, help="identities per batch, with 4 images each"
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds of the optimizer update")
    parser.add_argument("--device", default="cpu", help="torch device")
    parser.add_argument(
        "--output", type=Path, default=RESULTS / "training_profile.json", help="result file"
    )
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
