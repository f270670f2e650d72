r"""Reader for DensePose detections of detectron2.

``apply_net.py dump`` writes a pickle file. Loading a pickle can execute arbitrary code, so this
library does not load it. Convert it to one ``.npz`` file per image where detectron2 is installed::

    from pathlib import Path

    import numpy as np
    import torch

    for result in torch.load("results.pkl", weights_only=False):
        arrays = {key: result[key].numpy() for key in ("pred_boxes_XYXY", "scores")}
        for index, chart in enumerate(result.get("pred_densepose", ())):
            arrays[f"labels_{index}"] = chart.labels.cpu().numpy().astype(np.uint8)
            arrays[f"uv_{index}"] = chart.uv.cpu().numpy()
        np.savez_compressed(Path(result["file_name"]).stem + ".npz", **arrays)

Source: detectron2, projects/DensePose, ``apply_net.py`` and ``structures/chart_result.py``.
"""

import math
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from reid_align.errors import ImageReadError, InvalidInputError
from reid_align.uv.densepose import align_charts
from reid_align.uv.iuv import IUV
from reid_align.uv.main_person import main_person


@dataclass(frozen=True, eq=False)
class Detection:
    """One detected person, as reported by detectron2.

    Args:
        labels: (h, w) integers: part numbers, 0 to 24, of the pixels in the box.
        uv: (2, h, w) floating point: U and V of these pixels; may exceed [0, 1] slightly.
        box: left, top, right and bottom in image pixels (``pred_boxes_XYXY``).
        score: detector confidence, at least 0.

    Raises:
        InvalidInputError: shapes that do not match; part numbers outside 0 to 24; coordinates of
            body pixels, a box or a score that are not finite; or a negative score.
    """

    labels: Tensor
    uv: Tensor
    box: tuple[float, float, float, float]
    score: float

    @cached_property
    def chart(self) -> IUV:
        """Dense pose map of the box, (3, h, w) on the CPU, in DensePose's charts."""
        return IUV.from_charts(self.labels.cpu(), *self.uv.cpu().unbind(0))

    def __post_init__(self) -> None:
        if self.labels.ndim != 2 or self.uv.shape != (2, *self.labels.shape):
            raise InvalidInputError(
                f"Detection: labels have shape {tuple(self.labels.shape)} and uv has shape "
                f"{tuple(self.uv.shape)}. They must be (h, w) and (2, h, w)."
            )
        if not all(map(math.isfinite, (*self.box, self.score))) or self.score < 0:
            raise InvalidInputError(
                f"Detection: the box is {self.box} and the score {self.score}. Both must be "
                "finite, and the score at least 0."
            )
        left, top, right, bottom = self.box
        height, width = self.chart.parts.shape
        # detectron2 truncates the box size to whole pixels, with a minimum of one.
        if abs(bottom - top - height) > 1 or abs(right - left - width) > 1:
            raise InvalidInputError(
                f"Detection: {height}×{width} labels do not match the box {self.box} (left, top, "
                "right, bottom). Pass labels and uv at the size of the box, as in the dump."
            )


def place_detections(
    detections: Sequence[Detection], height: int, width: int, lr_align: bool = True
) -> IUV:
    """Return the dense pose map of the main person in an image.

    The main person has the largest visible area times score; ties go to the detection closest to
    the center. Pixels outside the image are cut off.

    Args:
        detections: detections of one image; without any the map is empty.
        height: image height in pixels.
        width: image width in pixels.
        lr_align: convert to charts with aligned left and right parts, which mirroring requires.
            False keeps DensePose's charts, for comparison.

    Returns:
        Map with planes (3, height, width) on the CPU.

    Raises:
        InvalidInputError: a size below 1.
    """
    if height < 1 or width < 1:
        raise InvalidInputError(
            f"The image size is {height}×{width} pixels. Height and width must be at least 1."
        )
    if not detections:
        return IUV(torch.zeros(3, height, width, dtype=torch.uint8))
    candidates = [_place(detection, height, width) for detection in detections]
    iuv = main_person(candidates, [detection.score for detection in detections])
    return align_charts(iuv) if lr_align else iuv


def _place(detection: Detection, height: int, width: int) -> IUV:
    chart = detection.chart.planes
    left, top = (math.floor(edge) for edge in detection.box[:2])
    rows = slice(max(top, 0), min(top + chart.shape[1], height))
    columns = slice(max(left, 0), min(left + chart.shape[2], width))
    planes = torch.zeros(3, height, width, dtype=torch.uint8)
    if rows.start < rows.stop and columns.start < columns.stop:
        seen_rows = slice(rows.start - top, rows.stop - top)
        seen_columns = slice(columns.start - left, columns.stop - left)
        planes[:, rows, columns] = chart[:, seen_rows, seen_columns]
    return IUV(planes)


def read_detections(path: str | Path) -> list[Detection]:
    """Read the detections of one image from an ``.npz`` file.

    The module docstring shows how to convert a dump. The file contains ``pred_boxes_XYXY``
    (K, 4), ``scores`` (K,), and for each detection k ``labels_k`` (h, w) and ``uv_k`` (2, h, w).
    Pickled objects are not loaded.

    Raises:
        ImageReadError: the file is missing or not an ``.npz`` file, or an array is missing,
            damaged, pickled or of another shape.
    """
    if not zipfile.is_zipfile(path):
        raise ImageReadError(str(path), "it does not exist, or is not an .npz file.")
    try:
        with np.load(path, allow_pickle=False) as arrays:
            boxes, scores = arrays["pred_boxes_XYXY"].reshape(-1, 4), arrays["scores"]
            return [
                Detection(
                    torch.from_numpy(arrays[f"labels_{index}"]),
                    torch.from_numpy(arrays[f"uv_{index}"]),
                    tuple(box),
                    float(score),
                )
                for index, (box, score) in enumerate(zip(boxes.tolist(), scores, strict=True))
            ]
    except KeyError as error:
        raise ImageReadError(str(path), f"an array is missing: {error}.") from error
    except (OSError, ValueError, TypeError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ImageReadError(str(path), f"its detections cannot be used: {error}") from error
