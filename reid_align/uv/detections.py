r"""Dense maps from the detections of detectron2's DensePose.

``apply_net.py dump`` writes a pickle, and a pickle can run any code when it is opened, so this
library does not. Turn it into one ``.npz`` for each image where detectron2 is installed::

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
from reid_align.uv.selection import main_person


@dataclass(frozen=True, eq=False)
class Detection:
    """One person as detectron2 reports it, before it is placed in the image.

    Args:
        labels: (h, w) integers: part numbers, 0 to 24, of the pixels of the box.
        uv: (2, h, w) floating point: U and V of these pixels; raw regressions may leave [0, 1].
        box: left, top, right and bottom in pixels of the image (``pred_boxes_XYXY``).
        score: the detector's confidence, at least 0.

    Raises:
        InvalidInputError: shapes that do not belong together, part numbers outside 0 to 24,
            coordinates of body pixels, a box or a score that are not finite, or a negative score.
    """

    labels: Tensor
    uv: Tensor
    box: tuple[float, float, float, float]
    score: float

    @cached_property
    def chart(self) -> IUV:
        """The dense map of the box, (3, h, w) on the CPU, in DensePose's own charts."""
        return IUV.from_charts(self.labels.cpu(), *self.uv.cpu().unbind(0))

    def __post_init__(self) -> None:
        if self.labels.ndim != 2 or self.uv.shape != (2, *self.labels.shape):
            raise InvalidInputError(
                f"A detection got labels of shape {tuple(self.labels.shape)} and uv of shape "
                f"{tuple(self.uv.shape)}: pass (h, w) and (2, h, w)."
            )
        if not all(map(math.isfinite, (*self.box, self.score))) or self.score < 0:
            raise InvalidInputError(
                f"A detection got the box {self.box} and the score {self.score}: pass finite "
                "numbers, and a score of at least 0."
            )
        left, top, right, bottom = self.box
        height, width = self.chart.parts.shape
        # detectron2 truncates the size of the box to whole pixels, but to no fewer than one.
        if abs(bottom - top - height) > 1 or abs(right - left - width) > 1:
            raise InvalidInputError(
                f"A detection got {height}×{width} labels for the box {self.box}: pass the "
                "arrays at the size of the box (left, top, right, bottom), as the dump holds them."
            )


def place_detections(
    detections: Sequence[Detection], height: int, width: int, lr_align: bool = True
) -> IUV:
    """Return the dense map of the main person of a image.

    Of several detections, the one with the largest visible area times score is kept, on a tie the
    one nearest to the center. What lies outside the image is cut off.

    Args:
        detections: those of one image; none gives an empty map.
        height: of the image in pixels.
        width: of the image in pixels.
        lr_align: whether to convert to charts whose left and right agree. Only such maps can be
            mirrored; False keeps DensePose's own, for comparison.

    Returns:
        The map, planes (3, height, width) on the CPU.

    Raises:
        InvalidInputError: a size below 1.
    """
    if height < 1 or width < 1:
        raise InvalidInputError(f"A image of {height}×{width} pixels: both must be at least 1.")
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

    The text at the top of this module shows how to make it from a dump. The file holds
    ``pred_boxes_XYXY`` (K, 4), ``scores`` (K,), and for each detection k the arrays ``labels_k``
    (h, w) and ``uv_k`` (2, h, w). Pickled objects in it are refused.

    Raises:
        ImageReadError: no such file, no ``.npz``, an array that is missing, damaged or pickled, or
            arrays that do not belong together.
    """
    if not zipfile.is_zipfile(path):
        raise ImageReadError(str(path), "it does not exist, or is no .npz file.")
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
