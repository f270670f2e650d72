import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from reid_align import from_pretrained, save_pretrained
from reid_align.errors import (
    InvalidInputError,
    WeightsFormatError,
    WeightsIntegrityError,
    WeightsNotFoundError,
)
from reid_align.models import create_model
from reid_align.recipes.imagenet_weights import IMAGENET_URLS, imagenet_url
from reid_align.recipes.initial_weights import describe_start, initialize_task
from reid_align.tasks import (
    BaselineConfig,
    BaselineTask,
    DecoderConfig,
    DenseUvConfig,
    DsaConfig,
    EncoderConfig,
    GuideConfig,
    PartsConfig,
    SanConfig,
    SanPgConfig,
    SanPgTask,
)
from reid_align.training.saving.run_artifacts import save_products
from reid_align.weights import Argument, shipped_weights

COUNTER = "num_batches_tracked"
Publish = Callable[[dict[str, torch.Tensor]], None]


def small(architecture: str, **arguments: Argument) -> EncoderConfig:
    return EncoderConfig(architecture, arguments, 32, 16)


def baseline(seed: int, **arguments: Argument) -> BaselineTask:
    torch.manual_seed(seed)
    return BaselineConfig(small("resnet18_baseline", **arguments)).build(3)


def generator(seed: int) -> SanPgTask:
    torch.manual_seed(seed)
    return SanPgConfig(small("san_resnet18"), DecoderConfig("input")).build()


def same(one: nn.Module, other: nn.Module, start: str = "") -> bool:
    theirs = other.state_dict()
    names = [name for name in one.state_dict() if name.startswith(start)]
    return all(torch.equal(one.state_dict()[name], theirs[name]) for name in names)


@pytest.fixture(scope="module")
def pg_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pg")
    save_products(folder, generator(1).eval().products())
    return folder


@pytest.fixture
def hub_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Download cache of torch, without a network connection."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def publish(hub_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Publish:
    """Return a function that puts tensors into the cache as the published ResNet-18."""

    def put(tensors: dict[str, torch.Tensor]) -> None:
        content = io.BytesIO()
        torch.save(tensors, content)
        digest = hashlib.sha256(content.getvalue()).hexdigest()
        name = f"resnet18-{digest[:8]}.pth"
        (hub_folder / name).write_bytes(content.getvalue())
        monkeypatch.setitem(
            IMAGENET_URLS, "resnet18", f"https://download.pytorch.org/models/{name}"
        )

    return put


@pytest.fixture
def imagenet(publish: Publish) -> dict[str, torch.Tensor]:
    """ImageNet classifier in the cache, without batch counters like old files."""
    torch.manual_seed(9)
    tensors = create_model("san_resnet18").state_dict() | {"fc.weight": torch.zeros(1000, 512)}
    publish({key: value for key, value in tensors.items() if not key.endswith(COUNTER)})
    return tensors


def test_random_keeps_the_weights() -> None:
    task = baseline(1)
    initialize_task(task, "random")
    assert same(task, baseline(1))


def test_imagenet_initializes_the_encoder_but_no_classifier(
    imagenet: dict[str, torch.Tensor],
) -> None:
    task = baseline(1)
    initialize_task(task, "imagenet")
    for name, tensor in task.encoder.state_dict().items():
        assert torch.equal(tensor, imagenet[name]), name
    assert same(task.supervision, baseline(1).supervision)


def test_batch_counters_of_the_file_are_loaded(
    imagenet: dict[str, torch.Tensor], publish: Publish
) -> None:
    old = {key: value for key, value in imagenet.items() if not key.endswith(COUNTER)}
    publish(old | {f"bn1.{COUNTER}": torch.tensor(7)})
    task = baseline(1)
    initialize_task(task, "imagenet")
    assert task.encoder.bn1.num_batches_tracked == 7
    assert task.encoder.layer1[0].bn1.num_batches_tracked == 0


def test_fresh_tensors_stay_random(imagenet: dict[str, torch.Tensor]) -> None:
    def build() -> nn.Module:
        torch.manual_seed(2)
        return DsaConfig(small("dsa_resnet18"), GuideConfig("none")).build(3)

    task, untouched = build(), build()
    initialize_task(task, "imagenet", ("layer4.", "local4."))
    assert torch.equal(task.encoder.layer3[0].conv1.weight, imagenet["layer3.0.conv1.weight"])
    assert same(task.encoder.layer4, untouched.encoder.layer4)
    assert same(task.encoder.local4, untouched.encoder.local4)


