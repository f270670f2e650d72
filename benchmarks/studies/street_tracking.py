r"""Track people through a synthetic video of two cameras, with and without features.

    pip install "trackers>=2.6"
    python -m benchmarks.studies.street_tracking

Writes a video with `write_street_video` to a temporary folder, tracks its detections in each camera
with ByteTrack of the package `trackers`, and links the tracks of the two cameras by the mean
features of the tracks. HOTA and IDF1 are computed by `trackers` over both cameras as one video, in
which a person keeps one number. Five minutes on two cores.

Writes benchmarks/results/street_tracking.json.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from benchmarks.command_line import benchmark_parser
from benchmarks.docs_tables.tracking_table import street_tracking
from benchmarks.result_files import RESULTS, provenance, write_result
from reid_align import ExtractOptions, FeatureExtractor, Features
from reid_align.cli import OK, run
from reid_align.cli.encoder_choice import select_encoder
from reid_align.datasets.mot_sequences import GROUND_TRUTH
from reid_align.features import TrackFeatures, box_quality
from reid_align.images import decode_image
from reid_align.synth import StreetSettings, write_street_video

# Cosine distance up to which two tracks are one person.
THRESHOLD = 0.4


class TrackRow(NamedTuple):
    """A box of a track: frame in the joined video, track, left, top, width, height."""

    frame: int
    track: str
    box: tuple[float, float, float, float]


def build_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = benchmark_parser("python -m benchmarks.studies.street_tracking", __doc__)
    parser.add_argument("--model", help="model name, arch or arch.tag")
    parser.add_argument("--weights", help="weights file (default: the published weights)")
    parser.add_argument("--people", type=int, default=12, help="number of people")
    parser.add_argument("--frames", type=int, default=120, help="number of frames of each camera")
    parser.add_argument("--seed", type=int, default=0, help="seed of the video")
    parser.add_argument("--threshold", type=float, default=THRESHOLD, help="distance of a link")
    parser.add_argument(
        "-o", "--output", type=Path, default=RESULTS / "street_tracking.json", help="result file"
    )
    return parser


def track(
    sequences: Sequence[Path], frames: int, extractor: FeatureExtractor
) -> tuple[list[TrackRow], TrackFeatures, TrackFeatures]:
    """Track each camera alone; return the boxes, and the weighted and the plain mean features."""
    import supervision as sv
    from trackers import ByteTrackTracker

    rows: list[TrackRow] = []
    weighted, plain = TrackFeatures(), TrackFeatures()
    for camera, sequence in enumerate(sequences):
        tracker = ByteTrackTracker(frame_rate=10)
        table = np.loadtxt(sequence / "det" / "det.txt", delimiter=",", ndmin=2)
        for frame in range(1, frames + 1):
            found = table[table[:, 0] == frame]
            boxes = np.concatenate([found[:, 2:4] - 1, found[:, 2:4] - 1 + found[:, 4:6]], 1)
            detections = tracker.update(
                sv.Detections(boxes, confidence=found[:, 6], class_id=np.zeros(len(found), int))
            )
            pixels = decode_image(str(sequence / "img1" / f"{frame:06d}.jpg"))
            features = extractor.crops(pixels, detections)
            ids = [] if detections.tracker_id is None else detections.tracker_id.tolist()
            names = [f"{sequence.name}/{number}" if number >= 0 else None for number in ids]
            weighted.add(names, features, box_quality(detections, pixels.shape[:2]))
            plain.add(names, features)
            for name, (left, top, right, bottom) in zip(names, detections.xyxy, strict=True):
                if name is not None:
                    box = (left + 1, top + 1, right - left, bottom - top)
                    rows.append(TrackRow(camera * frames + frame, name, box))
    return rows, weighted, plain


def link(tracks: Features, first: str, threshold: float) -> dict[str, str]:
    """Return for tracks of other cameras the track of the first camera that is the same person."""
    here = np.array([path.startswith(f"{first}/") for path in tracks.paths], bool)
    distances = 1 - tracks.values[~here] @ tracks.values[here].T
    others, ours = (np.array(tracks.paths, object)[side] for side in (~here, here))
    pairs = zip(*linear_sum_assignment(distances), strict=True)
    return {others[i]: ours[j] for i, j in pairs if distances[i, j] <= threshold}


def score(
    rows: Iterable[TrackRow], links: Mapping[str, str], truth: Path, folder: Path
) -> dict[str, float]:
    """Return HOTA, IDF1 and the number of identity switches, in percent."""
    from trackers.eval import evaluate_mot_sequence

    numbers: dict[str, int] = {}
    lines = []
    for row in rows:
        name = links.get(row.track, row.track)
        number = numbers.setdefault(name, len(numbers) + 1)
        shown = ",".join(f"{value:.1f}" for value in row.box)
        lines.append(f"{row.frame},{number},{shown},1,-1,-1,-1\n")
    path = folder / "tracks.txt"
    path.write_text("".join(sorted(lines, key=lambda line: int(line.split(",")[0]))))
    found = evaluate_mot_sequence(truth, path, metrics=["CLEAR", "HOTA", "Identity"])
    return {
        "HOTA": 100 * float(found.HOTA.HOTA),
        "AssA": 100 * float(found.HOTA.AssA),
        "DetA": 100 * float(found.HOTA.DetA),
        "IDF1": 100 * float(found.Identity.IDF1),
        "tracks": float(len(numbers)),
    }


def measure(args: argparse.Namespace) -> int:
    """Run the study."""
    settings = StreetSettings(people=args.people, frames=args.frames, seed=args.seed)
    encoder = select_encoder(args.model, args.weights)
    extractor = FeatureExtractor(encoder, ExtractOptions(), channel_order="rgb")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sequences = write_street_video(folder / "street", settings, progress=True)
        rows, weighted, plain = track(sequences, args.frames, extractor)
        truth = folder / "truth.txt"
        truth.write_text(_joined_truth(sequences, args.frames))
        variants = {
            "ByteTrack": {},
            "ByteTrack, cameras linked by mean features": link(
                plain.features(), sequences[0].name, args.threshold
            ),
            "ByteTrack, cameras linked by quality-weighted mean features": link(
                weighted.features(), sequences[0].name, args.threshold
            ),
        }
        results = [
            {"label": label, **score(rows, links, truth, folder)}
            for label, links in variants.items()
        ]
    record = {
        "benchmark": "street_tracking",
        **provenance(),
        "people": args.people,
        "frames": args.frames,
        "seed": args.seed,
        "threshold": args.threshold,
        "model": encoder.architecture,
        "weights": encoder.origin.name,
        "rows": results,
    }
    write_result(args.output, record)
    print(street_tracking(record))
    return OK


def _joined_truth(sequences: Sequence[Path], frames: int) -> str:
    lines = []
    for camera, sequence in enumerate(sequences):
        for line in (sequence / GROUND_TRUTH).read_text().splitlines():
            frame, rest = line.split(",", 1)
            lines.append(f"{camera * frames + int(frame)},{rest}\n")
    return "".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run the study and return its exit code."""
    return run(build_parser(), measure, argv)


if __name__ == "__main__":
    sys.exit(main())
