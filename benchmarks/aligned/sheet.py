"""A sheet of what networks draw of synthetic people, beside the truth."""

import numpy as np
import torch
from PIL import Image

from aligned.drawings import estimated_map, unwrapped
from aligned.truth import Truth
from reid_align.datasets import read_image
from reid_align.datasets.image_store import read_iuv
from reid_align.unwrapping import Unwrapper
from reid_align.uv import IUV
from reid_align.viz import contact_sheet, draw_iuv

PEOPLE = 8


def draw_sheet(truth: Truth, textures: Unwrapper | None, maps: Unwrapper | None) -> Image.Image:
    """Draw some people, spread over the set, a strip for each.

    A strip has the image; with ``maps`` the dense map that is true and the estimated one; with
    ``textures`` the texture that is true and the drawn one.
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
