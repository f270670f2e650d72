"""The stream of batches that training consumes: the same whatever loads it, wherever it resumes."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from reid_align.batches.augment import AugmentConfig
from reid_align.batches.batch import Batch, Wanted
from reid_align.batches.identity_sampling import Indices
from reid_align.batches.sample_builder import SampleMaker
from reid_align.batches.samplers import Batching
from reid_align.batches.sources import Source
from reid_align.batches.sources.files import hash_lines
from reid_align.batches.uint8_batch import RawBatch
from reid_align.batches.worker_loading import Rows, load
from reid_align.errors import InvalidInputError
from reid_align.preprocess import Preprocess


class BatchStream:
    """Batches of a source, epoch by epoch.

    Batch b of epoch e is a pure function of the source, the settings, the seed, e and b: neither
    the number of workers nor that of processes, nor where training was resumed, changes a bit of
    it, and no global random state is touched. Workers live as long as the iterator they belong to.

    Args:
        source: of the images.
        wanted: what the batches hold.
        preprocess: as the encoder's.
        augment: how images are varied.
        batching: how batches are drawn; its numbers are those of all processes together.
        seed: of everything, 0 or more.
        workers: processes that decode; 0 decodes in this one.
        rank: which of the training processes this is.
        world_size: how many there are. Each gets its consecutive share of every batch; a person's
            images stay together.
        device: where batches are finished; images get there in 8 bits.

    Attributes:
        source: as given.
        batching: as given.
        identities: how many persons there are, C in the labels of a batch.

    Raises:
        InvalidInputError: the source lacks what is wanted, a number is out of range, a batch cannot
            be shared evenly, or the source is too small for one.
    """

    def __init__(
        self,
        source: Source,
        wanted: Wanted,
        preprocess: Preprocess,
        augment: AugmentConfig,
        batching: Batching,
        seed: int,
        workers: int = 0,
        rank: int = 0,
        world_size: int = 1,
        device: torch.device | str = "cpu",
    ) -> None:
        if min(seed, workers, rank) < 0 or rank >= world_size:
            raise InvalidInputError(
                f"seed {seed}, workers {workers}, rank {rank} of {world_size}: none is negative, "
                "and a rank is below the number of processes."
            )
        if batching.units % world_size:
            raise InvalidInputError(
                f"{batching} for {world_size} processes: give a number that they can share evenly."
            )
        self.source, self.batching = source, batching
        self._maker = SampleMaker(source, wanted, preprocess, augment, seed)
        self._workers, self._device = workers, device
        share = batching.size // world_size
        self._share = slice(rank * share, (rank + 1) * share)
        self.identities, self._labels = _labels(source.person_ids)
        self._cameras = torch.from_numpy(source.camera_ids)
        mask = source.texture_mask if wanted.target == "texture" else None
        self._mask = None if mask is None else torch.from_numpy(mask.copy()).to(device)
        self.batches_per_epoch(0)

    def batches_per_epoch(self, epoch: int) -> int:
        """Return how many batches an epoch has; in batches of persons this may differ a little."""
        return len(self._drawn(epoch))

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """Return an iterator over this process's share of the batches of an epoch.

        Args:
            epoch: which one, from 0.
            start: the first batch to yield; those before are not decoded.

        Raises:
            ImageReadError: while iterating: a image cannot be read; its name is in the message.
            InvalidInputError: ``start`` is neither a batch of the epoch nor its end.
        """
        drawn = self._drawn(epoch)
        if not 0 <= start <= len(drawn):
            raise InvalidInputError(
                f"Epoch {epoch} of {self.source.name} from batch {start}: it has {len(drawn)}."
            )
        plan = [
            Rows(epoch, number * self.batching.size + self._share.start, indices[self._share])
            for number, indices in enumerate(drawn)
        ]
        return self._batches(plan[start:])

    def fingerprint(self) -> str:
        """Return a text that is the same for the same batches, whoever loads them where.

        A run that is resumed with another one would not go on with what it began.
        """
        maker = self._maker
        settings = (maker.wanted, maker.preprocess, maker.augment, self.batching, maker.seed)
        return hash_lines([self.source.fingerprint(), *map(repr, settings)])

    def _drawn(self, epoch: int) -> list[Indices]:
        source = self.source
        return self.batching.batches(source.person_ids, source.camera_ids, self._maker.seed, epoch)

    def _batches(self, plan: list[Rows]) -> Iterator[Batch]:
        loaded = load(self._maker, plan, self._workers)
        for rows, raw in zip(plan, loaded, strict=True):
            yield self._finish(rows.indices, raw)

    def _finish(self, indices: Indices, raw: RawBatch) -> Batch:
        maker, device = self._maker, self._device
        return Batch(
            raw.finished_images(maker.preprocess, maker.augment.erase_fill, device),
            self._labels[indices].to(device),
            self._cameras[indices].to(device),
            raw.finished_target(device),
            self._mask,
            raw.finished_parts(maker.preprocess, device),
            None if raw.part_present is None else raw.part_present.to(device),
            None if raw.iuv is None else raw.iuv.to(device),
        )


def _labels(person_ids: Indices) -> tuple[int, Tensor]:
    """Return how many persons there are, and (N,) their classes in sorted order, -1 for nobody."""
    persons, classes = np.unique(person_ids, return_inverse=True)
    nobody = int((persons < 0).sum())
    return len(persons) - nobody, torch.from_numpy(classes - nobody)
