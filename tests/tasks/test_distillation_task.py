from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_tasks import IDENTITIES, context, make_batch, small
from torch.nn.functional import normalize

from reid_align.errors import InvalidInputError, WeightsError
from reid_align.losses import RelationDistillation
from reid_align.models import create_model, save_pretrained
from reid_align.preprocess import Preprocess
from reid_align.tasks import DistillationConfig, SupervisionConfig
from reid_align.training.task_interface import MAIN


@pytest.fixture
def teachers(tmp_path: Path) -> tuple[str, str]:
    """Two teachers with other sizes and normalizations than the student."""
    torch.manual_seed(0)
    sizes = Preprocess(32, 16), Preprocess(64, 32, (0.5, 0.5, 0.5), (0.5, 0.4, 0.3))
    for number, size in enumerate(sizes):
        encoder = create_model("resnet18_baseline")
        encoder.preprocess = size
        save_pretrained(encoder, tmp_path / str(number))
    return str(tmp_path / "0"), str(tmp_path / "1")


def test_relations_are_the_mean_over_the_teachers(teachers: tuple[str, str]) -> None:
    config = DistillationConfig(
        small(), SupervisionConfig(0.5, 0.0, contrast_weight=1.0), teachers, 2.0, 0.2
    )
    task, batch = config.build(IDENTITIES).eval(), make_batch()
    losses = task.losses("reid", batch, context())
    first, second = (create_model("resnet18_baseline", weights=path) for path in teachers)
    with torch.no_grad():
        pixels = batch.images * torch.tensor(config.preprocess.std).view(3, 1, 1)
        pixels += torch.tensor(config.preprocess.mean).view(3, 1, 1)
        large = torch.nn.functional.interpolate(pixels, (64, 32), mode="bilinear", antialias=True)
        mean, std = torch.tensor([[0.5, 0.5, 0.5], [0.5, 0.4, 0.3]]).view(2, 3, 1, 1)
        one, two = normalize(first(batch.images)), normalize(second((large - mean) / std))
        similarities = (one @ one.T + two @ two.T) / 2
        # Features whose products are the mean similarities.
        values, vectors = torch.linalg.eigh(similarities.double())
        taught = vectors * values.clamp(min=0).sqrt()
        expected = RelationDistillation(0.2)(task.encoder(batch.images).double(), taught)
    assert losses.terms["relation"].item() == pytest.approx(expected.item(), rel=1e-3)
    whole = 0.5 * losses.terms["identity"] + losses.terms["contrast"]
    whole = whole + 2 * losses.terms["relation"]
    assert losses.objectives[MAIN].item() == pytest.approx(whole.item(), rel=1e-5)


def test_teachers_are_neither_trained_nor_saved(teachers: tuple[str, str]) -> None:
    task = DistillationConfig(small(), teachers=teachers).build(IDENTITIES)
    before = set(task.state_dict())
    task.losses("reid", make_batch(), context()).objectives[MAIN].backward()
    assert set(task.state_dict()) == before
    assert list(task.products()) == ["encoder"]
    assert all(parameter.grad is not None for parameter in task.parameters())


@pytest.mark.parametrize(("smoothing", "fits"), [(2.0, True), (1.0, False)])
def test_smoothing_of_a_teacher_is_in_relation_to_its_height(
    tmp_path: Path, smoothing: float, fits: bool
) -> None:
    teacher = create_model("resnet18_baseline")
    teacher.preprocess = Preprocess(64, 32, smoothing=smoothing)
    save_pretrained(teacher, tmp_path / "teacher")
    student = replace(small(), smoothing=1.0)
    task = DistillationConfig(student, teachers=(str(tmp_path / "teacher"),)).build(IDENTITIES)
    if fits:
        assert task.losses("reid", make_batch(), context()).terms["relation"].isfinite()
        return
    with pytest.raises(InvalidInputError, match="have smoothing=2 at that height"):
        task.losses("reid", make_batch(), context())


def test_teachers_that_do_not_fit_are_refused(teachers: tuple[str, str]) -> None:
    smooth = DistillationConfig(replace(small(), smoothing=1.0), teachers=teachers)
    with pytest.raises(InvalidInputError, match=r"smoothing=0\.0 .* student have smoothing=1 "):
        smooth.build(IDENTITIES).losses("reid", make_batch(), context())
    missing = DistillationConfig(small(), teachers=("no_such_weights",))
    with pytest.raises(WeightsError, match="no_such_weights"):
        missing.build(IDENTITIES).losses("reid", make_batch(), context())
    with pytest.raises(InvalidInputError, match="at least one"):
        DistillationConfig(teachers=())
    with pytest.raises(InvalidInputError, match="relation_weight"):
        DistillationConfig(relation_weight=-1.0)
