"""Adaptation of batch-norm statistics: new statistics, everything else unchanged."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from lively_encoders import lively, tiny_encoder
from PIL import Image
from torch import nn

from reid_align import adapt_norms, extract_features, read_features
from reid_align.errors import (
    ImageReadError,
    InvalidInputError,
    NoImagesError,
    NotFiniteError,
    OutputError,
    UnknownNameError,
)
from reid_align.features import Adaptation, ExtractOptions, ImageShard, NamedImage, extract_to_file
from reid_align.inference.backends.backend_cache import state_digest
from reid_align.models.encoder import Encoder
from reid_align.weights import Origin
from reid_align.weights.weights_source import Adapted

COUNT = 45
OPTIONS = ExtractOptions(batch_size=8, num_workers=2, device="cpu")


@pytest.fixture(autouse=True)
def same_threads() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise images of different brightness."""
    folder = tmp_path_factory.mktemp("images")
    random = np.random.default_rng(0)
    for index in range(COUNT):
        pixels = random.integers(0, 30 + 5 * index, (64, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:03}.png")
    return folder


@pytest.fixture
def encoder() -> Encoder:
    return tiny_encoder()


def adapt(encoder: Encoder, images: object, **options: object) -> Encoder:
    return adapt_norms(encoder, images, **{"device": "cpu", **options})


def state(encoder: Encoder) -> dict[str, torch.Tensor]:
    return {name: values.clone() for name, values in encoder.state_dict().items()}


def same(one: Encoder, other: Encoder) -> bool:
    pairs = zip(state(one).values(), state(other).values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def normalized(encoder: Encoder, paths: list[str]) -> np.ndarray:
    """Input of the first layer for a batch of images, computed with NumPy."""
    pixels = np.stack([np.asarray(Image.open(path)) for path in paths]) / 255
    recipe = encoder.preprocess
    return ((pixels - recipe.mean) / recipe.std).transpose(0, 3, 1, 2)


def batch_statistics(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and unbiased variance of each channel, computed with loops."""
    channels = [values[:, channel].ravel() for channel in range(values.shape[1])]
    means = [channel.sum() / len(channel) for channel in channels]
    sums = [((c - mean) ** 2).sum() for c, mean in zip(channels, means, strict=True)]
    return np.array(means), np.array(sums) / (len(channels[0]) - 1)


def test_statistics_are_averages_over_the_batches_of_the_draw(
    encoder: Encoder, images: Path
) -> None:
    paths = sorted(map(str, images.iterdir()))
    drawn = Adaptation(40, 13, 3).draw([NamedImage(path, path) for path in paths], COUNT)
    names = [image.name for image in drawn]
    assert len(set(names)) == 40
    found = []
    for batch in (names[:10], names[10:20], names[20:30], names[30:]):
        first = nn.functional.conv2d(
            torch.from_numpy(normalized(encoder, batch)),
            encoder.conv1.weight.detach().double(), stride=2, padding=1,
        )  # fmt: skip
        one = batch_statistics(first.numpy())
        mean, variance = (torch.from_numpy(values)[:, None, None] for values in one)
        # The second norm gets the output of the first, normalized with this batch's statistics.
        scale, shift = (
            values.detach().double()[:, None, None]
            for values in (encoder.bn1.weight, encoder.bn1.bias)
        )
        biased = variance * (1 - 1 / (len(batch) * first.shape[2] * first.shape[3]))
        middle = ((first - mean) / (biased + encoder.bn1.eps).sqrt() * scale + shift).relu()
        second = nn.functional.conv2d(
            middle, encoder.conv2.weight.detach().double(), stride=2, padding=1
        )
        found.append((*one, *batch_statistics(second.numpy())))
    adapted = adapt(encoder, images, count=40, batch_size=13, seed=3)
    expected = [np.mean(values, 0) for values in zip(*found, strict=True)]
    norms = adapted.bn1, adapted.bn2
    ours = [values for norm in norms for values in (norm.running_mean, norm.running_var)]
    for got, wanted in zip(ours, expected, strict=True):
        np.testing.assert_allclose(got.numpy(), wanted, rtol=1e-4, atol=1e-5)
    assert not np.allclose(adapted.bn1.running_mean, encoder.bn1.running_mean, atol=0.05)


def test_only_statistics_change_and_only_in_the_copy(encoder: Encoder, images: Path) -> None:
    encoder.train()
    before = state(encoder)
    adapted = adapt(encoder, images)
    assert encoder.training
    assert not any(module.training for module in adapted.modules())
    for name, values in state(encoder).items():
        assert torch.equal(values, before[name])
    changed = {name for name, value in state(adapted).items() if not value.equal(before[name])}
    assert changed == {f"bn{n}.running_{what}" for n in (1, 2) for what in ("mean", "var")}
    assert adapted.bn1.momentum == encoder.bn1.momentum
    assert adapted.preprocess == encoder.preprocess


@pytest.mark.parametrize("name", ["san_resnet18", "dsa_resnet18"])
def test_all_batch_norms_of_a_real_network_adapt(images: Path, name: str) -> None:
    encoder = lively(name, head="bnneck", norm="ibn_a")
    before = state(encoder)
    after = state(adapt(encoder, images, count=32, batch_size=16))
    changed = {name for name, value in after.items() if not value.equal(before[name])}
    assert changed == {name for name in before if name.endswith(("running_mean", "running_var"))}
    assert any(".BN." in name for name in changed)
    assert not any(".IN." in name for name in changed)


def test_an_unused_norm_keeps_its_statistics(encoder: Encoder, images: Path) -> None:
    encoder.spare = nn.BatchNorm2d(4)
    nn.init.constant_(encoder.spare.running_mean, 0.3)
    adapted = adapt(encoder, images, count=40, batch_size=13)
    assert torch.equal(adapted.spare.running_mean, encoder.spare.running_mean)
    assert torch.equal(adapted.spare.running_var, encoder.spare.running_var)


def test_the_result_depends_on_the_seed_but_not_on_threads(encoder: Encoder, images: Path) -> None:
    how = {"count": 33, "batch_size": 8}
    torch.set_num_threads(1)
    one = adapt(encoder, images, **how)
    torch.set_num_threads(3)
    assert same(adapt(encoder, images, **how), one)
    assert torch.get_num_threads() == 3
    assert not same(adapt(encoder, images, **how, seed=1), one)


def test_earlier_adaptations_do_not_matter(encoder: Encoder, images: Path) -> None:
    dark = [np.full((64, 32, 3), value, np.uint8) for value in range(40)]
    between = adapt(encoder, dark, channel_order="rgb")
    again, direct = adapt(between, images), adapt(encoder, images)
    assert same(again, direct)
    assert again.origin == direct.origin


def test_features_of_the_copy_do_not_depend_on_the_contrast(encoder: Encoder, images: Path) -> None:
    pixels = np.stack([np.asarray(Image.open(path)) for path in sorted(images.iterdir())])
    mean = np.array(encoder.preprocess.mean) * 255
    pale = np.round(mean + (pixels - mean) / 2).astype(np.uint8)

    def adapted_features(pixels: np.ndarray) -> np.ndarray:
        copy = adapt(encoder, pixels, channel_order="rgb")
        return extract_features(pixels, copy, device="cpu", channel_order="rgb").values

    plain, other = (
        extract_features(some, encoder, device="cpu", channel_order="rgb").values
        for some in (pixels, pale)
    )
    difference = np.abs(plain - other).mean()
    assert np.abs(adapted_features(pixels) - adapted_features(pale)).mean() < difference / 5


@pytest.mark.parametrize(
    ("total", "batch_size", "sizes"),
    [
        (32, 128, [32]),
        (129, 128, [65, 64]),
        (300, 128, [100, 100, 100]),
        (33, 2, [3] + 15 * [2]),
        (33, 32, [17, 16]),
    ],
)
def test_batches_are_alike_and_none_has_a_single_image(
    total: int, batch_size: int, sizes: list[int]
) -> None:
    pixels = np.zeros((total, 1, 1, 3), np.uint8)
    found = Adaptation(batch_size=batch_size).split(pixels)
    assert [len(batch) for batch in found] == sizes


def test_a_draw_takes_each_image_once_and_all_if_there_are_few() -> None:
    candidates = [NamedImage(str(index), str(index)) for index in range(100)]
    some = Adaptation(40).draw(iter(candidates), 100)
    assert len(some) == len({image.name for image in some}) == 40
    everything = Adaptation(1000).draw(iter(candidates), 100)
    assert everything != candidates
    assert {image.name for image in everything} == {image.name for image in candidates}


def test_broken_images_raise_or_are_skipped(encoder: Encoder, images: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    paths = [str(broken), *sorted(map(str, images.iterdir()))]
    with pytest.raises(ImageReadError, match=r"broken\.png"):
        adapt(encoder, paths)
    adapted = adapt(encoder, paths, on_error="skip")
    assert adapted.origin.adapted.images == COUNT
    with pytest.raises(InvalidInputError, match=r"31 of 33 images can be read.*without adaptation"):
        adapt(encoder, [str(broken)] * 2 + paths[1:32], on_error="skip")


def test_too_few_images_are_refused(encoder: Encoder, images: Path, tmp_path: Path) -> None:
    paths = sorted(map(str, images.iterdir()))
    with pytest.raises(InvalidInputError, match="31 of 31 images can be read"):
        adapt(encoder, paths[:31])
    with pytest.raises(InvalidInputError, match="0 of 0"):
        adapt(encoder, [])
    with pytest.raises(NoImagesError):
        adapt(encoder, tmp_path)
    assert adapt(encoder, paths[:32]).origin.adapted.images == 32


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"count": 31}, InvalidInputError, "count 31: give an integer of at least 32"),
        ({"batch_size": 1}, InvalidInputError, "batch_size 1: give an integer of at least 2"),
        ({"seed": -1}, InvalidInputError, "seed -1: give an integer of at least 0"),
        ({"count": 40.0}, InvalidInputError, "count 40.0"),
        ({"device": "tpu"}, InvalidInputError, "Device 'tpu'"),
        ({"on_error": "ignore"}, UnknownNameError, "ignore"),
    ],
)
def test_invalid_options_are_refused(
    encoder: Encoder,
    images: Path,
    options: dict[str, object],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        adapt(encoder, images, **options)


def test_what_cannot_adapt_is_refused(encoder: Encoder, images: Path) -> None:
    with pytest.raises(InvalidInputError, match="type Linear"):
        adapt(nn.Linear(2, 2), images)
    nn.init.constant_(encoder.conv2.weight, torch.inf)
    with pytest.raises(NotFiniteError, match="broken"):
        adapt(encoder, images)
    encoder.bn1 = encoder.bn2 = nn.Identity()
    with pytest.raises(InvalidInputError, match="tiny has no batch norms"):
        adapt(encoder, images)


def test_the_copy_does_not_claim_to_be_the_weights_it_came_from(
    encoder: Encoder, images: Path
) -> None:
    encoder.origin = origin = Origin("tiny.toy", "toy", "ab" * 32)
    found = adapt(encoder, images, count=32, seed=5).origin
    assert (found.name, found.tag, found.sha256) == ("tiny.toy, adapted", None, None)
    assert found.adapted == Adapted(32, 5, state_digest(encoder))
    assert encoder.origin == origin


def described(output: Path) -> dict[str, object]:
    return json.loads(output.with_suffix(".json").read_text())


def test_the_file_says_how_its_encoder_was_adapted(
    encoder: Encoder, images: Path, tmp_path: Path
) -> None:
    paths = sorted(map(str, images.iterdir()))
    extract_to_file(paths, encoder, tmp_path / "plain.npy", OPTIONS)
    extract_to_file(paths, encoder, tmp_path / "f.npy", OPTIONS, adaptation=Adaptation(40, seed=2))
    plain, adapted = described(tmp_path / "plain.npy"), described(tmp_path / "f.npy")
    assert plain["adapted"] is None
    assert plain["weights"] == {"name": "random", "tag": None, "sha256": None}
    assert adapted["weights"] == {"name": "random, adapted", "tag": None, "sha256": None}
    before = plain["state_sha256"]
    assert adapted["adapted"] == {"images": 40, "seed": 2, "state_sha256": before}
    assert adapted["state_sha256"] != before
    again = adapt(encoder, images, count=40, seed=2)
    assert adapted["adapted"] == asdict(again.origin.adapted)
    expected = extract_features(images, again, device="cpu", batch_size=8).values
    assert np.array_equal(read_features(tmp_path / "f.npy").values, expected)


def test_a_run_is_continued_only_with_the_same_adaptation_and_gives_the_same_bits(
    encoder: Encoder, images: Path, tmp_path: Path
) -> None:
    late, output = tmp_path / "late.png", tmp_path / "f.npy"
    listed = [*sorted(map(str, images.iterdir())), str(late)]
    candidates = [NamedImage(path, path) for path in listed]
    draws = (Adaptation(32, 10, seed) for seed in range(20))
    # The draw does not contain the last image, where the run stops.
    adaptation, other = [draw for draw in draws if candidates[-1] not in draw.draw(candidates, 46)][
        :2
    ]
    with pytest.raises(ImageReadError):
        extract_to_file(listed, encoder, output, OPTIONS, adaptation=adaptation)
    with pytest.raises(OutputError, match=r"adapted was \{'images': 32, 'seed': "):
        extract_to_file(listed, encoder, output, OPTIONS, resume=True)
    with pytest.raises(OutputError, match=f"now it is .*'seed': {other.seed}"):
        extract_to_file(listed, encoder, output, OPTIONS, adaptation=other, resume=True)
    unreadable = [str(tmp_path / f"{number}.png") for number in range(40)]
    # Adapting to these would fail if it started.
    with pytest.raises(OutputError, match="holds an unfinished run"):
        extract_to_file(unreadable, encoder, output, OPTIONS, adaptation=adaptation)
    late.write_bytes(Path(listed[0]).read_bytes())
    done = extract_to_file(listed, encoder, output, OPTIONS, adaptation=adaptation, resume=True)
    assert done.resumed > 0
    whole = tmp_path / "whole.npy"
    extract_to_file(listed, encoder, whole, OPTIONS, adaptation=adaptation)
    assert np.array_equal(np.load(output), np.load(whole))
    again = extract_to_file(listed, encoder, output, OPTIONS, adaptation=adaptation, resume=True)
    assert again.resumed == len(listed)


def test_shards_adapt_to_all_images_and_agree(
    encoder: Encoder, images: Path, tmp_path: Path
) -> None:
    paths, adaptation = sorted(map(str, images.iterdir())), Adaptation()
    states = set()
    for index in range(2):
        done = extract_to_file(
            paths, encoder, tmp_path / "f.npy", OPTIONS,
            adaptation=adaptation, shard=ImageShard(index, 2),
        )  # fmt: skip
        states.add(described(done.output)["state_sha256"])
        assert described(done.output)["adapted"]["images"] == COUNT
    extract_to_file(paths, encoder, tmp_path / "whole.npy", OPTIONS, adaptation=adaptation)
    assert states == {described(tmp_path / "whole.npy")["state_sha256"]}


def test_too_few_images_leave_no_file(encoder: Encoder, images: Path, tmp_path: Path) -> None:
    paths = sorted(map(str, images.iterdir()))[:20]
    with pytest.raises(InvalidInputError, match="20 of 20"):
        extract_to_file(paths, encoder, tmp_path / "f.npy", OPTIONS, adaptation=Adaptation())
    with pytest.raises(InvalidInputError, match=r"must end in \.npy"):
        extract_to_file(paths, encoder, tmp_path / "f.txt", OPTIONS, adaptation=Adaptation())
    assert not list(tmp_path.iterdir())
