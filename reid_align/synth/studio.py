"""The fixed frontal picture of a person, before a grey ground in even light."""

import numpy as np

from reid_align.synth.arrays import Pixels
from reid_align.synth.asset import load_asset
from reid_align.synth.imaging import resize
from reid_align.synth.person import Person, posed_mesh
from reid_align.synth.raster import Fragments, rasterise
from reid_align.synth.shading import Light, shade

HEIGHT, WIDTH = 256, 128
_OVERSAMPLING = 2
_EVEN = Light(
    direction=np.array([0.0, -0.6, 0.8], np.float32),
    sun=np.full(3, 0.35, np.float32),
    sky=np.full(3, 0.75, np.float32),
    ground=np.full(3, 0.45, np.float32),
)
_GREY = 0.2
# Metres that the picture is tall: room for the tallest person.
_SPAN = 2.1


def frontal_image(person: Person) -> Pixels:
    """Return (256, 128, 3) uint8 the person from the front, standing, always at the same scale.

    The pose has no random part, so that the picture differs between people only.
    """
    pose = person.poser.sample(
        np.random.default_rng(0), person.posture, "frontal", ("hang", "hang")
    )
    mesh = posed_mesh(load_asset(), person, pose)
    points = mesh.vertices
    size = np.array([WIDTH, HEIGHT]) * _OVERSAMPLING
    scale = size[1] / _SPAN
    columns = points[:, 0] * scale + size[0] / 2
    rows = size[1] - 0.05 * scale - points[:, 2] * scale
    view = np.stack([columns, rows, points[:, 1] + 30], 1).astype(np.float32)
    seen = Fragments.empty(int(size[1]), int(size[0]))
    rasterise(view, mesh.faces, mesh.two_sided, seen)
    eye = np.array([0, -30, 1.0], np.float32)
    colour = shade(mesh, person.page, seen, eye, _EVEN)
    colour = resize(colour, HEIGHT, WIDTH)
    light = colour[..., :3] + _GREY * (1 - colour[..., 3:])
    return np.round(light.clip(0, 1) ** (1 / 2.2) * 255).astype(np.uint8)
