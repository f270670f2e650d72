"""Contract that every registered architecture fulfills."""

import re
from copy import deepcopy
from inspect import signature

import pytest
import torch

from reid_align import create_model, list_models
from reid_align.errors import InvalidInputError, UnknownNameError, WeightsNotFoundError
from reid_align.models.encoder import Encoder
from reid_align.models.model_factory import MODELS, smoke_test_architecture
from reid_align.preprocess import Preprocess
from reid_align.weights import shipped_weights

WITH_INSTANCE_NORMS = [
    name for name in list_models() if "norm" in signature(MODELS[name]).parameters
]
NOT_IN_AN_ENCODER = ("decoder", "dsag", "classifier", "to_rgb", "skip")


MODELS_TO_TEST = [
    # The same class as fastreid_resnet50, with more blocks.
    pytest.param(name, marks=pytest.mark.slow) if name == "fastreid_resnet101" else name
    for name in list_models()
]


@pytest.fixture(scope="module", params=MODELS_TO_TEST)
def encoder(request: pytest.FixtureRequest) -> Encoder:
    torch.manual_seed(0)
    return create_model(request.param)


def images(count: int = 2, height: int = 64, width: int = 32) -> torch.Tensor:
    return torch.randn(count, 3, height, width, generator=torch.Generator().manual_seed(1))


def test_a_factory_returns_an_encoder_in_evaluation_mode(encoder: Encoder) -> None:
    assert isinstance(encoder, Encoder)
    assert not any(module.training for module in encoder.modules())
    assert encoder.architecture in list_models()
    assert encoder.preprocess == Preprocess()


@pytest.mark.parametrize("training", [False, True])
def test_forward_returns_one_matrix_in_every_mode(encoder: Encoder, training: bool) -> None:
    with torch.inference_mode():
        features = deepcopy(encoder).train(training)(images())
    assert features.shape == (2, encoder.feature_dim)
    assert features.dtype == torch.float32


def test_head_prefixes_cover_what_another_head_replaces(encoder: Encoder) -> None:
    other = create_model(encoder.architecture, head="bnneck", pool="gem")
    added = other.state_dict().keys() - encoder.state_dict().keys()
    assert added
    assert all(name.startswith(encoder.head_prefixes) for name in added)


def test_the_imagenet_model_names_backbone_and_norm(encoder: Encoder) -> None:
    methods = "san|dsa|fastreid|strong_baseline|layumi"
    backbone = re.sub(f"^({methods})_|_baseline$", "", encoder.architecture)
    assert encoder.imagenet_model == ("resnet50" if backbone == "reid" else backbone)
    if "resnet" in backbone or backbone == "reid":
        normed = create_model(encoder.architecture, norm="ibn_a")
        assert normed.imagenet_model == f"{encoder.imagenet_model}_ibn_a"


def test_smoke_tests_use_the_resnet18_of_the_family() -> None:
    assert smoke_test_architecture("san_resnet101") == "san_resnet18"
    assert smoke_test_architecture("resnet50_baseline") == "resnet18_baseline"
    assert smoke_test_architecture("dsa_reid") == "dsa_resnet18"
    assert smoke_test_architecture("san_densenet121") == "san_densenet121"


def test_forward_is_the_head_on_the_maps(encoder: Encoder) -> None:
    batch = images()
    with torch.inference_mode():
        maps = encoder.forward_maps(batch)
        assert torch.equal(encoder(batch), encoder.forward_head(maps))
    last = (2, 1) if encoder.arch_args.get("last_stride") == 2 else (4, 2)
    sizes = [(16, 8), (8, 4), (4, 2), last]
    expected = [(c, *size) for c, size in zip(encoder.channels, sizes, strict=True)]
    assert [tuple(m.shape[1:]) for m in maps[:4]] == expected


def test_without_a_neck_the_pooled_maps_are_the_features(encoder: Encoder) -> None:
    plain = encoder
    if encoder.arch_args["head"] != "gap":
        plain = create_model(encoder.architecture, head="gap")
    with torch.inference_mode():
        maps = plain.forward_maps(images())
        assert torch.equal(plain.forward_pool(maps), plain.forward_head(maps))


