import pytest
import torch
from naive_losses import naive_identity, naive_triplet
from small_tasks import COUNT, IDENTITIES, context, make_batch

from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.losses import SupervisedContrast
from reid_align.tasks.supervision import Supervision, SupervisionConfig
from reid_align.tasks.training_features import TrainingFeatures

BATCH = make_batch()
IDS, CAMERAS = BATCH.person_ids, BATCH.camera_ids


@pytest.mark.parametrize("classifier", ["linear", "two_layer"])
def test_losses_match_an_image_by_image_reference(classifier: str) -> None:
    config = SupervisionConfig(label_smoothing=0.2, margin=1.0, classifier=classifier)
    supervision = Supervision(config, 6, IDENTITIES)
    generator = torch.Generator().manual_seed(3)
    metric, identity = torch.randn(2, COUNT, 6, generator=generator)
    losses = supervision(TrainingFeatures(metric, identity), IDS, CAMERAS, context().group)
    logits = supervision.classifier(identity)
    assert losses["identity"].item() == pytest.approx(naive_identity(logits, IDS, 0.2), abs=1e-5)
    assert losses["triplet"].item() == pytest.approx(naive_triplet(metric, IDS, 1.0), abs=1e-5)


def test_weights_come_from_the_config() -> None:
    assert SupervisionConfig(0.25, 4.0).weights == {"identity": 0.25, "triplet": 4.0}


def test_unknown_classifier_is_refused_with_the_choices() -> None:
    with pytest.raises(UnknownNameError, match=r"classifier 'three_layer'.*linear, two_layer"):
        SupervisionConfig(classifier="three_layer")  # type: ignore[arg-type]


def test_losses_without_a_weight_are_not_computed() -> None:
    supervision = Supervision(SupervisionConfig(1.0, 0.0, contrast_weight=1.0), 6, IDENTITIES)
    features = TrainingFeatures(
        *torch.randn(2, COUNT, 6, generator=torch.Generator().manual_seed(3))
    )
    assert supervision(features, IDS, CAMERAS, context().group).keys() == {"identity", "contrast"}


def test_own_camera_weight_applies_to_the_contrastive_loss() -> None:
    metric, identity = torch.randn(2, COUNT, 6, generator=torch.Generator().manual_seed(3))
    found = []
    for weight in (1.0, 4.0):
        config = SupervisionConfig(0.0, 0.0, contrast_weight=1.0, own_camera_weight=weight)
        losses = Supervision(config, 6, IDENTITIES)(
            TrainingFeatures(metric, identity), IDS, CAMERAS, context().group
        )
        expected = SupervisedContrast(0.1, weight)(identity, IDS, camera_ids=CAMERAS)
        torch.testing.assert_close(losses["contrast"], expected)
        found.append(expected.item())
    assert found[0] < found[1]


def test_all_weights_zero_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="all 0"):
        SupervisionConfig(0.0, 0.0)
