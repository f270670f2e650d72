from pathlib import Path

import pytest
import torch

from reid_align.batches.augmentation import NO_AUGMENT
from reid_align.batches.batch import BatchSpec
from reid_align.batches.sample_builder import SampleBuilder
from reid_align.batches.sources import SyntheticSource
from reid_align.preprocess import Preprocess
from reid_align.uv import IUV, part_images

pytestmark = pytest.mark.slow

INPUT = Preprocess(128, 64)
FILL = tuple((torch.tensor(INPUT.mean) * 255).tolist())


def filled(parts: torch.Tensor) -> float:
    """Share of the filled cells in the images of visible parts."""
    cells = (parts != torch.tensor(FILL).view(3, 1, 1)).any(1).flatten(1)
    return cells[cells.any(1)].float().mean().item()


def test_part_images_fill_twice_the_cells_of_the_resized_image(synthetic_folder: Path) -> None:
    source = SyntheticSource(synthetic_folder)
    builder = SampleBuilder(source, BatchSpec(part_images="uv"), INPUT, NO_AUGMENT, 0)
    stored, resized = [], []
    for index in range(len(source.person_ids)):
        made = builder.build(index, epoch=0, position=index)
        if not made.part_present:
            continue
        stored.append(filled(made.part_images))
        planes = source.iuv(index).planes
        smaller = IUV(planes[:, 1::2, 1::2].contiguous())
        resized.append(filled(part_images(made.image, smaller, fill=FILL)))
    assert len(stored) > 20
    # Stored images have 256×128 pixels. The proportions are those of the measurement.
    means = [torch.tensor(shares).mean().item() for shares in (stored, resized)]
    assert means == pytest.approx([0.21, 0.095], abs=0.02)