def test_a_bnneck_is_applied_to_the_pooled_maps(encoder: Encoder) -> None:
    necked = create_model(encoder.architecture, head="bnneck")
    torch.nn.init.constant_(necked.embed.bias, 1.0)
    with torch.inference_mode():
        maps = necked.forward_maps(images())
        pooled, features = necked.forward_pool(maps), necked.forward_head(maps)
    torch.testing.assert_close(features, pooled / (1 + necked.embed.eps) ** 0.5 + 1)


def test_every_architecture_has_the_generalized_mean(encoder: Encoder) -> None:
    with torch.inference_mode():
        features = create_model(encoder.architecture, pool="gem")(images())
    assert features.shape == (2, encoder.feature_dim)
    assert features.isfinite().all()


@pytest.mark.parametrize("name", WITH_INSTANCE_NORMS)
def test_every_resnet_has_instance_norms(name: str) -> None:
    with torch.inference_mode():
        encoder = create_model(name, norm="ibn_a")
        features = encoder(images())
    assert [m for m in encoder.modules() if isinstance(m, torch.nn.InstanceNorm2d)]
    assert features.isfinite().all()


def test_an_empty_batch_gives_an_empty_matrix(encoder: Encoder) -> None:
    with torch.inference_mode():
        assert encoder(images(0)).shape == (0, encoder.feature_dim)


def test_the_state_dict_contains_no_training_heads(encoder: Encoder) -> None:
    assert not [key for key in encoder.state_dict() if any(n in key for n in NOT_IN_AN_ENCODER)]


def test_arch_args_rebuild_the_encoder(encoder: Encoder) -> None:
    again = create_model(encoder.architecture, **encoder.arch_args)
    assert again.arch_args == encoder.arch_args
    assert again.state_dict().keys() == encoder.state_dict().keys()


def test_the_same_seed_draws_the_same_weights(encoder: Encoder) -> None:
    torch.manual_seed(0)
    again = create_model(encoder.architecture).state_dict()
    assert all(torch.equal(value, again[key]) for key, value in encoder.state_dict().items())


@pytest.mark.parametrize("shape", [(3, 64, 32), (2, 1, 64, 32), (2, 64, 32, 3)])
def test_other_shapes_are_refused(encoder: Encoder, shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInputError, match="N, 3, H, W"):
        encoder(torch.zeros(shape))


def test_images_that_were_not_normalized_are_refused(encoder: Encoder) -> None:
    with pytest.raises(InvalidInputError, match=r"preprocess\.normalize"):
        encoder(torch.zeros(1, 3, 64, 32, dtype=torch.uint8))


def test_unknown_arguments_are_refused_by_name(encoder: Encoder) -> None:
    with pytest.raises(UnknownNameError, match=f"argument of {encoder.architecture} 'heads'"):
        create_model(encoder.architecture, heads="gap")


def test_pretrained_never_falls_back_to_something_else(encoder: Encoder) -> None:
    published = [w for w in shipped_weights().values() if w.architecture == encoder.architecture]
    if not published:
        with pytest.raises(WeightsNotFoundError, match="no published weights"):
            create_model(encoder.architecture, pretrained=True)
    for entry in published:
        assert create_model(entry.architecture, pretrained=entry.tag).origin.sha256 == entry.sha256
    with pytest.raises(UnknownNameError, match="'somewhere'"):
        create_model(encoder.architecture, pretrained="somewhere")
    with pytest.raises(UnknownNameError, match="'somewhere'"):
        create_model(f"{encoder.architecture}.somewhere")


def test_a_name_with_a_tag_and_another_tag_contradict_each_other() -> None:
    with pytest.raises(InvalidInputError, match="only one tag"):
        create_model("san_resnet50.a", pretrained="b")


def test_an_unknown_model_suggests_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'san_resnet50'"):
        create_model("san_resnet")
