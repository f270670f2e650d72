import pytest
import torch

from reid_align.batches.batch import Batch, BatchSpec
from reid_align.errors import InvalidInputError


def test_batch_spec_is_empty_by_default() -> None:
    assert BatchSpec() == BatchSpec(target="none", part_images="none", iuv=False)


@pytest.mark.parametrize(("name", "value"), [("target", "textures"), ("part_images", "dsap")])
def test_unknown_content_is_refused_with_the_allowed_values(name: str, value: str) -> None:
    with pytest.raises(
        InvalidInputError, match=rf"{name} '{value}' of a batch: choose one of none"
    ):
        BatchSpec(**{name: value})


def test_batch_moves_every_tensor_and_keeps_none() -> None:
    ids = torch.arange(2)
    batch = Batch(torch.zeros(2, 3, 4, 2), ids, ids, target_mask=torch.ones(2, 2) > 0)
    moved = batch.to("meta")
    assert len(moved) == 2
    for name in ("images", "person_ids", "camera_ids", "target_mask"):
        assert getattr(moved, name).is_meta
        assert getattr(moved, name).shape == getattr(batch, name).shape
    assert moved.target is None
    assert moved.iuv is None
