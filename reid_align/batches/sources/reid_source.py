"""Training images of a re-identification dataset, with companions from other folders."""

import os
from pathlib import Path

from reid_align.batches.sources.companion_files import (
    IMAGE_SUFFIXES,
    MAP_SUFFIXES,
    find_companions,
)
from reid_align.batches.sources.file_source import FileSource
from reid_align.batches.sources.texture_mask import read_mask
from reid_align.batches.sources.training_source import CompanionKind
from reid_align.datasets.dataset_registry import training_advice
from reid_align.datasets.dataset_types import ReidDataset
from reid_align.errors import InvalidInputError

Folder = str | os.PathLike[str]


class ReidSource(FileSource):
    """Training images of a dataset.

    Companions have the relative name of their image and end in ``.png``; textures and external
    images may end in ``.jpg``. If the texture folder contains ``texture_mask.png``, only its white
    texels are valid.

    Args:
        dataset: from `load_dataset` or `hold_out`.
        textures: folder with a texture for each training image.
        iuv: folder with a dense pose map for each training image, as `save_iuv` writes them; all
            zeros without a detection.
        external: folder with a target image for each training image.

    Raises:
        InvalidInputError: the dataset has no training images.
        DatasetFormatError: companions are missing.
    """

    advice = "Give the folder that contains it for every training image."

    def __init__(
        self,
        dataset: ReidDataset,
        textures: Folder | None = None,
        iuv: Folder | None = None,
        external: Folder | None = None,
    ) -> None:
        if not dataset.train:
            raise InvalidInputError(
                f"{dataset.name} at {dataset.root} has no training images. "
                f"{training_advice(dataset)}"
            )
        images = [record.path for record in dataset.train]
        folders: dict[CompanionKind, Folder | None] = {
            "texture": textures, "iuv": iuv, "external": external
        }  # fmt: skip
        super().__init__(
            dataset.name,
            dataset.root,
            images,
            [record.person_id for record in dataset.train],
            [-1 if record.camera_id is None else record.camera_id for record in dataset.train],
            {
                kind: find_companions(folder, kind, images, dataset.root, _suffixes(kind))
                for kind, folder in folders.items()
                if folder is not None
            },
            None if textures is None else read_mask(Path(textures)),
        )


def _suffixes(kind: CompanionKind) -> tuple[str, ...]:
    return MAP_SUFFIXES if kind == "iuv" else IMAGE_SUFFIXES
