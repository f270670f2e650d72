import pytest
import torch
from naive_losses import naive_masked_l1
from small_tasks import context, make_batch, small

from reid_align.batches.batch import BatchSpec
from reid_align.tasks import DecoderConfig, SanPgConfig
from reid_align.training.task_interface import MAIN


def test_loss_is_the_mean_absolute_error_inside_the_mask() -> None:
    task = SanPgConfig(small(), DecoderConfig("frontal")).build().eval()
    batch = make_batch((32, 16))
    losses = task.losses("synthetic", batch, context())
    drawn = task.decoder(*task.encoder.forward_maps(batch.images)).texture
    expected = naive_masked_l1(drawn, batch.target, batch.target_mask)
    assert losses.objectives[MAIN].item() == pytest.approx(expected, rel=1e-5)
    assert list(losses.terms) == ["reconstruction"]


def test_task_needs_synthetic_batches_only() -> None:
    assert SanPgConfig().batch_specs() == {"synthetic": BatchSpec("texture")}


def test_products_are_encoder_and_decoder() -> None:
    torch.manual_seed(0)
    task = SanPgConfig(small(), DecoderConfig("input")).build()
    assert list(task.products()) == ["encoder", "san_decoder"]
    assert task.products()["san_decoder"].arch_args["width"] == 16
    assert task.frozen_statistics == frozenset()
