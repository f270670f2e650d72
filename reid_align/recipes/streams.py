"""From the data and a stage to the streams of batches that it learns from."""

from reid_align.batches.batch import Wanted
from reid_align.batches.batch_loader import BatchStream
from reid_align.batches.sources import Source, TextureInput
from reid_align.batches.sources.base import Extra
from reid_align.recipes.data import Data
from reid_align.recipes.recipe import Stage
from reid_align.tasks import REID
from reid_align.training.group import ProcessGroup


def needed_extras(stage: Stage, stream: str) -> set[Extra]:
    """Return what the images of a stream must come with."""
    wanted, needed = stage.task.wanted()[stream], set[Extra]()
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
        BatchStream(
            source,
            Wanted(),
            stage.task.preprocess,
            config.augment,
            config.batching,
            stage.training.seed,
            world_size=group.size,
        )


def open_streams(
    stage: Stage, data: Data, workers: int, group: ProcessGroup, device: str = "cpu"
) -> dict[str, BatchStream]:
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
        streams[name] = BatchStream(
            TextureInput(source) if config.textures_as_input else source,
            stage.task.wanted()[name],
            stage.task.preprocess,
            config.augment,
            config.batching,
            stage.training.seed,
            workers,
            group.rank,
            group.size,
            device,
        )
    return streams


def _source(data: Data, stream: str) -> Source:
    return data.reid_source() if stream == REID else data.synthetic_source()
