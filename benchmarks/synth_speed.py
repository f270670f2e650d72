"""How fast synthetic people are made: stage by stage, over processes, and in how much memory.

    python benchmarks/synth_speed.py

First the CPU milliseconds of every stage for each image, on one core. They are the thread's own,
so that other programs disturb little. Together they are more than everything without the profiler:
that costs time itself, and some contain others, as "light and shade" rasterises shadows, and the
frontal image is posed, rasterised and shaded too. Then whole sets, written by the command: a
small and a larger one, with one process and with two. What the larger one takes longer than the
small one is free of start-up (compiled loops are loaded, scenes and passers-by are built once in a
process), so it gives the rate, and their peaks of memory say whether it grows. Two minutes on two
quiet cores; the result goes to benchmarks/results/synth_speed.json.
"""

import argparse
import cProfile
import json
import os
import pstats
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from provenance import RESULTS, provenance, write_result

from reid_align.shards import write_shard
from reid_align.synth.sets.produce import produce
from reid_align.synth.sets.settings import SynthSettings
from reid_align.synth.sets.tables import identity_tables

# What is called a stage, and the functions whose time it adds up.
STAGES = {
    "dress a person": ("build_person", "draw_person"),
    "frontal image": ("frontal_image",),
    "pose": ("sample",),
    "skin": ("posed_mesh",),
    "place and box": ("stand", "detect"),
    "rasterise": ("rasterise",),
    "light and shade": ("shade",),
    "dense map": ("dense_map",),
    "background and passers": ("background_at", "cast_shadow", "compose"),
    "photograph": ("photograph",),
    "files": ("jpeg", "png"),
    "write": ("write_shard",),
}
GROWTH = 4


def make(settings: SynthSettings, folder: Path) -> None:
    """Make all identities and write them as one shard."""
    identities = [produce(settings, person) for person in range(settings.identities)]
    write_shard(folder / "shard", identity_tables(settings, identities))


def stage_times(profile: cProfile.Profile) -> dict[str, float]:
    """Return the seconds of every stage; a function within itself is counted once."""
    totals: dict[str, float] = {}
    for (file, _, name), (_, _, _, cumulative, _) in pstats.Stats(profile).stats.items():
        if "reid_align" in file:
            totals[name] = totals.get(name, 0.0) + cumulative
    return {stage: sum(totals.get(n, 0.0) for n in names) for stage, names in STAGES.items()}


def stage_costs(settings: SynthSettings, folder: Path) -> dict[str, object]:
    """Return the CPU time of each stage, of all with and without profiler, and of starting up."""
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
    """Write a set by the command; return seconds and the peak MiB of its largest process."""
    options = {"identities": settings.identities, "images": settings.images, "workers": workers}
    command = [sys.executable, "-m", "reid_align.synthesize", "-o", str(folder)]
    command += [f"--{name}={value}" for name, value in options.items()]
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
    """Parse the arguments, measure, print and write what was found."""
    parser = argparse.ArgumentParser("synth_speed.py", description=__doc__)
    parser.add_argument("--identities", type=int, default=48, help="of the small set")
    parser.add_argument("--images", type=int, default=10)
    parser.add_argument("--output", type=Path, default=RESULTS / "synth_speed.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        # First, as a process counts the peak of the one that it was started by as its own.
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
