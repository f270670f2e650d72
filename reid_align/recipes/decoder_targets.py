"""The images that a decoder learns to draw, where the reID set does not come with them.

Source: SAN (arXiv:1905.13143) section 3.2: the generator of the first step draws the textures that
the second step learns from.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from reid_align.batches.sources.texture_mask import MASK_FILE
from reid_align.batches.sources.training_source import CompanionKind
from reid_align.datasets import ReidDataset
from reid_align.errors import ImageReadError, InvalidInputError
from reid_align.features import resolve_device
from reid_align.files import replace_file, writing
from reid_align.recipes.initial_weights import published
from reid_align.recipes.recipe import Stage
from reid_align.recipes.stage_streams import needed_extras
from reid_align.recipes.training_data import SYNTHETIC_DATASET, Data
from reid_align.tasks import REID, SanConfig
from reid_align.unwrapping import UnwrapJob, jobs_below, load_unwrapper, unwrap_images

FOLDERS: Mapping[CompanionKind, str] = {"texture": "textures", "external": "frontals"}
OPTIONS = {
    "texture": "--textures FOLDER",
    "external": "--external FOLDER",
    "frontal": "--external FOLDER",
    "iuv": "--iuv FOLDER; python -m reid_align.unwrap IMAGES --to iuv -o FOLDER writes them",
}


def fit_target(stage: Stage, data: Data) -> Stage:
    """Return a stage that takes persons from the front from a folder, where the set has none."""
    config = stage.task
    if not isinstance(config, SanConfig) or config.decoder.target != "frontal":
        return stage
    if data.reid is None or "frontal" in data.reid_source().holds:
        return stage
    decoder = replace(config.decoder, target="external")
    return replace(stage, task=replace(config, decoder=decoder))


def missing_target(stage: Stage, data: Data) -> CompanionKind | None:
    """Return what ``stage.unwrapper`` has to draw before the stage can begin, if anything.

    Raises:
        InvalidInputError: something is missing that it does not draw; the message says what to
            give.
    """
    if REID not in stage.streams:
        return None
    source = data.reid_source()
    lacking = next(iter(needed_extras(stage, REID) - source.holds), None)
    if lacking is None or (lacking != "iuv" and stage.unwrapper is not None):
        return lacking
    if data.reid is not None and data.reid.name == SYNTHETIC_DATASET:
        source.require(lacking)
    raise InvalidInputError(
        f"The stage {stage.name!r} needs {lacking} for every training image, and {source.name} "
        f"has none. Give {OPTIONS[lacking]}."
    )


def with_targets(extra: CompanionKind, data: Data, folder: Path) -> Data:
    """Return the data with what was drawn into a folder."""
    if extra == "texture":
        return replace(data, textures=str(folder))
    return replace(data, external=str(folder))


def list_drawings(dataset: ReidDataset, folder: Path) -> list[UnwrapJob]:
    """Return which training image is drawn to which file, where `ReidSource` looks for it.

    Raises:
        InvalidInputError: a image outside the dataset's folder, or two for one file.
    """
    return jobs_below(dataset.root, (record.path for record in dataset.train), folder)


def check_drawing(
    stage: Stage, data: Data, extra: CompanionKind | None, earlier: Collection[str]
) -> None:
    """Refuse what could not be drawn when the stage's turn comes.

    Args:
        stage: that is to be trained.
        data: what there is.
        extra: from `missing_target`.
        earlier: the stages before it, whose networks do not exist yet.

    Raises:
        InvalidInputError: a image outside the dataset's folder, or two for one file.
        WeightsError: the run that is to draw has no networks for it.
    """
    if extra is None or stage.unwrapper is None or data.reid is None:
        return
    list_drawings(data.reid, Path(FOLDERS[extra]))
    if published(stage.unwrapper) is not None:
        raise InvalidInputError(
            f"{stage.unwrapper}: published encoders come without the decoder that would draw the "
            f"training images' {extra}. Give {OPTIONS[extra]}, or start the whole recipe from "
            "these weights with --initial."
        )
    if stage.unwrapper not in earlier:
        load_unwrapper("texture", [stage.unwrapper])


def draw_targets(
    dataset: ReidDataset, networks: Path, folder: Path, device: str, *, progress: bool
) -> None:
    """Let trained networks draw a image for each training image.

    An interrupted drawing is continued.

    Args:
        dataset: whose images.
        networks: the run with the encoder and the decoder.
        folder: where to write, under the images' names in the dataset.
        device: where to run.
        progress: show a bar with the time left on standard error, if that is a terminal.

    Raises:
        InvalidInputError: as of `list_drawings`.
        ImageReadError: a image cannot be read.
        OutputError: the folder cannot be written.
        WeightsError: the run has no such networks.
    """
    unwrapper = load_unwrapper("texture", [str(networks)], resolve_device(device))
    drawings = list_drawings(dataset, folder)
    done = unwrap_images(drawings, unwrapper, folder, progress=progress)
    if done.failed:
        raise ImageReadError(done.failed[0].path, done.failed[0].error)


def copy_mask(synthetic: str | None, folder: Path) -> None:
    """Let those texels count that count in the synthetic set, which the networks learned from."""
    mask = None if synthetic is None else Path(synthetic) / MASK_FILE
    if mask is not None and mask.is_file():
        with writing(folder / MASK_FILE):
            replace_file(folder / MASK_FILE, mask.read_bytes())
