"""A stage's losses once, on blank images: what its settings cannot do shows before it trains."""

from collections.abc import Collection

import torch

from reid_align.batches.batch import Batch, BatchSpec
from reid_align.batches.samplers import PKSampler, Sampler
from reid_align.batches.sources.texture_mask import TEXTURE_SIZE
from reid_align.errors import InvalidInputError, ReidAlignError
from reid_align.recipes.initial_weights import start
from reid_align.recipes.recipe import IMAGENET, RANDOM, Stage
from reid_align.training.group import ProcessGroup
from reid_align.training.task import StepContext

PERSONS, MOST_IMAGES = 2, 8
PART_IMAGES = (24, 3, 32, 32)


def rehearse(stage: Stage, earlier: Collection[str]) -> None:
    """Build a stage's networks, read the run they start from, and compute their losses.

    That happens on the CPU with two persons; torch's global generator stays as it is.

    Args:
        stage: from `prepare`.
        earlier: names of the stages before it, whose networks do not exist yet.

    Raises:
        InvalidInputError: the losses cannot be computed with the stage's settings.
        ReidAlignError: the networks cannot be built, or cannot start from what they should.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        task = stage.task.build(PERSONS)
        if stage.initial not in {IMAGENET, RANDOM, *earlier}:
            start(task, stage.initial, stage.fresh)
        context = StepContext(0, 0, torch.Generator(), ProcessGroup())
        for name, config in stage.streams.items():
            size = stage.task.preprocess.height, stage.task.preprocess.width
            batch = _blank(config.sampler, stage.task.batch_specs()[name], size)
            try:
                task.losses(name, batch, context)
            except (ReidAlignError, RuntimeError, ValueError) as error:
                reason = " ".join(str(error).split())
                raise InvalidInputError(
                    f"The stage {stage.name!r} cannot learn from {name} images with these "
                    f"settings: {reason}"
                ) from error


def _blank(sampler: Sampler, wanted: BatchSpec, size: tuple[int, int]) -> Batch:
    """Return a small batch of black images that holds what is wanted."""
    if isinstance(sampler, PKSampler):
        person_ids = torch.arange(PERSONS).repeat_interleave(
            min(sampler.num_instances, MOST_IMAGES)
        )
    else:
        person_ids = torch.full((PERSONS,), -1)
    count = len(person_ids)
    parts, drawn = wanted.part_images != "none", wanted.target != "none"
    target = (TEXTURE_SIZE, TEXTURE_SIZE) if wanted.target == "texture" else size
    return Batch(
        torch.zeros(count, 3, *size),
        person_ids,
        torch.zeros_like(person_ids),
        target=torch.zeros(count, 3, *target) if drawn else None,
        part_images=torch.zeros(count, *PART_IMAGES) if parts else None,
        part_present=torch.ones(count, dtype=torch.bool) if parts else None,
        iuv=torch.zeros(count, 3, *size, dtype=torch.uint8) if wanted.iuv else None,
    )
