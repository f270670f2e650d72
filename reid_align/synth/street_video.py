"""Writer of a synthetic video in MOT format: the same people walk past several cameras."""

import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from reid_align.errors import InvalidInputError
from reid_align.files import new_folder
from reid_align.progress import Progress
from reid_align.synth.scenes.cameras import FRAME_HEIGHT, FRAME_WIDTH
from reid_align.synth.shared_world import camera_and_scene
from reid_align.synth.street_frames import StreetBox, render_frame
from reid_align.synth.street_walkers import FRAME_RATE, build_walkers, place_walkers

_DETECTION_KEY = 7969
# A detector misses people who are less visible, and some others.
_LEAST_VISIBLE, _RECALL = 0.35, 0.95
_QUALITY = 92


@dataclass(frozen=True)
class StreetSettings:
    """Settings of a video.

    Args:
        people: number of people, 1 to 100. Each walks past every camera once.
        frames: number of frames of each camera, at 10 per second.
        cameras: number of cameras, 1 to 10.
        seed: seed of all random numbers.

    Raises:
        InvalidInputError: a number is out of range.
    """

    people: int = 6
    frames: int = 80
    cameras: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        limits = {"people": 100, "frames": 10_000, "cameras": 10}
        for name, most in limits.items():
            if not 1 <= getattr(self, name) <= most:
                raise InvalidInputError(f"{name} {getattr(self, name)}: give 1 to {most:,}.")
        if not 0 <= self.seed < 2**63:
            raise InvalidInputError(f"seed {self.seed}: give 0 to 2**63 - 1.")


def write_street_video(
    folder: str | os.PathLike[str],
    settings: StreetSettings | None = None,
    *,
    progress: bool = False,
) -> list[Path]:
    """Write a sequence for each camera: ``camera1/``, ``camera2/``, … in a new folder.

    A sequence has frames ``img1/000001.jpg``, the ground truth ``gt/gt.txt``, detections with
    errors ``det/det.txt``, and ``seqinfo.ini``, as in MOTChallenge. A person has the same number in
    all sequences.

    Args:
        folder: must not exist, or be empty; appears when it is complete.
        settings: of the video.
        progress: show the progress on standard error.

    Returns:
        The folders of the sequences.

    Raises:
        InvalidInputError: a setting is out of range.
        OutputExistsError: the folder exists and is not empty.
    """
    settings = settings or StreetSettings()
    names = [f"camera{index + 1}" for index in range(settings.cameras)]
    with (
        new_folder(Path(folder)) as work,
        Progress(settings.cameras * settings.frames, unit="frame", visible=progress) as bar,
    ):
        avatars = build_walkers(settings.seed, settings.people)
        for index, name in enumerate(names):
            camera, scene = camera_and_scene(settings.seed, index)
            walkers = place_walkers(avatars, camera, settings.seed, settings.frames)
            _make_folders(work / name, settings.frames)
            boxes: list[list[StreetBox]] = []
            for frame in range(settings.frames):
                image, found = render_frame(camera, scene, walkers, frame, settings.seed)
                path = work / name / "img1" / f"{frame + 1:06d}.jpg"
                cv2.imwrite(str(path), image[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
                boxes.append(found)
                bar.update()
            rng = np.random.default_rng([settings.seed, index, _DETECTION_KEY])
            (work / name / "gt" / "gt.txt").write_text(_ground_truth(boxes))
            (work / name / "det" / "det.txt").write_text(_detections(boxes, rng))
    return [Path(folder) / name for name in names]


def _make_folders(sequence: Path, frames: int) -> None:
    for name in ("img1", "gt", "det"):
        (sequence / name).mkdir(parents=True)
    (sequence / "seqinfo.ini").write_text(
        f"[Sequence]\nname={sequence.name}\nimDir=img1\nframeRate={FRAME_RATE}\n"
        f"seqLength={frames}\nimWidth={FRAME_WIDTH}\nimHeight={FRAME_HEIGHT}\nimExt=.jpg\n"
    )


def _ground_truth(boxes: list[list[StreetBox]]) -> str:
    # Pixels, frames and people count from 1 in this format.
    return "".join(
        f"{frame},{box.number + 1},{box.left + 1:.1f},{box.top + 1:.1f},{box.width:.1f},"
        f"{box.height:.1f},1,1,{box.visible:.3f}\n"
        for frame, found in enumerate(boxes, 1)
        for box in found
    )


def _detections(boxes: list[list[StreetBox]], rng: np.random.Generator) -> str:
    """Return boxes with errors of about 3 % of their size; the confidence is the visible share."""
    lines = []
    for frame, found in enumerate(boxes, 1):
        for box in found:
            errors = rng.normal(0, 0.03, 4) * (box.width, box.height, box.width, box.height)
            missed = rng.random() > _RECALL
            if missed or box.visible < _LEAST_VISIBLE:
                continue
            values = np.array([box.left + 1, box.top + 1, box.width, box.height]) + errors
            shown = ",".join(f"{value:.1f}" for value in values)
            lines.append(f"{frame},-1,{shown},{min(0.99, box.visible):.3f},-1,-1,-1\n")
    return "".join(lines)
