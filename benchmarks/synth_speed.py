"""Where the time goes when synthetic people are made: CPU milliseconds for each picture, one core.

    python benchmarks/synth_speed.py --identities 24 --images 10

Starting up (compiling the pixel loops, building scenes and passers-by) happens once in a process
and is shown on a line of its own. Times are of the thread, so that other programs on the machine
disturb little; the profiler itself costs some per cent. Shadows are rasterised too: their time
is in both "rasterise" and "light and shade".
"""

import argparse
import cProfile
import pstats
import tempfile
import time
from pathlib import Path

from reid_align.shards import write_shard
from reid_align.synth.produce import produce
from reid_align.synth.settings import SynthSettings
from reid_align.synth.tables import identity_tables

# What is called a stage, and the functions whose time it adds up.
STAGES = {
    "dress a person": ("build_person", "draw_person"),
    "frontal picture": ("frontal_image",),
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


def run(settings: SynthSettings, people: range, folder: Path) -> None:
    """Make some identities and write them as one shard."""
    identities = [produce(settings, person) for person in people]
    write_shard(folder / "shard", identity_tables(settings, identities))


def stage_times(profile: cProfile.Profile) -> dict[str, float]:
    """Return the seconds of every stage; a function within itself is counted once."""
    totals: dict[str, float] = {}
    for (file, _, name), (_, _, _, cumulative, _) in pstats.Stats(profile).stats.items():
        if "reid_align" in file:
            totals[name] = totals.get(name, 0.0) + cumulative
    return {stage: sum(totals.get(n, 0.0) for n in names) for stage, names in STAGES.items()}


def main() -> None:
    """Parse the arguments, measure, and print a table."""
    parser = argparse.ArgumentParser("synth_speed.py", description=__doc__)
    parser.add_argument("--identities", type=int, default=24)
    parser.add_argument("--images", type=int, default=10)
    options = parser.parse_args()
    settings = SynthSettings(options.identities, options.images)
    with tempfile.TemporaryDirectory() as name:
        began = time.thread_time()
        run(settings, range(options.identities), Path(name))
        started = time.thread_time() - began
        profile = cProfile.Profile(time.thread_time)
        began = time.thread_time()
        profile.runcall(run, settings, range(options.identities), Path(name))
        total = time.thread_time() - began
    count = options.identities * options.images
    for stage, seconds in stage_times(profile).items():
        print(f"{stage:24}{1e3 * seconds / count:8.2f} ms")
    print(
        f"{'all, profiled':24}{1e3 * total / count:8.2f} ms, {count / total:.0f} pictures a second"
    )
    print(f"{'start-up':24}{started - total:8.2f} s")


if __name__ == "__main__":
    main()
