import copy

import pytest
import torch
from naive_losses import naive_identity, naive_masked_l1, naive_triplet
from small_tasks import COUNT, IDENTITIES, context, make_batch, small

from reid_align.batches.batch import BatchSpec
from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.heads import DecodedTexture
from reid_align.losses.triplet_sampling import OFFSETS, random_triplets
from reid_align.tasks import DecoderConfig, SanConfig, SanTask, SupervisionConfig
from reid_align.training.distributed import ProcessGroup
from reid_align.training.optimizers import OptimizerConfig
from reid_align.training.step.updater import Updater, keep_running_statistics
from reid_align.training.task_interface import MAIN
from reid_align.training.training_config import TrainingConfig

INPUT = DecoderConfig("input")
TARGET = (32, 16)


def build(**settings: object) -> SanTask:
    torch.manual_seed(0)
    config = SanConfig(**{"encoder": small(), "decoder": INPUT, **settings})
    return config.build(IDENTITIES)


def decode(task: SanTask, seed: int = 0) -> DecodedTexture:
    return task.decoder(*task.encoder.forward_maps(make_batch(TARGET, seed).images))


def naive_constraint(decoded: DecodedTexture, form: str) -> float:
    """Equation 1, pair by pair."""
    ids = make_batch().person_ids
    generator = torch.Generator().manual_seed(0)
    total = 0.0
    for block, maps in enumerate(decoded[1:4] if form == "paper" else decoded[1:], 1):
        if form == "paper":
            drawn = random_triplets(ids, generator)
            triplets = list(
                zip(range(COUNT), drawn.positives.tolist(), drawn.negatives.tolist(), strict=True)
            )
        else:
            a, p, n = OFFSETS[block - 1]
            triplets = [(i + a, i + p, i + n) for i in range(0, COUNT - 4, 4)]
        channels, height, width = maps.shape[1:]
        size = height * width * (1 if form == "paper" else channels)

        def distance(a: int, b: int, maps: torch.Tensor = maps, size: int = size) -> float:
            return float((maps[a].double() - maps[b].double()).pow(2).sum()) / size

        hinges = [max(distance(a, p) - distance(a, n) + 0.3, 0.0) for a, p, n in triplets]
        total += sum(hinges) / (len(hinges) if form == "paper" else 1)
    return total


@pytest.mark.parametrize("form", ["paper", "official"])
def test_losses_match_an_image_by_image_reference(form: str) -> None:
    task = build(constraint=form).eval()
    # The output of an untrained decoder is almost constant, and every hinge would be the margin.
    for block in (task.decoder.up1, task.decoder.up2, task.decoder.up3, task.decoder.up4):
        block.proj.weight.data.mul_(400)
    batch = make_batch(TARGET)
    losses = task.losses("reid", batch, context())
    with torch.no_grad():
        decoded, features = decode(task), task.encoder(batch.images)
    logits = task.supervision.classifier(features)
    expected = {
        "identity": naive_identity(logits, batch.person_ids, 0.1),
        "triplet": naive_triplet(features, batch.person_ids, 0.3),
        "reconstruction": naive_masked_l1(decoded.texture, batch.target, batch.target_mask),
        "constraint": naive_constraint(decoded, form),
    }
    for name, value in expected.items():
        assert losses.terms[name].item() == pytest.approx(value, rel=1e-4), name
    flat = 0.9 if form == "paper" else 4 * 2 * 0.3
    assert expected["constraint"] != pytest.approx(flat, rel=0.05)


def test_joint_objective_has_the_weights_of_the_paper() -> None:
    losses = build().losses("reid", make_batch(TARGET), context())
    terms = losses.terms
    expected = 0.5 * terms["identity"] + 1.5 * terms["triplet"]
    expected = expected + terms["reconstruction"] + terms["constraint"]
    assert list(losses.objectives) == [MAIN]
    torch.testing.assert_close(losses.objectives[MAIN], expected)


def test_weights_are_applied() -> None:
    task = build(
        supervision=SupervisionConfig(2.0, 3.0), reconstruction_weight=5.0, constraint_weight=7.0
    )
    losses = task.losses("reid", make_batch(TARGET), context())
    weights = {"identity": 2.0, "triplet": 3.0, "reconstruction": 5.0, "constraint": 7.0}
    expected = sum(weights[name] * term for name, term in losses.terms.items())
    torch.testing.assert_close(losses.objectives[MAIN], expected)


def test_constraint_without_a_weight_is_not_computed() -> None:
    task = build(constraint_weight=0.0)
    assert "constraint" not in task.losses("reid", make_batch(TARGET), context()).terms


@pytest.mark.parametrize(("step", "objective"), [("joint", MAIN), ("alternating", "texture")])
def test_synthetic_batches_have_only_a_reconstruction_loss(step: str, objective: str) -> None:
    task = build(step=step, reconstruction_weight=2.0)
    losses = task.losses("synthetic", make_batch(TARGET), context())
    assert list(losses.terms) == ["reconstruction"]
    assert list(losses.objectives) == [objective]
    torch.testing.assert_close(losses.objectives[objective], 2 * losses.terms["reconstruction"])


