"""A small set in the format of the synthesizer, with images that need no rendering."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from reid_align.shard_set import begin_set, shard_path
from reid_align.shards import Table, write_shard

IDENTITIES, IMAGES = 8, 4
# Identity 6 is for validation, 7 for testing.
SPLIT_OF = [0, 0, 0, 0, 0, 0, 1, 2]
PARTS_AT_TOP = (1, 3, 4, 9, 10, 16, 23, 24)


def coded(image: np.ndarray, kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, kind, quality=95)
    return file.getvalue()


def blocks(seed: int, height: int, width: int, block: int = 8) -> np.ndarray:
    """An image of blocks of one color each."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (height // block, width // block, 3), np.uint8)
    return small.repeat(block, 0).repeat(block, 1)


def dense_map(seed: int, height: int, width: int) -> np.ndarray:
    """A map of parts in blocks, with background between them."""
    rng = np.random.default_rng([seed, 1])
    shape = (height // 8, width // 8)
    parts = rng.choice([0, 0, *PARTS_AT_TOP], shape).astype(np.uint8).repeat(8, 0).repeat(8, 1)
    planes = rng.integers(0, 256, (height, width, 3), np.uint8)
    planes[..., 0] = parts
    planes[parts == 0] = 0
    return planes


def make_set(
    folder: Path, pit: bool = False, size: tuple[int, int] = (64, 32), unseen: tuple[int, ...] = ()
) -> Path:
    """Write 8 identities with 4 images each in 2 shards; ``unseen`` images have no detection."""
    settings = {"identities": IDENTITIES, "images": IMAGES, "seed": 0, "width": 128, "pit": pit}
    begin_set(folder, settings, 2)
    for shard in (0, 1):
        identities = range(4 * shard, 4 * shard + 4)
        write_shard(shard_path(folder, shard), tables(list(identities), pit, size, unseen))
    mask = np.zeros((256, 256), np.uint8)
    mask[64:192, 32:224] = 255
    Image.fromarray(mask).save(folder / "texture_mask.png")
    return folder


def tables(
    identities: list[int], pit: bool, size: tuple[int, int], unseen: tuple[int, ...]
) -> dict:
    owners = np.repeat(identities, IMAGES).astype(np.int32)
    rows = [IMAGES * person + number for person in identities for number in range(IMAGES)]
    splits = np.array([0 if pit else SPLIT_OF[person] for person in owners], np.uint8)
    numbers = np.tile(np.arange(IMAGES), len(identities))
    # Two images from each of two cameras: the first of each is the query.
    roles = np.where(splits == 0, 0, np.where(numbers % 2 == 0, 1, 2)).astype(np.uint8)
    maps = [np.zeros((*size, 3), np.uint8) if row in unseen else dense_map(row, *size)
            for row in rows]  # fmt: skip
    images = Table(
        {
            "person": owners,
            "camera": (numbers // 2 + 2 * splits).astype(np.int32),
            "split": splits,
            "role": roles,
        },
        {
            "jpeg": [coded(blocks(row, *size), "JPEG") for row in rows],
            "iuv": [coded(planes, "PNG") for planes in maps],
        },
    )
    people = Table(
        {
            "person": np.array(identities, np.int32),
            "split": np.array([SPLIT_OF[person] for person in identities], np.uint8),
        },
        {
            "texture": [coded(blocks(100 + person, 256, 256, 32), "PNG") for person in identities],
            "frontal": [coded(blocks(200 + person, *size), "JPEG") for person in identities],
        },
    )
    return {"images": images, "people": people}
