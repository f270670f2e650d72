"""Contact sheet of an unwrapping run."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from reid_align.files import replace_file
from reid_align.images import decode_image
from reid_align.unwrapping.unwrap_jobs import UnwrapJob
from reid_align.unwrapping.unwrappers import UnwrapKind
from reid_align.uv import load_iuv
from reid_align.viz import contact_sheet, draw_iuv

# Output files end in .png, so none has this name.
NAME = "contact_sheet.jpg"
SHOWN = 24


def draw_sheet(jobs: Sequence[UnwrapJob], kind: UnwrapKind, folder: Path) -> None:
    """Write a contact sheet of images and their outputs.

    Args:
        jobs: finished jobs; shows up to 24, evenly spaced. Without jobs nothing is written.
        kind: kind of output.
        folder: output folder.
    """
    if not jobs:
        return
    places = np.linspace(0, len(jobs) - 1, min(SHOWN, len(jobs))).round().astype(int)
    shown = [jobs[place] for place in places]
    sheet = contact_sheet([_strip(job, kind) for job in shown], [job.name for job in shown])
    content = io.BytesIO()
    sheet.save(content, "JPEG", quality=90)
    replace_file(folder / NAME, content.getvalue())


def _strip(job: UnwrapJob, kind: UnwrapKind) -> list[Image.Image]:
    pixels = decode_image(job.source)
    image = Image.fromarray(pixels)
    if kind == "texture":
        return [image, Image.fromarray(decode_image(str(job.target)))]
    return [image, draw_iuv(load_iuv(job.target), pixels)]
