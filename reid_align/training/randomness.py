"""Random numbers that depend on the seed and on where in the training they are drawn."""

import random

import numpy as np
import torch


def seed_step(seed: int, step: int, rank: int) -> torch.Generator:
    """Seed Python's, NumPy's and torch's global generators for one step of one process.

    So nothing random has a state that lasts from one step to the next: a continued training draws
    what the uninterrupted one draws.

    Returns:
        A generator on the CPU that is the same in all processes.
    """
    numbers = np.random.SeedSequence((seed, step, rank)).generate_state(3, np.uint32).tolist()
    random.seed(numbers[0])
    np.random.seed(numbers[1])
    torch.manual_seed(numbers[2])
    shared = np.random.SeedSequence((seed, step)).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(shared[0] >> np.uint64(1)))
