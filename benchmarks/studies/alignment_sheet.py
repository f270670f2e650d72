"""Contact sheet of predicted textures and dense pose maps next to the ground truth."""

import numpy as np
import torch
from PIL import Image

from benchmarks.studies.alignment_errors import estimated_map, unwrapped
from benchmarks.studies.synthetic_truth import Truth
from reid_align.datasets import read_image
from reid_align.datasets.image_store import read_iuv
from reid_align.unwrapping import Unwrapper
from reid_align.uv import IUV
from reid_align.viz import contact_sheet, draw_iuv

PEOPLE = 8


def draw_sheet(truth: Truth, textures: Unwrapper | None, maps: Unwrapper | None) -> Image.Image:
    """Draw one strip for each of some identities spread over the set.

    A strip has the image, the true and the estimated dense pose map (with ``maps``), and the true
    and the predicted texture (with ``textures``).
    """
    firsts = np.unique(truth.person_ids, return_index=True)[1]
    chosen = firsts[np.linspace(0, len(firsts) - 1, min(PEOPLE, len(firsts))).astype(int)]
    return contact_sheet([_strip(truth, int(row), textures, maps) for row in chosen])


def _strip(
    truth: Truth, row: int, textures: Unwrapper | None, maps: Unwrapper | None
) -> list[Image.Image]:
    image = read_image(truth.names[row])
    strip = [Image.fromarray(image)]
    if maps is not None:
        planes = torch.tensor(estimated_map(image, maps)).permute(2, 0, 1)
        strip += [draw_iuv(read_iuv(truth.maps[row])), draw_iuv(IUV(planes))]
    if textures is not None:
        true, drawn = read_image(truth.textures[row]), unwrapped([image], textures)[0]
        strip += [Image.fromarray(true), Image.fromarray(drawn)]
    return strip
