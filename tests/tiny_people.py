"""Synthetic set that a network learns in a few steps: each identity has distinct colors.

It has the format of the synthesizer; its images need no rendering.
"""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from reid_align.shard_set import begin_set, shard_path
from reid_align.shards import Table, write_shard

IDENTITIES, IMAGES = 8, 4
# The last two identities are for testing.
TRAINING = 6
HEIGHT, WIDTH = 64, 32
PARTS = np.array([[1, 2], [9, 10], [13, 14], [23, 24]], np.uint8)


def coded(image: np.ndarray, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, kind)
    return file.getvalue()


def clothes(person: int, height: int, width: int, view: int = 0) -> np.ndarray:
    """Four bands in the person's colors, with the noise of a view."""
    colors = np.random.default_rng([person, 7]).integers(30, 225, (4, 1, 3))
    noise = np.random.default_rng([person, view, 8]).integers(-20, 21, (height, width, 3))
    return (colors.repeat(height // 4, 0) + noise).astype(np.uint8)


def dense_map() -> np.ndarray:
    """Eight parts in a grid, each with its whole chart, and background on both sides."""
    planes = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    body = planes[:, WIDTH // 4 : -WIDTH // 4]
    body[..., 0] = PARTS.repeat(HEIGHT // 4, 0).repeat(WIDTH // 4, 1)
    body[..., 1] = np.tile(np.linspace(0, 255, HEIGHT // 4), 4)[:, None]
    body[..., 2] = np.tile(np.linspace(0, 255, WIDTH // 4), 2)
    return planes


def make_set(folder: Path, *, pit: bool = False) -> Path:
    """Write 8 identities with 4 images each, from 2 cameras; the first image has no detection.

    With ``pit`` all images are for training and have no identity.
    """
    begin_set(folder, {"identities": IDENTITIES, "images": IMAGES, "seed": 0, "pit": pit}, 1)
    write_shard(shard_path(folder, 0), tables(pit=pit))
    mask = np.zeros((256, 256), np.uint8)
    mask[:, 64:-64] = 255
    (folder / "texture_mask.png").write_bytes(coded(mask))
    return folder


def tables(*, pit: bool) -> dict[str, Table]:
    owners = np.arange(IDENTITIES).repeat(IMAGES).astype(np.int32)
    views = np.tile(np.arange(IMAGES), IDENTITIES)
    tested = (owners >= TRAINING) & (not pit)
    splits = np.where(tested, 2, 0).astype(np.uint8)
    roles = np.where(tested, np.where(views % 2 == 0, 1, 2), 0).astype(np.uint8)
    empty, seen = np.zeros((HEIGHT, WIDTH, 3), np.uint8), dense_map()
    images = [clothes(int(p), HEIGHT, WIDTH, int(v)) for p, v in zip(owners, views, strict=True)]
    people = range(IDENTITIES)
    return {
        "images": Table(
            {
                "person": owners,
                "camera": (views // 2 + 10 * tested).astype(np.int32),
                "split": splits,
                "role": roles,
            },
            {
                "jpeg": [coded(image, "JPEG") for image in images],
                "iuv": [coded(seen if row else empty) for row in range(len(owners))],
            },
        ),
        "people": Table(
            {
                "person": np.array(people, np.int32),
                "split": np.array([0 if pit or p < TRAINING else 2 for p in people], np.uint8),
            },
            {
                "texture": [coded(clothes(person, 256, 256)) for person in people],
                "frontal": [coded(clothes(person, HEIGHT, WIDTH), "JPEG") for person in people],
            },
        ),
    }


def write_files(folder: Path) -> Path:
    """Write the same identities as JPEG files, with a CSV file that lists them."""
    lines = ["path,person_id,camera_id,split"]
    for person in range(IDENTITIES):
        for view in range(IMAGES):
            role = "train" if person < TRAINING else ("query" if view % 2 == 0 else "gallery")
            path = folder / "images" / f"{person}_{view}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(coded(clothes(person, HEIGHT, WIDTH, view), "JPEG"))
            lines.append(f"images/{path.name},{person},{view // 2},{role}")
    table = folder / "people.csv"
    table.write_text("\n".join(lines) + "\n")
    return table
