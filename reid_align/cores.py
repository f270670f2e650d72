"""Number of CPU cores available to this process."""

import os


def available_cores() -> int:
    """Return the number of cores this process may use; may be fewer than the machine has."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