def test_imagenet_initializes_the_trunk_of_the_dense_uv_estimator(
    imagenet: dict[str, torch.Tensor],
) -> None:
    task = DenseUvConfig(height=32, width=16).build()
    initialize_task(task, "imagenet")
    assert torch.equal(task.estimator.trunk.conv1.weight, imagenet["conv1.weight"])


def test_without_a_connection_the_message_names_the_cache_folder(hub_folder: Path) -> None:
    with pytest.raises(WeightsNotFoundError, match=r"Put the file into .*checkpoints.*'random'"):
        initialize_task(baseline(1), "imagenet")


@pytest.mark.parametrize("kept", [0, 1000, None])
def test_file_with_a_wrong_hash_is_refused_unread(
    imagenet: dict[str, torch.Tensor], hub_folder: Path, kept: int | None
) -> None:
    (ours,) = hub_folder.iterdir()
    other = hub_folder / Path(IMAGENET_URLS["resnet34"]).name
    # Empty, truncated, or a complete file of another network.
    other.write_bytes(ours.read_bytes()[:kept])
    task = BaselineConfig(small("resnet34_baseline")).build(3)
    with pytest.raises(
        WeightsIntegrityError, match=r"b627a593\.pth: this is not .*Remove the file"
    ):
        initialize_task(task, "imagenet")


def test_urls_are_those_of_torchvision() -> None:
    from torchvision import models

    for model in ("resnet18", "resnet34", "resnet50", "resnet101", "densenet121"):
        assert models.get_model_weights(model).IMAGENET1K_V1.url == IMAGENET_URLS[model]


@pytest.mark.parametrize(
    ("architecture", "arguments", "model"),
    [
        ("san_resnet34", {}, "resnet34"),
        ("dsa_reid", {}, "resnet50"),
        ("resnet50_baseline", {"norm": "ibn_a"}, "resnet50_ibn_a"),
        ("san_resnet101", {"head": "bnneck"}, "resnet101"),
        ("san_densenet121", {}, "densenet121"),
    ],
)
def test_every_network_has_matching_imagenet_weights(
    architecture: str, arguments: dict[str, str], model: str
) -> None:
    with torch.device("meta"):
        encoder = create_model(architecture, **arguments)
    assert encoder.imagenet_model == model
    assert Path(imagenet_url(model)).name.startswith(f"{model}-")


def test_run_initializes_encoder_and_decoder(pg_run: Path) -> None:
    torch.manual_seed(5)
    task = SanConfig(small("san_resnet18"), decoder=DecoderConfig("input")).build(3)
    initialize_task(task, str(pg_run))
    assert same(task.encoder, generator(1).encoder)
    assert same(task.decoder, generator(1).decoder)


def test_a_decoder_with_other_skip_connections_is_refused_with_the_setting(tmp_path: Path) -> None:
    torch.manual_seed(1)
    with_skips = SanPgConfig(small("san_resnet18"), DecoderConfig("input", skips=True)).build()
    save_products(tmp_path, with_skips.eval().products())
    with pytest.raises(
        WeightsFormatError, match=r"skips=True there and False here.*task\.decoder\.skips"
    ):
        initialize_task(generator(2), str(tmp_path))


def test_save_pretrained_folder_initializes_the_encoder(pg_run: Path, tmp_path: Path) -> None:
    saved = from_pretrained(pg_run / "encoder.safetensors")
    save_pretrained(saved, tmp_path / "saved")
    task = generator(2)
    initialize_task(task, str(tmp_path / "saved"))
    assert same(task.encoder, saved)
    assert same(task.decoder, generator(2).decoder)


def test_encoder_with_another_head_initializes_the_trunk(pg_run: Path) -> None:
    task = baseline(3, head="bnneck")
    initialize_task(task, str(pg_run / "encoder.safetensors"))
    assert same(generator(1).encoder, task.encoder, "layer")
    assert same(task.encoder.embed, baseline(3, head="bnneck").encoder.embed)


def test_weights_of_another_network_are_refused(pg_run: Path) -> None:
    torch.manual_seed(0)
    task = BaselineConfig(small("resnet50_baseline")).build(3)
    before = task.encoder.conv1.weight.clone()
    with pytest.raises(
        WeightsFormatError, match=r"lack \d+: layer1\.0\..*architecture=san_resnet18"
    ):
        initialize_task(task, str(pg_run))
    assert torch.equal(task.encoder.conv1.weight, before)


