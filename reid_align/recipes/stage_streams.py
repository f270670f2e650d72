"""From the data and a stage to the streams of batches that it learns from."""

from reid_align.batches.batch import BatchSpec
from reid_align.batches.batch_loader import BatchLoader
from reid_align.batches.sources import TextureInput, TrainingSource
from reid_align.batches.sources.training_source import CompanionKind
from reid_align.recipes.recipe import Stage
from reid_align.recipes.training_data import Data
from reid_align.tasks import REID
from reid_align.training.group import ProcessGroup


def needed_extras(stage: Stage, stream: str) -> set[CompanionKind]:
    """Return what the images of a stream must come with."""
    wanted, needed = stage.task.batch_specs()[stream], set[CompanionKind]()
    if wanted.target != "none" and wanted.target != "input":
        needed.add(wanted.target)
    if wanted.iuv or wanted.part_images != "none":
        needed.add("iuv")
    if stage.streams[stream].textures_as_input:
        needed.add("texture")
    return needed


def check_streams(stage: Stage, data: Data, group: ProcessGroup) -> None:
    """Refuse data that a stage cannot learn from, but for what is yet to be drawn.

    Raises:
        ReidAlignError: data are missing, cannot be read, or are too few for a batch.
    """
    for name, config in stage.streams.items():
        source = _source(data, name)
        if name != REID:
            for extra in needed_extras(stage, name):
                source.require(extra)
        BatchLoader(
            source,
            BatchSpec(),
            stage.task.preprocess,
            config.augment,
            config.sampler,
            stage.training.seed,
            world_size=group.size,
        )


def open_streams(
    stage: Stage, data: Data, workers: int, group: ProcessGroup, device: str = "cpu"
) -> dict[str, BatchLoader]:
    """Return the streams of a stage, for this process's share of their batches.

    Args:
        stage: with the seed of its training.
        data: what there is.
        workers: processes that decode images; 0 decodes in this one.
        group: the processes that train together.
        device: where batches are finished.

    Raises:
        ReidAlignError: data are missing, cannot be read, or are too few for a batch.
    """
    streams = {}
    for name, config in stage.streams.items():
        source = _source(data, name)
        streams[name] = BatchLoader(
            TextureInput(source) if config.textures_as_input else source,
            stage.task.batch_specs()[name],
            stage.task.preprocess,
            config.augment,
            config.sampler,
            stage.training.seed,
            workers,
            group.rank,
            group.size,
            device,
        )
    return streams


def _source(data: Data, stream: str) -> TrainingSource:
    return data.reid_source() if stream == REID else data.synthetic_source()
