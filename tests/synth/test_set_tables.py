import io
import re
from pathlib import Path

import numpy as np
from PIL import Image

from reid_align.shard_set import MASK_FILE, ROLES, SPLITS, ShardSet
from reid_align.synth import SynthSettings, texel_table

SETTINGS = SynthSettings(identities=24, images=2, seed=4)
DOCS = Path(__file__).parents[2] / "docs" / "guides" / "synthetic_data.md"


def image(source: ShardSet, table: str, column: str, row: int) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(source.file(table, column, row))))


def test_every_identity_has_its_images(synthetic_set: ShardSet) -> None:
    assert synthetic_set.length("people") == 24
    assert synthetic_set.column("people", "person").tolist() == list(range(24))
    assert synthetic_set.column("images", "person").tolist() == [n // 2 for n in range(48)]
    assert synthetic_set.settings == SETTINGS.record()


def test_sizes_of_images_maps_and_textures(synthetic_set: ShardSet) -> None:
    assert image(synthetic_set, "images", "jpeg", 7).shape == (256, 128, 3)
    assert image(synthetic_set, "images", "iuv", 7).shape == (256, 128, 3)
    assert image(synthetic_set, "people", "texture", 3).shape == (256, 256, 3)
    assert image(synthetic_set, "people", "frontal", 3).shape == (256, 128, 3)


def test_iuv_maps_show_an_avatar_in_most_images(synthetic_set: ShardSet) -> None:
    shares, numbers = [], set()
    for row in range(48):
        parts = image(synthetic_set, "images", "iuv", row)[..., 0]
        shares.append((parts > 0).mean())
        numbers |= set(np.unique(parts).tolist())
    assert np.median(shares) > 0.2
    assert numbers == set(range(25))


def test_columns_have_plausible_values(synthetic_set: ShardSet) -> None:
    box = synthetic_set.column("images", "box")
    assert (box[:, 2:] > 0).all()
    visible = synthetic_set.column("images", "visible")
    assert ((visible >= 0) & (visible <= 1)).all()
    roles = [ROLES[role] for role in synthetic_set.column("images", "role")]
    splits = [SPLITS[split] for split in synthetic_set.column("images", "split")]
    assert {split for split, role in zip(splits, roles, strict=True) if role == "train"} == {
        "train"
    }
    assert splits.count("val") == 6
    assert splits.count("test") == 6


def test_the_mask_has_two_values(synthetic_folder: Path) -> None:
    mask = np.asarray(Image.open(synthetic_folder / MASK_FILE))
    assert mask.shape == (256, 256)
    assert set(np.unique(mask)) == {0, 255}


def test_images_show_almost_no_texel_outside_the_mask(
    synthetic_set: ShardSet, synthetic_folder: Path
) -> None:
    """Uses the example of the documentation, which reads the texture at the dense pose map."""
    blocks = re.findall(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    (example,) = (block for block in blocks if "texel_table" in block)
    start = example.index("part, u, v =")
    mask = np.asarray(Image.open(synthetic_folder / MASK_FILE))[..., None]
    on_body, in_mask = 0, 0
    for row in range(48):
        iuv = image(synthetic_set, "images", "iuv", row)
        found = {"iuv": iuv, "texture": mask, "np": np, "texel_table": texel_table}
        exec(example[start:], found)
        on_body += int((iuv[..., 0] > 0).sum())
        in_mask += int((found["unlit"] > 0).sum())
    assert 0.99 < in_mask / on_body <= 1
