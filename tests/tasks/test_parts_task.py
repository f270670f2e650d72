import pytest
import torch
from naive_losses import naive_identity, naive_triplet
from small_tasks import IDENTITIES, context, make_batch

from reid_align.batches.batch import BatchSpec
from reid_align.tasks import GuideConfig, PartsConfig
from reid_align.training.task_interface import MAIN

BRANCHES = {"z_G": "global", "z_L": "local"}


def test_losses_match_the_reference() -> None:
    torch.manual_seed(0)
    task = PartsConfig(GuideConfig(conv5_g="bottleneck"), feature_dim=128).build(IDENTITIES).eval()
    batch = make_batch()
    losses = task.losses("reid", batch, context())
    with torch.no_grad():
        features = task.fused_features(batch)
    identity = sum(
        naive_identity(task.supervisions[BRANCHES[name]].classifier(d), batch.person_ids, 0.1)
        for name, d in features.items()
    )
    triplet = sum(naive_triplet(d, batch.person_ids, 0.3) for d in features.values())
    assert losses.terms["identity"].item() == pytest.approx(identity, rel=1e-4)
    assert losses.terms["triplet"].item() == pytest.approx(triplet, rel=1e-4)
    total = identity + 1.5 * triplet
    assert losses.objectives[MAIN].item() == pytest.approx(total, rel=1e-4)
    assert sorted(features) == ["z_G", "z_L"]


def test_the_only_product_is_the_guiding_stream() -> None:
    task = PartsConfig(GuideConfig(conv5_g="bottleneck"), feature_dim=64).build(IDENTITIES)
    assert task.encoder is None
    assert list(task.products()) == ["dsag_stream"]
    assert task.batch_specs() == {"reid": BatchSpec(part_images="uv")}
