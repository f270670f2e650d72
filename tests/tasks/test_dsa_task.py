from dataclasses import replace

import pytest
import torch
from naive_losses import naive_identity, naive_triplet
from small_tasks import COUNT, IDENTITIES, context, make_batch, small
from torch import Tensor, nn

from reid_align.batches.batch import BatchSpec
from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.losses import SupervisedContrast
from reid_align.tasks import DsaConfig, DsaTask, GuideConfig
from reid_align.tasks.dsa_task import FUSED
from reid_align.training.task_interface import MAIN

HALF = 512


def build(
    guide: GuideConfig | None = None,
    branches: str = "both",
    supervision: dict[str, float] | None = None,
    **settings: object,
) -> DsaTask:
    torch.manual_seed(0)
    encoder = small("dsa_resnet18", branches=branches)
    guide = guide or GuideConfig(conv5_g="bottleneck")
    losses = replace(FUSED, **(supervision or {}))
    config = DsaConfig(encoder, guide, supervision=losses, hidden_dim=16, **settings)
    return config.build(IDENTITIES).eval()


@torch.no_grad()
def fused(task: DsaTask) -> dict[str, Tensor]:
    """Return f + d of each branch, computed from the networks."""
    batch = make_batch()
    features = task.encoder(batch.images)
    halves = dict(zip(task.branches, features.split(HALF, dim=1), strict=True))
    if task.guide is None:
        return halves
    said = task.guide(batch.part_images)
    guides = {"global": said.global_feature, "local": said.local_features}
    return {name: half + guides[name] for name, half in halves.items()}


@torch.no_grad()
def expected_terms(
    task: DsaTask, z: dict[str, Tensor], reduction: str = "mean"
) -> dict[str, float]:
    batch = make_batch()
    ids = batch.person_ids
    features = task.encoder(batch.images)
    halves = dict(zip(task.branches, features.split(HALF, dim=1), strict=True))
    main = 0.0
    if "global" in halves:
        main += naive_identity(task.main_classifiers["global"][0](halves["global"]), ids, 0.1)
    if "local" in halves:
        parts = [
            naive_identity(
                task.main_classifiers["local"][i](halves["local"][:, 64 * i : 64 * i + 64]),
                ids,
                0.1,
            )
            for i in range(8)
        ]
        main += sum(parts) / (8 if reduction == "mean" else 1)
    terms = {"main_identity": main, "triplet": sum(naive_triplet(f, ids, 0.3) for f in z.values())}
    if task.guide is not None:
        terms["fused_identity"] = sum(
            naive_identity(task.fused_classifiers[name](f), ids, 0.1) for name, f in z.items()
        )
    return terms


def check(task: DsaTask, z: dict[str, Tensor], reduction: str = "mean") -> None:
    losses = task.losses("reid", make_batch(), context())
    terms = expected_terms(task, z, reduction)
    assert sorted(losses.terms) == sorted(terms)
    for name, value in terms.items():
        assert losses.terms[name].item() == pytest.approx(value, rel=1e-4), name
    weights = {"main_identity": 0.5, "fused_identity": 1.0, "triplet": 1.5}
    total = sum(weights[name] * value for name, value in terms.items())
    assert losses.objectives[MAIN].item() == pytest.approx(total, rel=1e-4)


@pytest.mark.parametrize("branches", ["both", "global", "local"])
def test_losses_match_an_image_by_image_reference(branches: str) -> None:
    task = build(branches=branches)
    check(task, fused(task))


def test_local_identity_losses_can_be_summed() -> None:
    task = build(main_local_reduction="sum")
    check(task, fused(task), "sum")


def test_without_a_guide_the_main_features_replace_the_fused_ones() -> None:
    task = build(GuideConfig("none"))
    assert task.batch_specs() == {"reid": BatchSpec()}
    assert list(task.products()) == ["encoder"]
    check(task, fused(task))


def test_contrastive_losses_of_both_branches_are_added() -> None:
    task = build(GuideConfig("none"), supervision={"contrast_weight": 2.0, "temperature": 0.3})
    batch = make_batch()
    losses = task.losses("reid", batch, context())
    contrast = sum(
        SupervisedContrast(0.3)(half, batch.person_ids).item()
        for half in task.encoder(batch.images).split(HALF, dim=1)
    )
    assert losses.terms["contrast"].item() == pytest.approx(contrast, rel=1e-4)
    others = 0.5 * losses.terms["main_identity"] + 1.5 * losses.terms["triplet"]
    assert losses.objectives[MAIN].item() == pytest.approx(others.item() + 2 * contrast, rel=1e-4)


def test_own_camera_weight_applies_to_the_contrastive_losses() -> None:
    batch, found = make_batch(), []
    for weight in (1.0, 4.0):
        task = build(supervision={"contrast_weight": 1.0, "own_camera_weight": weight})
        contrast = SupervisedContrast(0.1, weight)
        expected = sum(
            contrast(part, batch.person_ids, camera_ids=batch.camera_ids).item()
            for part in task.fused_features(batch).values()
        )
        found.append(task.losses("reid", batch, context()).terms["contrast"].item())
        assert found[-1] == pytest.approx(expected, rel=1e-4)
    assert found[0] < found[1]


