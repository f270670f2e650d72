"""Features that need part images at test time: the fused rows of DSA-reID's table 3."""

from collections.abc import Sequence

import torch

from reid_align.batches.augmentation import NO_AUGMENT
from reid_align.batches.batch_loader import BatchLoader
from reid_align.batches.pk_sampling import Indices
from reid_align.batches.samplers import RandomSampler
from reid_align.batches.sources.companion_files import MAP_SUFFIXES, find_companions
from reid_align.batches.sources.file_source import FileSource
from reid_align.datasets import ImageRecord, ReidDataset
from reid_align.datasets.synthetic_set import SyntheticSet
from reid_align.features import Features
from reid_align.tasks import REID, DsaTask, PartsTask
from reid_align.tasks.guiding_stream import GLOBAL, LOCAL

NAMES = {GLOBAL: "z_G", LOCAL: "z_L"}


class InOrder(RandomSampler):
    """All images once, from the first to the last; the last batch may be smaller."""

    def batches(
        self, person_ids: Indices, camera_ids: Indices, seed: int, epoch: int
    ) -> list[Indices]:
        """Return the one epoch there is."""
        order = torch.arange(len(person_ids))
        return [part.numpy() for part in order.split(self.images)]


def fused_features(
    task: DsaTask | PartsTask,
    dataset: ReidDataset,
    maps: Sequence[str],
    workers: int,
    device: torch.device,
) -> dict[str, Features]:
    """Compute the fused features of all query and gallery images of a dataset.

    Args:
        task: in evaluation mode, on the device.
        dataset: with splits.
        maps: the name of the dense map of each image, in the order of `evaluated_images`.
        workers: processes that decode images.
        device: where to compute.

    Returns:
        "z_G", "z_L" and, of two branches, "z", one after the other.
    """
    records = evaluated_images(dataset)
    source = FileSource(
        dataset.name,
        dataset.root,
        [record.path for record in records],
        [record.person_id for record in records],
        [-1 if record.camera_id is None else record.camera_id for record in records],
        {"iuv": maps},
        None,
    )
    stream = BatchLoader(
        source,
        task.batch_specs()[REID],
        task.config.preprocess,
        NO_AUGMENT,
        InOrder(),
        seed=0,
        workers=workers,
        device=device,
    )
    with torch.no_grad():
        parts = [task.fused_features(batch) for batch in stream.epoch(0)]
    found = {NAMES[name]: torch.cat([part[name] for part in parts]) for name in parts[0]}
    if len(found) > 1:
        found["z"] = torch.cat(list(found.values()), dim=1)
    paths = tuple(record.path for record in records)
    return {name: Features(z.float().cpu().numpy(), paths, ()) for name, z in found.items()}


def evaluated_images(dataset: ReidDataset) -> list[ImageRecord]:
    """Return every query and gallery image once, sorted by path."""
    records = {r.path: r for split in dataset.splits for r in (*split.query, *split.gallery)}
    return [records[path] for path in sorted(records)]


def find_maps(dataset: ReidDataset, iuv: str | None) -> Sequence[str]:
    """Return the names of the dense maps of all query and gallery images of a dataset.

    Args:
        dataset: with splits.
        iuv: a folder of them; None for a synthetic set, which has its own.

    Raises:
        DatasetFormatError: images without a dense map.
    """
    paths = [record.path for record in evaluated_images(dataset)]
    if iuv is not None:
        return find_companions(iuv, "iuv", paths, dataset.root, MAP_SUFFIXES)
    held = SyntheticSet(dataset.root)
    maps = dict(zip(held.names("images", "jpeg"), held.names("images", "iuv"), strict=True))
    return [maps[path] for path in paths]
