import pytest
import torch
from naive_losses import naive_identity, naive_triplet
from small_tasks import PERSONS, context, make_batch

from reid_align.batches.batch import BatchSpec
from reid_align.tasks import GuideConfig, PartsConfig
from reid_align.training.task import MAIN


def test_both_features_of_the_stream_have_both_losses() -> None:
    torch.manual_seed(0)
    task = PartsConfig(GuideConfig(conv5_g="bottleneck"), feature_dim=128).build(PERSONS).eval()
    batch = make_batch()
    losses = task.losses("reid", batch, context())
    with torch.no_grad():
        features = task.fused_features(batch)
    identity = sum(
        naive_identity(task.supervisions[name].classifier(d), batch.person_ids, 0.1)
        for name, d in features.items()
    )
    triplet = sum(naive_triplet(d, batch.person_ids, 0.3) for d in features.values())
    assert losses.terms["identity"].item() == pytest.approx(identity, rel=1e-4)
    assert losses.terms["triplet"].item() == pytest.approx(triplet, rel=1e-4)
    total = identity + 1.5 * triplet
    assert losses.objectives[MAIN].item() == pytest.approx(total, rel=1e-4)
    assert sorted(features) == ["global", "local"]


def test_it_has_no_encoder_and_leaves_the_stream() -> None:
    task = PartsConfig(GuideConfig(conv5_g="bottleneck"), feature_dim=64).build(PERSONS)
    assert task.encoder is None
    assert list(task.products()) == ["dsag_stream"]
    assert task.batch_specs() == {"reid": BatchSpec(part_images="uv")}
