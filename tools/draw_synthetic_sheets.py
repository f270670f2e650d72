"""Draw the sheets of the synthetic data guide: ``python -m tools.draw_synthetic_sheets DIR``."""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from reid_align.synth.array_types import Pixels
from reid_align.synth.identity_generator import Identity, generate_identity
from reid_align.synth.rendering.image_ops import resize
from reid_align.synth.scenes.cameras import Camera
from reid_align.synth.scenes.scenes import WHITE, Scene
from reid_align.synth.shared_world import camera_and_scene
from reid_align.synth.synth_settings import SynthSettings
from reid_align.synth.views.camera_response import photograph

SETTINGS = SynthSettings(identities=12, images=8, seed=1)
_HEIGHT, _WIDTH = 192, 96


def identity_sheet(identities: list[Identity]) -> Pixels:
    """Return one row per identity: camera images, frontal image, texture."""
    rows = []
    for identity in identities:
        images = [view.image for view in identity.views] + [identity.frontal]
        row = [_fit(image, _WIDTH) for image in images]
        rows.append(np.concatenate([*row, _fit(identity.texture, _HEIGHT)], 1))
    return np.concatenate(rows)


def iuv_sheet(identities: list[Identity]) -> Pixels:
    """Return one column per identity: image, parts in false colors, U, V."""
    palette = np.random.default_rng(4).integers(50, 255, (25, 3)).astype(np.uint8)
    palette[0] = 0
    columns = []
    for identity in identities:
        view = identity.views[0]
        parts, u, v = (view.iuv[..., n] for n in range(3))
        planes = [view.image, palette[parts], *(np.repeat(p[..., None], 3, 2) for p in (u, v))]
        columns.append(np.concatenate([_fit(plane, _WIDTH) for plane in planes]))
    return np.concatenate(columns, 1)


def scene_sheet(pairs: list[tuple[Camera, Scene]], across: int = 4) -> Pixels:
    """Return the frames of cameras, without avatars."""
    shots = []
    for camera, scene in pairs:
        light = ((scene.frame / 255) ** 2 * WHITE).astype(np.float32)
        small = resize(light, 270, 480)
        shots.append(photograph(small, camera.response, 270, np.random.default_rng(0)))
    rows = [np.concatenate(shots[k : k + across], 1) for k in range(0, len(shots), across)]
    return np.concatenate(rows)


def _fit(image: Pixels, width: int) -> Pixels:
    return np.asarray(Image.fromarray(image).resize((width, _HEIGHT), Image.Resampling.LANCZOS))


def main() -> None:
    """Parse the arguments and write the images."""
    parser = argparse.ArgumentParser("python -m tools.draw_synthetic_sheets", description=__doc__)
    parser.add_argument("folder", type=Path, help="output folder")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    identities = [generate_identity(SETTINGS, number) for number in range(SETTINGS.identities)]
    cameras = [camera_and_scene(SETTINGS.seed, index) for index in range(12)]
    for name, sheet in (
        ("people", identity_sheet(identities[:8])),
        ("maps", iuv_sheet(identities)),
        ("scenes", scene_sheet(cameras)),
    ):
        Image.fromarray(sheet).save(folder / f"synthetic_{name}.jpg", quality=76, optimize=True)


if __name__ == "__main__":
    main()
