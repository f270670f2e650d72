"""Peak memory of a process; as a script, of an extraction with a given number of images.

    python benchmarks/speed/peak_memory.py FOLDER OUTPUT.npy COUNT DEVICE

Prints MiB and seconds.
"""

import re
import resource
import sys
import time
from itertools import cycle, islice
from pathlib import Path


def peak_mib() -> float:
    """Return this process's peak memory in MiB, without that of its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+)", status.read_text())
        return int(found[1]) / 2**10 if found else float("nan")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def extract_many(folder: str, output: str, count: int, device: str) -> float:
    """Extract the images of a folder repeatedly, ``count`` in total, and return the seconds.

    Uses a small network and small images, so that growth with the number of images is visible.
    """
    from reid_align import create_model
    from reid_align.features import ExtractOptions, extract_to_file
    from reid_align.images import find_images
    from reid_align.preprocess import Preprocess

    encoder = create_model("resnet18_baseline")
    encoder.preprocess = Preprocess(64, 32)
    paths = list(islice(cycle(find_images([folder])), count))
    began = time.perf_counter()
    extract_to_file(paths, encoder, output, ExtractOptions(device))
    return time.perf_counter() - began


if __name__ == "__main__":
    seconds = extract_many(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
    print(peak_mib(), seconds)