def test_synthetic_batches_do_not_change_batch_norm_statistics() -> None:
    task = build()
    assert task.frozen_statistics == {"synthetic"}
    before = {name: buffer.clone() for name, buffer in task.named_buffers()}
    with keep_running_statistics(task):
        task.losses("synthetic", make_batch(TARGET), context())
    for name, buffer in task.named_buffers():
        assert torch.equal(buffer, before[name]), name
    task.losses("reid", make_batch(TARGET), context())
    assert not torch.equal(task.encoder.bn1.running_mean, before["encoder.bn1.running_mean"])


def test_alternating_step_computes_both_gradients_before_both_updates() -> None:
    """The official code intends this, but updates the encoder between the backward passes."""
    task = build(step="alternating", constraint="official")
    reference = copy.deepcopy(task)
    optimizers = {
        MAIN: OptimizerConfig(8e-4, "amsgrad", weight_decay=5e-4),
        "texture": OptimizerConfig(1e-5, betas=(0.5, 0.999)),
    }
    config = TrainingConfig(1, optimizers, ("reid", "synthetic"))
    updater = Updater(task, config, torch.device("cpu"), ProcessGroup())
    groups = reference.parameter_groups()
    main = torch.optim.Adam(groups[MAIN], 8e-4, weight_decay=5e-4, amsgrad=True, fused=True)
    texture = torch.optim.Adam(groups["texture"], 1e-5, betas=(0.5, 0.999), fused=True)
    for number in range(2):
        batch = make_batch(TARGET, number)
        updater.step("reid", [batch], context(), 0.0)
        objectives = reference.losses("reid", batch, context()).objectives
        gradients = [
            torch.autograd.grad(objectives[name], groups[name], retain_graph=True)
            for name in (MAIN, "texture")
        ]
        for optimizer, name, found in zip((main, texture), groups, gradients, strict=True):
            for parameter, gradient in zip(groups[name], found, strict=True):
                parameter.grad = gradient
            optimizer.step()
    # Adam divides by tiny second moments: rounding alone can move a weight by a whole step.
    for (name, moved), expected in zip(
        task.named_parameters(), reference.parameters(), strict=True
    ):
        torch.testing.assert_close(moved, expected, atol=1e-6, rtol=1e-4, msg=name)


def test_alternating_step_has_separate_parameter_groups() -> None:
    task = build(step="alternating")
    groups = {name: set(group) for name, group in task.parameter_groups().items()}
    encoder = set(task.encoder.parameters())
    assert groups[MAIN] == encoder | set(task.supervision.parameters())
    assert groups["texture"] == encoder | set(task.decoder.parameters())


@pytest.mark.parametrize(
    ("target", "shape"), [("texture", (256, 256)), ("input", TARGET), ("frontal", TARGET)]
)
def test_textures_are_square_and_other_targets_have_the_image_size(
    target: str, shape: tuple[int, int]
) -> None:
    task = build(decoder=DecoderConfig(target))
    assert decode(task).texture.shape == (COUNT, 3, *shape)
    assert task.batch_specs()["reid"] == BatchSpec(target)


def test_skips_are_off_by_default() -> None:
    assert build(decoder=DecoderConfig("input")).decoder.skip1 is None
    assert build(decoder=DecoderConfig("input", skips=True)).decoder.skip1 is not None


def test_products_have_no_classifier() -> None:
    products = build().products()
    assert sorted(products) == ["encoder", "san_decoder"]
    names = products["encoder"].module.state_dict()
    assert not [name for name in names if "decoder" in name or "classifier" in name]
    assert {name.split(".")[0] for name in names} == {
        "conv1",
        "bn1",
        *(f"layer{i}" for i in "1234"),
    }


def test_synthetic_batches_are_optional() -> None:
    assert set(build().batch_specs()) == {"reid", "synthetic"}
    assert set(build(synthetic=False).batch_specs()) == {"reid"}


def test_sample_images_show_input_output_and_target() -> None:
    task, batch = build().eval(), make_batch(TARGET)
    shown = task.sample_images(batch)
    assert list(shown) == ["input", "decoded", "target"]
    for image in shown.values():
        assert image.shape == (COUNT, 3, *TARGET)
        assert image.min() >= 0
        assert image.max() <= 1
    torch.testing.assert_close(shown["target"], (batch.target + 1) / 2)
    mean = torch.tensor(task.encoder.preprocess.mean).view(3, 1, 1)
    std = torch.tensor(task.encoder.preprocess.std).view(3, 1, 1)
    torch.testing.assert_close(shown["input"], (batch.images * std + mean).clamp(0, 1))


def test_batch_without_a_target_is_refused() -> None:
    batch = make_batch(TARGET)
    object.__setattr__(batch, "target", None)
    with pytest.raises(InvalidInputError, match="no target image"):
        build().losses("reid", batch, context())


@pytest.mark.parametrize("setting", [{"constraint": "papper"}, {"step": "both"}])
def test_unknown_choices_are_refused(setting: dict[str, str]) -> None:
    with pytest.raises(UnknownNameError, match=next(iter(setting.values()))):
        SanConfig(**setting)
