"""Decoder targets that an earlier network draws for a reID set without them.

Source: SAN (arXiv:1905.13143) section 3.2: the generator of the first step draws the textures that
the second step learns from.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from reid_align.batches.sources import CompanionKind
from reid_align.batches.sources.texture_mask import MASK_FILE
from reid_align.datasets import ReidDataset
from reid_align.files import replace_file, writing
from reid_align.inference.device import resolve_device
from reid_align.recipes.recipe import Stage
from reid_align.recipes.recipe_data import RecipeData, RecipeInputError
from reid_align.recipes.stage_loaders import required_companions
from reid_align.tasks import REID
from reid_align.unwrapping import UnwrapJob, jobs_below, load_unwrapper, unwrap_images
from reid_align.weights import find_published

FOLDERS: Mapping[CompanionKind, str] = {"texture": "textures", "external": "frontals"}
# Arguments of `RecipeData` that provide each kind of companion.
ARGUMENTS: Mapping[CompanionKind, str] = {
    "texture": "textures",
    "external": "external",
    "frontal": "external",
    "iuv": "iuv",
}


def fit_targets(stage: Stage, data: RecipeData) -> Stage:
    """Return the stage with decoder targets that the reID set has or that can be drawn."""
    if REID not in stage.streams or data.reid is None:
        return stage
    return replace(stage, task=stage.task.fit_targets(data.reid_source().holds))


def missing_target(stage: Stage, data: RecipeData) -> CompanionKind | None:
    """Return the kind of images that ``stage.unwrapper`` has to draw before the stage, if any.

    Raises:
        RecipeInputError: companions are missing that the unwrapper does not draw.
    """
    if REID not in stage.streams:
        return None
    source = data.reid_source()
    lacking = next(iter(required_companions(stage, REID) - source.holds), None)
    if lacking is None or (lacking != "iuv" and stage.unwrapper is not None):
        return lacking
    if data.comes_with_companions:
        source.require(lacking)
    raise RecipeInputError(
        f"The stage {stage.name!r} needs {lacking} data for every training image, and "
        f"{source.name} has none.",
        ARGUMENTS[lacking],
    )


def add_targets(kind: CompanionKind, data: RecipeData, folder: Path) -> RecipeData:
    """Return the data with the images that were drawn into a folder."""
    if kind == "texture":
        return replace(data, textures=str(folder))
    return replace(data, external=str(folder))


def list_drawings(dataset: ReidDataset, folder: Path) -> list[UnwrapJob]:
    """Return the output file of each training image, where `ReidSource` expects it.

    Raises:
        InvalidInputError: an image outside the dataset's folder, or two images for one file.
    """
    return jobs_below(dataset.root, (record.path for record in dataset.train), folder)


def check_drawing(
    stage: Stage, data: RecipeData, kind: CompanionKind | None, earlier: Collection[str]
) -> None:
    """Check that the targets of a stage can be drawn.

    Args:
        stage: the stage.
        data: the data.
        kind: from `missing_target`.
        earlier: names of the stages before it; their networks do not exist yet.

    Raises:
        InvalidInputError: an image outside the dataset's folder, or two images for one file.
        RecipeInputError: the networks are a published encoder without a decoder.
        WeightsError: the run has no networks that draw.
    """
    if kind is None or stage.unwrapper is None or data.reid is None:
        return
    list_drawings(data.reid, Path(FOLDERS[kind]))
    if find_published(stage.unwrapper) is not None:
        raise RecipeInputError(
            f"{stage.unwrapper}: published encoders come without the decoder that draws {kind} "
            "data of the training images. Give these images, or use the published weights as the "
            "initial weights of the first stage.",
            ARGUMENTS[kind],
            "initial",
        )
    if stage.unwrapper not in earlier:
        load_unwrapper("texture", [stage.unwrapper])


def draw_targets(
    dataset: ReidDataset, networks: Path, folder: Path, device: str, *, progress: bool
) -> None:
    """Draw the target of each training image with trained networks.

    An interrupted drawing is continued.

    Args:
        dataset: the dataset with the training images.
        networks: folder of the run with the encoder and the decoder.
        folder: output folder; files are named as the images in the dataset.
        device: device of the networks.
        progress: show a progress bar on standard error, if that is a terminal.

    Raises:
        InvalidInputError: see `list_drawings`.
        ImageReadError: an image cannot be read.
        OutputError: the folder cannot be written.
        WeightsError: the run has no such networks.
    """
    unwrapper = load_unwrapper("texture", [str(networks)], resolve_device(device))
    drawings = list_drawings(dataset, folder)
    done = unwrap_images(drawings, unwrapper, folder, progress=progress)
    if done.failed:
        raise done.failed[0]


def copy_mask(synthetic: str | None, folder: Path) -> None:
    """Copy the mask of valid texels from the synthetic set that the networks were trained on."""
    mask = None if synthetic is None else Path(synthetic) / MASK_FILE
    if mask is not None and mask.is_file():
        with writing(folder / MASK_FILE):
            replace_file(folder / MASK_FILE, mask.read_bytes())