@pytest.mark.parametrize(
    ("shallow", "deep"),
    [("resnet14_baseline", "resnet50_baseline"), ("resnet18_baseline", "resnet34_baseline")],
)
def test_deeper_network_starts_as_the_shallower_one(
    shallow: str, deep: str, tmp_path: Path
) -> None:
    tasks = [BaselineConfig(small(name, norm="ibn_a")).build(3).eval() for name in (shallow, deep)]
    save_products(tmp_path, tasks[0].products())
    initialize_task(tasks[1], str(tmp_path))
    images = torch.randn(2, 3, 64, 32, generator=torch.Generator().manual_seed(0))
    first, second = (task.encoder(images) for task in tasks)
    torch.testing.assert_close(first, second)
    # The new blocks have gradients and can learn.
    second.square().sum().backward()
    assert all(block.bn2.weight.grad is not None for block in tasks[1].encoder.layer3)
    last = tasks[1].encoder.layer3[-1]
    norm = last.bn3 if deep == "resnet50_baseline" else last.bn2
    assert norm.weight.detach().eq(0).all()
    assert norm.weight.grad.abs().max() > 0


@pytest.mark.parametrize("source", ["nowhere", "given"])
def test_missing_run_is_refused(source: str, tmp_path: Path) -> None:
    initial = source if source == "given" else str(tmp_path / source)
    error = InvalidInputError if source == "given" else WeightsNotFoundError
    with pytest.raises(error, match=r"none was given|no such file or folder, and no published"):
        initialize_task(baseline(1), initial)


def test_message_has_the_settings_of_the_encoder_of_the_weights(tmp_path: Path) -> None:
    published = "san_resnet50.synthetic"
    task = BaselineConfig(small("san_resnet50")).build(3)
    advice = "architecture=san_resnet50 .*arguments.norm=ibn_a"
    with pytest.raises(WeightsFormatError, match=advice):
        initialize_task(task, published)


def test_head_part_that_does_not_fit_stays_random_completely(tmp_path: Path) -> None:
    torch.manual_seed(1)
    source = DsaConfig(small("dsa_resnet18"), GuideConfig("none")).build(3)
    save_products(tmp_path, source.eval().products())
    torch.manual_seed(2)
    encoder = small("dsa_resnet18", local_input="slice")
    task = DsaConfig(encoder, GuideConfig("none")).build(3)
    before = {name: value.clone() for name, value in task.encoder.state_dict().items()}
    initialize_task(task, str(tmp_path))
    after = task.encoder.state_dict()
    local = [name for name in after if name.startswith("local4.")]
    assert local
    assert all(torch.equal(after[name], before[name]) for name in local)
    assert same(source.encoder, task.encoder, "layer4.")


def test_run_records_the_hash_of_published_weights(tmp_path: Path) -> None:
    name = "san_resnet50.synthetic"
    sha256 = shipped_weights()[name].sha256
    assert describe_start(name) == f"{name}, sha256 {sha256}"
    assert describe_start("random") == "random"
    assert describe_start(str(tmp_path)) == str(tmp_path)


def test_published_weights_are_found_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = create_model("san_resnet50", pretrained=True)
    arguments = published.arch_args
    task = BaselineConfig(EncoderConfig("san_resnet50", arguments, 128, 64)).build(3)
    initialize_task(task, "san_resnet50.synthetic")
    assert same(published, task.encoder)
    # An existing path has precedence.
    monkeypatch.chdir(tmp_path)
    Path("san_resnet50.synthetic").mkdir()
    with pytest.raises(WeightsNotFoundError, match="has neither encoder"):
        initialize_task(task, "san_resnet50.synthetic")


def test_part_images_task_has_no_imagenet_weights() -> None:
    task = PartsConfig(GuideConfig(conv5_g="bottleneck"), feature_dim=64).build(3)
    with pytest.raises(InvalidInputError, match="PartsTask has no network with ImageNet weights"):
        initialize_task(task, "imagenet")


def test_network_without_published_imagenet_weights_is_refused() -> None:
    with torch.device("meta"):
        encoder = create_model("san_resnet14")
    with pytest.raises(WeightsNotFoundError, match=r"weights for resnet14\..*'random'"):
        imagenet_url(encoder.imagenet_model)


def test_dense_uv_estimator_starts_from_an_encoder(pg_run: Path) -> None:
    for source in (pg_run, pg_run / "encoder.safetensors"):
        task = DenseUvConfig(height=32, width=16).build()
        laterals = {
            name: value.clone() for name, value in task.estimator.laterals.state_dict().items()
        }
        initialize_task(task, str(source))
        assert same(generator(1).encoder, task.estimator.trunk)
        kept = task.estimator.laterals.state_dict()
        assert all(torch.equal(kept[name], value) for name, value in laterals.items())
