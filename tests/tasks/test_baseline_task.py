import pytest
import torch
from naive_losses import naive_identity, naive_triplet
from small_tasks import IDENTITIES, context, make_batch, small

from reid_align.batches.batch import BatchSpec
from reid_align.errors import InvalidInputError
from reid_align.losses import SupervisedContrast
from reid_align.tasks import BaselineConfig, SupervisionConfig
from reid_align.tasks.training_features import compute_training_features
from reid_align.training.task_interface import MAIN


@pytest.mark.parametrize("architecture", ["resnet18_baseline", "san_resnet18"])
def test_objective_is_the_weighted_sum_of_both_losses(architecture: str) -> None:
    task = BaselineConfig(small(architecture), SupervisionConfig(0.5, 1.5)).build(IDENTITIES).eval()
    batch = make_batch()
    losses = task.losses("reid", batch, context())
    features = task.encoder(batch.images)
    identity = naive_identity(task.supervision.classifier(features), batch.person_ids, 0.1)
    triplet = naive_triplet(features, batch.person_ids, 0.3)
    assert losses.terms["identity"].item() == pytest.approx(identity, rel=1e-4)
    assert losses.terms["triplet"].item() == pytest.approx(triplet, rel=1e-4)
    assert losses.objectives[MAIN].item() == pytest.approx(0.5 * identity + 1.5 * triplet, rel=1e-4)


def test_the_triplet_loss_reads_features_before_the_neck() -> None:
    task = BaselineConfig(small(head="bnneck")).build(IDENTITIES)
    batch = make_batch()
    # In training mode the neck uses the statistics of the batch.
    losses = task.losses("reid", batch, context())
    task.encoder.eval()
    for norm in task.encoder.modules():
        norm.train()
    maps = task.encoder.forward_maps(batch.images)
    pooled = maps[-1].mean((2, 3))
    assert losses.terms["triplet"].item() == pytest.approx(
        naive_triplet(pooled, batch.person_ids, 0.3), rel=1e-4
    )
    after = (pooled - pooled.mean(0)) / (pooled.var(0, unbiased=False) + 1e-5).sqrt()
    logits = task.supervision.classifier(after)
    assert losses.terms["identity"].item() == pytest.approx(
        naive_identity(logits, batch.person_ids, 0.1), rel=1e-4
    )


def test_baseline_needs_images_and_saves_the_encoder() -> None:
    task = BaselineConfig(small("resnet18_baseline")).build(IDENTITIES)
    assert dict(task.batch_specs()) == {"reid": BatchSpec()}
    assert list(task.products()) == ["encoder"]
    assert task.products()["encoder"].module is task.encoder
    assert task.products()["encoder"].preprocess == task.config.preprocess
    assert task.encoder.preprocess.height == 32


def test_contrastive_loss_is_added_with_its_weight() -> None:
    supervision = SupervisionConfig(0.5, 0.0, contrast_weight=2.0, temperature=0.3)
    task = BaselineConfig(small("resnet18_baseline"), supervision).build(IDENTITIES).eval()
    batch = make_batch()
    losses = task.losses("reid", batch, context())
    features = task.encoder(batch.images)
    contrast = SupervisedContrast(0.3)(features, batch.person_ids).item()
    assert losses.terms["contrast"].item() == pytest.approx(contrast, rel=1e-4)
    whole = 0.5 * losses.terms["identity"].item() + 2 * contrast
    assert losses.objectives[MAIN].item() == pytest.approx(whole, rel=1e-4)
    assert "contrast" not in BaselineConfig().supervision.weights


def test_autocast_pools_features_in_float32() -> None:
    task = BaselineConfig(small(head="bnneck", pool="gem")).build(IDENTITIES)
    with torch.autocast("cpu", torch.bfloat16):
        maps = task.encoder.forward_maps(make_batch().images)
        features = compute_training_features(task.encoder, maps)
    assert maps[-1].dtype == torch.bfloat16
    assert features.metric.dtype == features.identity.dtype == torch.float32


def test_negative_temperature_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="temperature=-1"):
        SupervisionConfig(temperature=-1.0)
