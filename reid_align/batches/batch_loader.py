"""Deterministic batch loader of the training loop."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from reid_align.batches.augmentation import AugmentConfig
from reid_align.batches.batch import Batch, BatchSpec
from reid_align.batches.collation import Uint8Batch
from reid_align.batches.loader_workers import BatchPlan, build_batches
from reid_align.batches.pk_sampling import Indices
from reid_align.batches.sample_builder import SampleBuilder
from reid_align.batches.samplers import Sampler
from reid_align.batches.sources import TrainingSource
from reid_align.batches.sources.file_source import hash_lines
from reid_align.errors import InvalidInputError
from reid_align.preprocess import Preprocess


class BatchLoader:
    """Batches of a source, epoch by epoch.

    Batch b of epoch e is a pure function of the source, the settings, the seed, e and b. It does
    not depend on the number of workers or processes, nor on where training was resumed. Global
    random state is neither read nor changed. Workers run as long as their iterator.

    Args:
        source: training images.
        spec: content of the batches.
        preprocess: preprocessing of the encoder.
        augment: augmentation.
        sampler: draws the batches; its sizes are totals over all processes.
        seed: 0 or more.
        num_workers: decoding processes; 0 decodes in this process.
        rank: index of this training process.
        world_size: number of training processes. Each gets a consecutive share of every batch;
            images of one identity stay together.
        device: device of the batches; images are transferred as uint8.

    Attributes:
        source: as given.
        sampler: as given.
        num_identities: number of classes (C).

    Raises:
        InvalidInputError: the source lacks content of ``spec``, a number is out of range, the
            processes cannot share a batch evenly, or the source is too small for one batch.
    """

    def __init__(
        self,
        source: TrainingSource,
        spec: BatchSpec,
        preprocess: Preprocess,
        augment: AugmentConfig,
        sampler: Sampler,
        seed: int,
        num_workers: int = 0,
        rank: int = 0,
        world_size: int = 1,
        device: torch.device | str = "cpu",
    ) -> None:
        if min(seed, num_workers, rank) < 0 or rank >= world_size:
            raise InvalidInputError(
                f"seed={seed}, num_workers={num_workers}, rank={rank}, world_size={world_size}: "
                "none may be negative, and rank must be below world_size."
            )
        if sampler.num_groups % world_size:
            raise InvalidInputError(
                f"{sampler} for {world_size} processes: choose sizes that {world_size} processes "
                "can share evenly."
            )
        self.source, self.sampler = source, sampler
        self._builder = SampleBuilder(source, spec, preprocess, augment, seed)
        self._num_workers, self._device = num_workers, device
        share = sampler.batch_size // world_size
        self._share = slice(rank * share, (rank + 1) * share)
        self.num_identities, self._classes = _classes(source.person_ids)
        self._cameras = torch.from_numpy(source.camera_ids)
        mask = source.texture_mask if spec.target == "texture" else None
        self._mask = None if mask is None else torch.from_numpy(mask.copy()).to(device)
        self.batches_per_epoch(0)

    def batches_per_epoch(self, epoch: int) -> int:
        """Return the number of batches, which may vary slightly by epoch with `PKSampler`."""
        return len(self._drawn(epoch))

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """Return an iterator over this process's share of the batches of an epoch.

        Args:
            epoch: epoch number, from 0.
            start: first batch to yield; earlier ones are not decoded.

        Raises:
            ImageReadError: while iterating: an image cannot be read.
            InvalidInputError: ``start`` is outside 0 to the number of batches.
        """
        drawn = self._drawn(epoch)
        if not 0 <= start <= len(drawn):
            raise InvalidInputError(
                f"{self.source.name}: epoch {epoch} cannot start at batch {start}; it has "
                f"{len(drawn)} batches."
            )
        plans = [
            BatchPlan(
                epoch,
                number,
                number * self.sampler.batch_size + self._share.start,
                indices[self._share],
            )
            for number, indices in enumerate(drawn)
        ]
        return self._batches(plans[start:])

    def fingerprint(self) -> str:
        """Return a hash that identifies the batches, independent of workers and processes.

        A resumed run must have the same fingerprint.
        """
        builder = self._builder
        settings = (builder.spec, builder.preprocess, builder.augment, self.sampler, builder.seed)
        return hash_lines([self.source.fingerprint(), *map(repr, settings)])

    def _drawn(self, epoch: int) -> list[Indices]:
        source = self.source
        return self.sampler.batches(source.person_ids, source.camera_ids, self._builder.seed, epoch)

    def _batches(self, plans: list[BatchPlan]) -> Iterator[Batch]:
        built = build_batches(self._builder, plans, self._num_workers)
        for plan, batch in zip(plans, built, strict=True):
            yield self._finish(plan.indices, batch)

    def _finish(self, indices: Indices, batch: Uint8Batch) -> Batch:
        builder, device = self._builder, self._device
        return Batch(
            batch.to_images(builder.preprocess, builder.augment.erase_fill, device),
            self._classes[indices].to(device),
            self._cameras[indices].to(device),
            batch.to_target(device),
            self._mask,
            batch.to_part_images(builder.preprocess, device),
            None if batch.part_present is None else batch.part_present.to(device),
            None if batch.iuv is None else batch.iuv.to(device),
        )


def _classes(person_ids: Indices) -> tuple[int, Tensor]:
    """Return the number of identities and (N,) classes in sorted order, -1 without identity."""
    identities, classes = np.unique(person_ids, return_inverse=True)
    unlabeled = int((identities < 0).sum())
    return len(identities) - unlabeled, torch.from_numpy(classes - unlabeled)