def test_contrastive_losses_of_fused_and_of_main_features() -> None:
    task = build(supervision={"contrast_weight": 1.0}, main_contrast_weight=0.5)
    batch = make_batch()
    compared = {
        "contrast": task.fused_features(batch).values(),
        "main_contrast": task.encoder(batch.images).split(HALF, dim=1),
    }
    losses = task.losses("reid", batch, context())
    for name, parts in compared.items():
        expected = sum(SupervisedContrast(0.1)(part, batch.person_ids).item() for part in parts)
        assert losses.terms[name].item() == pytest.approx(expected, rel=1e-4)
    weights = task.config.weights
    weighed = sum(weights[name] * term.item() for name, term in losses.terms.items())
    assert losses.objectives[MAIN].item() == pytest.approx(weighed, rel=1e-4)


def test_contrastive_losses_read_features_after_the_neck() -> None:
    encoder = small("dsa_resnet18", head="bnneck")
    supervision = replace(FUSED, contrast_weight=1.0)
    config = DsaConfig(encoder, supervision=supervision, main_contrast_weight=1.0)
    task, batch = config.build(IDENTITIES).eval(), make_batch()
    neck = task.encoder.embed
    nn.init.uniform_(neck.running_mean)
    nn.init.uniform_(neck.running_var, 0.5, 2.0)
    said = task.guide(batch.part_images)
    halves = task.encoder(batch.images).split(HALF, dim=1)
    fused = [h + g for h, g in zip(halves, (said.global_feature, said.local_features), strict=True)]
    terms = task.losses("reid", batch, context()).terms
    for name, parts in {"contrast": fused, "main_contrast": halves}.items():
        expected = sum(SupervisedContrast(0.1)(part, batch.person_ids).item() for part in parts)
        assert terms[name].item() == pytest.approx(expected, rel=1e-4)


def test_concat_fc_fuses_each_branch() -> None:
    task = build(fusion="concat_fc")
    batch = make_batch()
    with torch.no_grad():
        said = task.guide(batch.part_images)
        halves = task.encoder(batch.images).split(HALF, dim=1)
        guides = (said.global_feature, said.local_features)
        z = {
            name: task.fusions[name].fc(torch.cat((half, guide), 1))
            for name, half, guide in zip(("global", "local"), halves, guides, strict=True)
        }
    check(task, z)


def test_mask_missing_skips_the_guide_for_images_without_a_detection() -> None:
    task = build(GuideConfig(conv5_g="bottleneck", mask_missing=True))
    batch = make_batch()
    with torch.no_grad():
        z = dict(zip(("global", "local"), task.fused_features(batch).values(), strict=True))
        halves = task.encoder(batch.images).split(HALF, dim=1)
    added = fused(build())
    for name, half in zip(("global", "local"), halves, strict=True):
        present = batch.part_present
        torch.testing.assert_close(z[name][~present], half[~present])
        torch.testing.assert_close(z[name][present], added[name][present])
    check(task, z)


@pytest.mark.parametrize(("branches", "unused"), [("global", "conv5_l"), ("local", "conv5_g")])
def test_a_single_branch_trains_only_its_own_heads(branches: str, unused: str) -> None:
    task = build(branches=branches).train()
    task.losses("reid", make_batch(), context()).objectives[MAIN].backward()
    trained = {p for group in task.parameter_groups().values() for p in group}
    for name, parameter in task.named_parameters():
        expected = not name.startswith(f"guide.{unused}")
        assert (parameter in trained) == expected, name
        assert (parameter.grad is not None) == expected, name
    assert task.encoder.feature_dim == HALF


def test_products_are_the_main_stream_and_the_guide() -> None:
    products = build().products()
    assert sorted(products) == ["dsag_stream", "encoder"]
    names = products["encoder"].module.state_dict()
    heads = {name.split(".")[0] for name in names}
    assert heads == {"conv1", "bn1", "layer1", "layer2", "layer3", "layer4", "local4"}
    assert products["dsag_stream"].arch_args["conv5_g"] == "bottleneck"


def test_encoder_features_need_no_part_images() -> None:
    task, batch = build(), make_batch()
    with torch.no_grad():
        assert task.encoder(batch.images).shape == (COUNT, 2 * HALF)


def test_batch_without_part_images_is_refused() -> None:
    batch = make_batch()
    object.__setattr__(batch, "part_images", None)
    with pytest.raises(InvalidInputError, match="no part images"):
        build().losses("reid", batch, context())


@pytest.mark.parametrize("setting", [{"fusion": "mul"}, {"main_local_reduction": "max"}])
def test_unknown_choices_are_refused(setting: dict[str, str]) -> None:
    with pytest.raises(UnknownNameError, match=next(iter(setting.values()))):
        DsaConfig(**setting)


def test_unknown_part_images_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="part_images 'boxes'"):
        GuideConfig("boxes")  # type: ignore[arg-type]


def test_losses_without_a_weight_are_not_computed() -> None:
    task = build(
        GuideConfig("none"), supervision={"contrast_weight": 1.0}, main_identity_weight=0.0
    )
    assert task.losses("reid", make_batch(), context()).terms.keys() == {"triplet", "contrast"}


def test_main_contrast_weight_needs_a_guide() -> None:
    with pytest.raises(InvalidInputError, match=r"set supervision\.contrast_weight"):
        DsaConfig(guide=GuideConfig(part_images="none"), main_contrast_weight=1.0)


def test_all_weights_zero_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="All loss weights of DSA-reID are 0"):
        DsaConfig(
            guide=GuideConfig("none"),
            supervision=replace(FUSED, triplet_weight=0.0),
            main_identity_weight=0.0,
        )
