"""The training images of a dataset, with textures and dense maps from folders beside it."""

import os
from pathlib import Path

from reid_align.batches.sources.base import Extra
from reid_align.batches.sources.companions import (
    IMAGE_SUFFIXES,
    MAP_SUFFIXES,
    find_companions,
)
from reid_align.batches.sources.files import FileSource
from reid_align.batches.sources.masks import read_mask
from reid_align.datasets.base import ReidDataset
from reid_align.errors import InvalidInputError

Folder = str | os.PathLike[str]


class ReidSource(FileSource):
    """The training images of a dataset.

    What belongs to a image has its relative name in another folder, and ends in ``.png`` (or,
    for textures and external images, ``.jpg``). If the folder of textures holds
    ``texture_mask.png``, only its white texels count.

    Args:
        dataset: from `load_dataset` or `hold_out`.
        textures: a folder of textures, one for each training image.
        iuv: a folder of dense maps as `save_iuv` writes them; an empty map says that nobody was
            detected.
        external: a folder of images to be drawn.

    Raises:
        InvalidInputError: the dataset has no training images.
        DatasetFormatError: a folder lacks the files of some images.
    """

    advice = "Name the folder that holds it for every training image."

    def __init__(
        self,
        dataset: ReidDataset,
        textures: Folder | None = None,
        iuv: Folder | None = None,
        external: Folder | None = None,
    ) -> None:
        if not dataset.train:
            raise InvalidInputError(f"{dataset.name} at {dataset.root} has no training images.")
        images = [record.path for record in dataset.train]
        folders: dict[Extra, Folder | None] = {
            "texture": textures, "iuv": iuv, "external": external
        }  # fmt: skip
        super().__init__(
            dataset.name,
            dataset.root,
            images,
            [record.person_id for record in dataset.train],
            [-1 if record.camera_id is None else record.camera_id for record in dataset.train],
            {
                extra: find_companions(folder, extra, images, dataset.root, _suffixes(extra))
                for extra, folder in folders.items()
                if folder is not None
            },
            None if textures is None else read_mask(Path(textures)),
        )


def _suffixes(extra: Extra) -> tuple[str, ...]:
    return MAP_SUFFIXES if extra == "iuv" else IMAGE_SUFFIXES
