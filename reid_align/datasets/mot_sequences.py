"""Ground truth of video in MOT format: ``gt/gt.txt`` and the frames of a sequence.

Source: the format of MOTChallenge, https://motchallenge.net/instructions; also DanceTrack and
SportsMOT.
"""

import math
import os
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from reid_align.datasets.dataset_files import list_images, shown
from reid_align.datasets.folder_layout import describe
from reid_align.errors import DatasetFormatError, DatasetNotFoundError
from reid_align.images.box_crop import Box

GROUND_TRUTH = os.path.join("gt", "gt.txt")
_EXPECTED = "sequences SEQUENCE/gt/gt.txt with frames SEQUENCE/img1/000001.jpg, or one sequence"
# MOT17 has each sequence three times, with the detections of three detectors.
_DETECTOR = re.compile(r"(MOT17-\d+)-(DPM|FRCNN|SDP)")
# Class of a pedestrian; -1 in files without classes.
_PEDESTRIAN = (1, -1)


@dataclass(frozen=True)
class TrackedBox:
    """Box of a pedestrian in one frame, with the number of its track."""

    track: int
    box: Box


@dataclass(frozen=True)
class MotSequence:
    """A sequence.

    Attributes:
        name: name of its folder.
        files: file of each frame, by number.
        boxes: boxes of each frame that has any, by number, in the order of their tracks.
    """

    name: str
    files: dict[int, str]
    boxes: dict[int, list[TrackedBox]]


def read_sequences(dataset: str, root: str, min_visibility: float = 0.0) -> list[MotSequence]:
    """Read the sequences in a folder, sorted by name, or the folder as one sequence.

    Of the three copies of a MOT17 sequence, only the first is read.

    Args:
        dataset: dataset, for error messages.
        root: the folder.
        min_visibility: leave out boxes that are less visible, in [0, 1]; boxes without a
            visibility are kept.

    Raises:
        DatasetNotFoundError: the folder contains no sequence.
        DatasetFormatError: a line of ``gt.txt`` is malformed, or a frame is missing.
    """
    found: dict[str, Path] = {}
    folder = Path(root)
    children = sorted(folder.iterdir()) if folder.is_dir() else []
    for path in [folder] if (folder / GROUND_TRUTH).is_file() else children:
        if (path / GROUND_TRUTH).is_file():
            match = _DETECTOR.fullmatch(path.name)
            found.setdefault(match[1] if match else path.name, path)
    if not found:
        nested = [path.name for path in children if path.is_dir() and any(path.glob("*/gt/gt.txt"))]
        hint = f"; there are sequences in {nested[0]}/" if nested else ""
        raise DatasetNotFoundError(dataset, shown(root), _EXPECTED, describe(root) + hint)
    return [_read_sequence(dataset, path, name, min_visibility) for name, path in found.items()]


def _read_sequence(dataset: str, path: Path, name: str, min_visibility: float) -> MotSequence:
    frames = path / "img1"
    if not frames.is_dir():
        raise DatasetFormatError(f"{dataset}: {shown(str(path))} has no folder img1 with frames.")
    files = {}
    for file in list_images(dataset, str(frames)):
        stem = Path(file).stem
        if not (stem.isascii() and stem.isdigit()):
            raise DatasetFormatError(
                f"{dataset}: {shown(file)} is not named like 000001.jpg. Move the file out of the "
                "folder, or restore its published name."
            )
        files[int(stem)] = file
    boxes: dict[int, list[TrackedBox]] = defaultdict(list)
    ground_truth = path / GROUND_TRUTH
    text = ground_truth.read_text("utf-8", "replace")
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        where = f"{dataset}: {shown(str(ground_truth))}, line {number}"
        frame, tracked = _read_line(line, where, min_visibility)
        if frame not in files:
            raise DatasetFormatError(
                f"{where}: the frame {frame} is not in {shown(str(frames))}. Unpack the sequence "
                "again."
            )
        if tracked is None:
            continue
        if any(other.track == tracked.track for other in boxes[frame]):
            raise DatasetFormatError(
                f"{where}: the track {tracked.track} is in the frame {frame} twice. Remove one of "
                "the lines."
            )
        boxes[frame].append(tracked)
    ordered = {frame: sorted(boxes[frame], key=lambda b: b.track) for frame in sorted(boxes)}
    return MotSequence(name, files, {frame: found for frame, found in ordered.items() if found})


def _read_line(line: str, where: str, min_visibility: float) -> tuple[int, TrackedBox | None]:
    """Return the frame, and the box if it counts."""
    try:
        values = [float(value) for value in line.split(",")]
        if len(values) < 6 or not all(map(math.isfinite, values)):
            raise ValueError
        if not (values[0].is_integer() and values[1].is_integer()):
            raise ValueError
    except ValueError:
        raise DatasetFormatError(
            f"{where}: {line[:60]!r} is not a line of MOT format: frame,id,left,top,width,height,"
            "flag,class,visibility, all numbers."
        ) from None
    frame, track = int(values[0]), int(values[1])
    left, top, width, height = values[2:6]
    given = values[6:9]
    flag, kind, visibility = given + [1.0, -1.0, -1.0][len(given) :]
    counts = flag != 0 and kind in _PEDESTRIAN and width > 0 and height > 0 and track >= 0
    if not counts or 0 <= visibility < min_visibility:
        return frame, None
    # Pixels count from 1 in this format.
    return frame, TrackedBox(track, Box(left - 1, top - 1, left - 1 + width, top - 1 + height))
