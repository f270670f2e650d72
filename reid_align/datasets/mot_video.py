"""Re-association on video in MOT format: the same person some frames later."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from reid_align.datasets.dataset_files import absolute
from reid_align.datasets.dataset_registry import DatasetLoader, register
from reid_align.datasets.dataset_types import ImageRecord, ReidDataset, Split, contiguous_ids
from reid_align.datasets.frame_boxes import frame_box_name
from reid_align.datasets.mot_sequences import MotSequence, TrackedBox, read_sequences
from reid_align.errors import DatasetFormatError, DatasetOptionError


@register
@dataclass(frozen=True)
class MotVideo(DatasetLoader):
    """Video in MOT format. A query is a box, its gallery the boxes of the frame ``gap`` later.

    Queries are the boxes of every ``stride``-th frame whose track is also in the later frame, with
    at least one other box there. Only pedestrians that the ground truth counts are used. Image
    paths are names of boxes, see `frame_boxes`. A sequence is a camera.

    Attributes:
        gap: number of frames between query and gallery, at least 1.
        stride: number of frames between queries, at least 1.
        min_visibility: leave out boxes that are less visible, in percent, 0 to 100.

    Raises:
        DatasetOptionError: an option is out of range.
    """

    name = "mot"
    title = "Video in MOT format (re-association)"
    train_advice: ClassVar[str] = "Use the crops of the tracks as a folder or CSV file."
    option_examples: ClassVar[Mapping[str, str]] = MappingProxyType({"gap": "30"})

    gap: int = 30
    stride: int = 30
    min_visibility: int = 0

    def __post_init__(self) -> None:
        limits = {"gap": (1, None), "stride": (1, None), "min_visibility": (0, 100)}
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if type(value) is not int or value < low or (high is not None and value > high):
                allowed = f"at least {low}" if high is None else f"from {low} to {high}"
                raise DatasetOptionError(f"{self.name}: {name} {value!r} must be {allowed}.")

    def load(self, root: str | os.PathLike[str]) -> ReidDataset:
        """Read the ground truth; opens no frame."""
        folder = absolute(root)
        sequences = read_sequences(self.name, folder, self.min_visibility / 100)
        tracks = contiguous_ids(
            (sequence.name, tracked.track)
            for sequence in sequences
            for boxes in sequence.boxes.values()
            for tracked in boxes
        )
        query: list[ImageRecord] = []
        gallery: list[ImageRecord] = []
        group = 0
        for camera, sequence in enumerate(sequences):
            for now, later in self._pairs(sequence):
                both = {box.track for box in now[1]} & {box.track for box in later[1]}
                if len(later[1]) < 2 or not both:
                    continue
                for found, (frame, boxes) in ((query, now), (gallery, later)):
                    found.extend(
                        ImageRecord(
                            frame_box_name(sequence.files[frame], tracked.box),
                            tracks[sequence.name, tracked.track],
                            camera,
                            group,
                        )
                        for tracked in boxes
                        if found is gallery or tracked.track in both
                    )
                group += 1
        if not tracks:
            raise DatasetFormatError(
                f"{self.name}: the ground truth in {folder} has no box of a pedestrian that "
                "counts: flag 1, class 1 and a size above 0. Check the files, or lower "
                "min_visibility."
            )
        if not query:
            raise DatasetFormatError(
                f"{self.name}: in {folder}, no track is in a frame and again {self.gap} frames "
                "later together with another one. Set a smaller gap or stride."
            )
        split = Split("test", tuple(sorted(query, key=_path)), tuple(sorted(gallery, key=_path)))
        return ReidDataset(
            self.name,
            folder,
            (),
            (split,),
            "reassociation",
            tuple(f"{sequence}:{track}" for sequence, track in tracks),
            tuple(sequence.name for sequence in sequences),
        )

    def _pairs(
        self, sequence: MotSequence
    ) -> Iterable[tuple[tuple[int, list[TrackedBox]], tuple[int, list[TrackedBox]]]]:
        first = min(sequence.files)
        for frame, boxes in sequence.boxes.items():
            later = sequence.boxes.get(frame + self.gap)
            if (frame - first) % self.stride == 0 and later is not None:
                yield (frame, boxes), (frame + self.gap, later)


def _path(record: ImageRecord) -> str:
    return record.path
