"""Time the synthesis of people by stage, by number of processes, and its memory.

    python -m benchmarks.speed.synth_speed

First measures the CPU time per image of every stage on one core. The stages add up to more than the
total because the profiler has overhead and stages overlap: "shading" rasterizes shadows,
and the frontal image is posed, rasterized and shaded too. Then writes a small and a larger set with
one and with two processes. The difference between both sizes excludes start-up (loading compiled
loops, building scenes and passers-by) and gives the rate; their peak memory shows whether it grows.

Two minutes on two idle cores; writes benchmarks/results/synth_speed.json.
"""

import cProfile
import json
import os
import pstats
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.command_line import benchmark_parser
from benchmarks.result_files import RESULTS, provenance, write_result
from reid_align.shards import write_shard
from reid_align.synth import SynthSettings, generate_identity, identity_tables

# Stages and the functions that belong to them.
STAGES = {
    "clothes": ("build_avatar", "draw_body_and_outfit"),
    "frontal image": ("frontal_image",),
    "pose": ("sample",),
    "skin": ("posed_mesh",),
    "place and box": ("standing_position", "detector_box"),
    "rasterize": ("rasterize",),
    "shading": ("shade",),
    "dense pose map": ("iuv_map",),
    "background and passers-by": ("background_at", "cast_shadow", "compose"),
    "photograph": ("photograph",),
    "files": ("jpeg", "png"),
    "write": ("write_shard",),
}
GROWTH = 4


def make(settings: SynthSettings, folder: Path) -> None:
    """Make all identities and write them as one shard."""
    identities = [generate_identity(settings, person) for person in range(settings.identities)]
    write_shard(folder / "shard", identity_tables(settings, identities))


def stage_times(profile: cProfile.Profile) -> dict[str, float]:
    """Return the seconds of every stage; recursive calls are counted once."""
    totals: dict[str, float] = {}
    for (file, _, name), (_, _, _, cumulative, _) in vars(pstats.Stats(profile))["stats"].items():
        if "reid_align" in file:
            totals[name] = totals.get(name, 0.0) + cumulative
    return {stage: sum(totals.get(n, 0.0) for n in names) for stage, names in STAGES.items()}


def stage_costs(settings: SynthSettings, folder: Path) -> dict[str, object]:
    """Return the CPU time of each stage, of all stages and of start-up."""
    profile, seconds = cProfile.Profile(time.thread_time), []
    for run in (make, make, lambda *given: profile.runcall(make, *given)):
        began = time.thread_time()
        run(settings, folder)
        seconds.append(time.thread_time() - began)
    cold, warm, profiled = seconds
    count = settings.identities * settings.images
    return {
        "images": count,
        "stages_ms": {
            name: round(1e3 * value / count, 2) for name, value in stage_times(profile).items()
        },
        "profiled_ms": round(1e3 * profiled / count, 2),
        "ms": round(1e3 * warm / count, 2),
        "per_core_second": round(count / warm, 1),
        "start_up_s": round(cold - warm, 2),
    }


def write(settings: SynthSettings, workers: int, folder: Path) -> dict[str, float]:
    """Write a set with the command; return seconds and peak MiB of its largest process."""
    options = {"identities": settings.identities, "images": settings.images, "workers": workers}
    command = [sys.executable, "-m", "reid_align.synthesize", "-o", str(folder)]
    command += ["--identities", str(settings.identities), "--images", str(settings.images)]
    command += ["--num-workers", str(workers)]
    began = time.perf_counter()
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed with exit code {process.returncode}.")
    seconds = time.perf_counter() - began
    return {**options, "seconds": round(seconds, 2), "peak_mib": round(usage.ru_maxrss / 1024, 1)}


def over_processes(identities: int, images: int, folder: Path) -> dict[str, object]:
    """Write a small and a larger set with one process and with two."""
    runs, rates = [], {}
    for workers in (1, 2):
        small, large = (
            write(SynthSettings(size, images), workers, folder / f"{workers}-{size}")
            for size in (identities, GROWTH * identities)
        )
        runs += [small, large]
        more = (GROWTH - 1) * identities * images
        rates[workers] = round(more / (large["seconds"] - small["seconds"]), 1)
    return {"runs": runs, "per_second": rates, "speed_up": round(rates[2] / rates[1], 2)}


def main() -> None:
    """Parse the arguments, measure, print and write."""
    parser = benchmark_parser("python -m benchmarks.speed.synth_speed", __doc__)
    parser.add_argument("--identities", type=int, default=48, help="identities of the small set")
    parser.add_argument("--images", type=int, default=10, help="images per identity")
    parser.add_argument(
        "--output", type=Path, default=RESULTS / "synth_speed.json", help="result file"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        # First, because a child's peak memory includes that of its parent at the start.
        processes = over_processes(options.identities, options.images, Path(name))
        one_core = stage_costs(SynthSettings(options.identities // 2, options.images), Path(name))
    result = {
        "benchmark": "synth_speed",
        **provenance(),
        "one_core": one_core,
        "processes": processes,
    }
    print(json.dumps(result, indent=2))
    write_result(options.output, result)


if __name__ == "__main__":
    main()
