"""Batch loaders of a stage."""

from dataclasses import replace
from pathlib import Path

from reid_align.batches.batch import BatchSpec
from reid_align.batches.batch_loader import BatchLoader
from reid_align.batches.samplers import PKSampler, Sampler, SimilarSampler
from reid_align.batches.sources import CompanionKind, TextureInput, TrainingSource
from reid_align.recipes.identity_features import find_similar
from reid_align.recipes.recipe import Stage
from reid_align.recipes.recipe_data import RecipeData
from reid_align.tasks import REID
from reid_align.training.distributed import ProcessGroup

SIMILAR = "similar"


def required_companions(stage: Stage, stream: str) -> set[CompanionKind]:
    """Return the kinds of companions that every image of a stream must have."""
    spec, kinds = stage.task.batch_specs()[stream], set[CompanionKind]()
    if spec.target != "none" and spec.target != "input":
        kinds.add(spec.target)
    if spec.iuv or spec.part_images != "none":
        kinds.add("iuv")
    if stage.streams[stream].textures_as_input:
        kinds.add("texture")
    return kinds


def check_loaders(stage: Stage, data: RecipeData, group: ProcessGroup) -> None:
    """Check that the loaders of a stage can be opened, except for targets that are drawn later.

    Raises:
        ReidAlignError: data are missing, cannot be read, or are too few for a batch.
    """
    for name, config in stage.streams.items():
        source = _source(data, name)
        if name != REID:
            for kind in required_companions(stage, name):
                source.require(kind)
        sampler = config.sampler
        if isinstance(sampler, PKSampler):
            # Similar identities are found later; batches have the same size without them.
            sampler = replace(sampler, num_similar=1)
        BatchLoader(
            source,
            BatchSpec(),
            stage.task.preprocess,
            config.augment,
            sampler,
            stage.training.seed,
            world_size=group.size,
        )


def open_loaders(
    stage: Stage,
    data: RecipeData,
    num_workers: int,
    group: ProcessGroup,
    device: str,
    folder: Path,
    initial: str,
    *,
    progress: bool = False,
) -> dict[str, BatchLoader]:
    """Return the batch loader of each stream, for this process's share of every batch.

    Args:
        stage: with the seed of its training.
        data: the data.
        num_workers: decoding processes of each loader; 0 decodes in this process.
        group: the processes that train together.
        device: device of the batches.
        folder: of the run; its subfolder ``similar`` keeps which identities are similar.
        initial: reference to the initial weights of the stage, which tell similar identities.
        progress: show the progress.

    Raises:
        ReidAlignError: data are missing, cannot be read, or are too few for a batch.
    """
    loaders = {}
    for name, config in stage.streams.items():
        source = _source(data, name)
        sampler: Sampler = config.sampler
        if isinstance(sampler, PKSampler) and sampler.num_similar > 1:
            found = folder / SIMILAR
            nearest = find_similar(source, initial, found, group, device, progress=progress)
            sampler = SimilarSampler(sampler, nearest)
        loaders[name] = BatchLoader(
            TextureInput(source) if config.textures_as_input else source,
            stage.task.batch_specs()[name],
            stage.task.preprocess,
            config.augment,
            sampler,
            stage.training.seed,
            num_workers,
            group.rank,
            group.size,
            device,
        )
    return loaders


def _source(data: RecipeData, stream: str) -> TrainingSource:
    return data.reid_source() if stream == REID else data.synthetic_source()
