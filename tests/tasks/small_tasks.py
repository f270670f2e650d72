"""Small batches and encoders for tests of tasks."""

import torch

from reid_align.batches.batch import Batch
from reid_align.tasks import EncoderConfig
from reid_align.training.distributed import ProcessGroup
from reid_align.training.task_interface import StepContext
from reid_align.weights import Argument

IDENTITIES, IMAGES = 3, 4
COUNT = IDENTITIES * IMAGES


def small(architecture: str = "san_resnet18", **arguments: Argument) -> EncoderConfig:
    return EncoderConfig(architecture, arguments, 32, 16)


def make_batch(target: tuple[int, int] = (256, 256), seed: int = 0) -> Batch:
    """Return three identities with four images each; the second image has no detection."""
    generator = torch.Generator().manual_seed(seed)
    mask = torch.zeros(target, dtype=torch.bool)
    mask[: target[0] // 2] = True
    present = torch.ones(COUNT, dtype=torch.bool)
    present[1] = False
    iuv = torch.randint(0, 25, (COUNT, 3, 32, 16), generator=generator, dtype=torch.uint8)
    return Batch(
        torch.randn(COUNT, 3, 32, 16, generator=generator),
        torch.arange(IDENTITIES).repeat_interleave(IMAGES),
        torch.arange(COUNT) % 2,
        torch.rand(COUNT, 3, *target, generator=generator) * 2 - 1,
        mask,
        torch.randn(COUNT, 24, 3, 16, 16, generator=generator),
        present,
        iuv,
    )


def context(seed: int = 0) -> StepContext:
    return StepContext(0, 0, torch.Generator().manual_seed(seed), ProcessGroup())
