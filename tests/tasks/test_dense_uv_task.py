import math

import pytest
import torch
from small_tasks import COUNT, context, make_batch

from reid_align.batches.batch import BatchSpec
from reid_align.errors import InvalidInputError
from reid_align.tasks import DenseUvConfig, DenseUvTask
from reid_align.training.task_interface import MAIN

BETA = 0.05


def build() -> DenseUvTask:
    torch.manual_seed(0)
    return DenseUvConfig(height=32, width=16, transition=BETA).build().eval()


def smooth_l1(difference: float) -> float:
    size = abs(difference)
    return size**2 / (2 * BETA) if size < BETA else size - BETA / 2


def test_losses_match_a_pixel_by_pixel_reference() -> None:
    task, batch = build(), make_batch()
    losses = task.losses("synthetic", batch, context())
    with torch.no_grad():
        maps = task.estimator(batch.images)
    parts = batch.iuv[:, 0].tolist()
    logits, u, v = maps.parts.double().tolist(), maps.u.tolist(), maps.v.tolist()
    entropy, errors = [], {"u": [], "v": []}
    for n in range(COUNT):
        for y in range(32):
            for x in range(16):
                part = parts[n][y][x]
                column = [plane[y][x] for plane in logits[n]]
                entropy.append(math.log(sum(map(math.exp, column))) - column[part])
                if part:
                    for name, plane, channel in (("u", u, 1), ("v", v, 2)):
                        truth = int(batch.iuv[n, channel, y, x]) / 255
                        errors[name].append(smooth_l1(plane[n][part - 1][y][x] - truth))
    assert losses.terms["parts"].item() == pytest.approx(sum(entropy) / len(entropy), rel=1e-4)
    means = {name: sum(values) / len(values) for name, values in errors.items()}
    for name, mean in means.items():
        assert losses.terms[name].item() == pytest.approx(mean, rel=1e-4)
    total = losses.terms["parts"].item() + 10 * (means["u"] + means["v"])
    assert losses.objectives[MAIN].item() == pytest.approx(total, rel=1e-4)


def test_batch_without_body_pixels_has_no_coordinate_loss() -> None:
    batch = make_batch()
    batch.iuv.zero_()
    losses = build().losses("synthetic", batch, context())
    assert losses.terms["u"] == losses.terms["v"] == 0
    assert losses.objectives[MAIN].isfinite()


def test_task_needs_synthetic_maps_and_saves_the_estimator() -> None:
    task = build()
    assert task.batch_specs() == {"synthetic": BatchSpec(iuv=True)}
    assert task.encoder is None
    product = task.products()["dense_uv"]
    assert product.module is task.estimator
    assert (product.preprocess.height, product.preprocess.width) == (32, 16)


def test_sample_images_show_estimate_and_truth() -> None:
    batch = make_batch()
    with torch.no_grad():
        shown = build().sample_images(batch)
    assert list(shown) == ["estimate", "truth"]
    scale = torch.tensor([24, 255, 255]).view(3, 1, 1)
    torch.testing.assert_close(shown["truth"] * scale, batch.iuv.float())
    assert shown["estimate"].max() <= 1


def test_batch_without_maps_is_refused() -> None:
    batch = make_batch()
    object.__setattr__(batch, "iuv", None)
    with pytest.raises(InvalidInputError, match="no dense pose maps"):
        build().losses("synthetic", batch, context())
