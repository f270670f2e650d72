"""Int8 storage: rounding against a naive loop, loading, and errors."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hub_server import sha256
from safetensors.torch import load_file as raw_load
from safetensors.torch import save_file as raw_save
from torch import Tensor, nn
from weights_samples import TinyEncoder, info_of, same_tensors, weights_of

from reid_align.errors import (
    NotFiniteError,
    OutputError,
    WeightsFormatError,
    WeightsIntegrityError,
)
from reid_align.weights import (
    HubFile,
    int8_rounded,
    load_file,
    load_repository,
    load_tensors,
    load_weights,
    module_fingerprint,
    read_folder,
    read_header,
    read_tensors,
    save_int8,
    write_folder,
)

INFO = info_of(TinyEncoder(1))
WEIGHTS = ("conv.weight", "head.weight")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tiny.safetensors"


@pytest.fixture
def stored(path: Path) -> dict[str, Tensor]:
    """Content of ``path``, a small encoder stored as int8."""
    save_int8(TinyEncoder(1), path, info_of(TinyEncoder(1)))
    return raw_load(path)


def in_channel(values: list[float]) -> TinyEncoder:
    """Return the small encoder with one output channel of these values followed by zeros."""
    encoder = TinyEncoder(1)
    with torch.no_grad():
        encoder.head.weight[3] = 0
        encoder.head.weight[3, : len(values)] = torch.tensor(values)
    return encoder


def test_rounding_equals_a_naive_loop_over_channels(stored: dict[str, Tensor]) -> None:
    weights = TinyEncoder(1).state_dict()
    for name in WEIGHTS:
        for channel, values in enumerate(weights[name].numpy()):
            scale = max(abs(value) for value in values.ravel().tolist()) / 127
            steps = [round(value / scale) for value in values.ravel().tolist()]
            assert float(stored[f"{name}.scale"][channel]) == pytest.approx(scale, rel=1e-6)
            assert stored[name][channel].ravel().tolist() == steps
            assert max(map(abs, steps)) == 127


def test_only_weights_are_rounded_and_the_rest_is_exact(stored: dict[str, Tensor]) -> None:
    kept = TinyEncoder(1).state_dict()
    assert set(stored) == set(kept) | {f"{name}.scale" for name in WEIGHTS}
    for name, tensor in kept.items():
        assert stored[name].shape == tensor.shape
        if name in WEIGHTS:
            assert stored[name].dtype == torch.int8
            assert stored[f"{name}.scale"].dtype == torch.float32
            assert stored[f"{name}.scale"].shape == tensor.shape[:1]
        else:
            assert stored[name].dtype == tensor.dtype
            assert torch.equal(stored[name], tensor)


def test_buffers_and_empty_weights_are_kept_whatever_their_shape(path: Path) -> None:
    def build() -> TinyEncoder:
        encoder = TinyEncoder(1)
        encoder.register_buffer("grid", torch.linspace(0, 1, 6).reshape(2, 3))
        encoder.none = nn.Parameter(torch.empty(0, 4))
        encoder.narrow = nn.Parameter(torch.empty(4, 0))
        return encoder

    encoder = build()
    save_int8(encoder, path, info_of(encoder))
    names = {name for name in raw_load(path) if name.endswith(".scale")}
    assert names == {f"{name}.scale" for name in WEIGHTS}
    loaded = build()
    load_tensors(loaded, path)
    assert torch.equal(loaded.grid, encoder.grid)
    assert (loaded.none.shape, loaded.narrow.shape) == ((0, 4), (4, 0))


def test_loaded_weights_are_the_rounded_ones_within_half_a_step(path: Path) -> None:
    encoder, loaded = TinyEncoder(1), TinyEncoder(2)
    save_int8(encoder, path, info_of(encoder))
    load_tensors(loaded, path)
    assert same_tensors(loaded, int8_rounded(encoder))
    assert same_tensors(encoder, TinyEncoder(1)), "storing must not change the module"
    for name in WEIGHTS:
        weight, again = encoder.state_dict()[name], loaded.state_dict()[name]
        error = (weight - again).abs().flatten(1).amax(1)
        assert (error <= 0.5001 * weight.abs().flatten(1).amax(1) / 127).all()
        assert error.max() > 0


def test_features_keep_their_direction_and_the_file_is_a_quarter(path: Path) -> None:
    encoder, loaded = (TinyEncoder(seed) for seed in (1, 2))
    for module in (encoder, loaded):
        module.head = nn.Sequential(nn.Linear(8, 512), nn.ReLU(), nn.Linear(512, 256))
    images = torch.randn(20, 3, 16, 8, generator=torch.Generator().manual_seed(0))
    save_int8(encoder, path, INFO)
    load_tensors(loaded, path)
    with torch.inference_mode():
        cosine = torch.cosine_similarity(encoder.eval()(images), loaded.eval()(images))
    assert 0.999 < cosine.min() < 1
    in_full = sum(tensor.nbytes for tensor in encoder.state_dict().values())
    assert path.stat().st_size < 0.27 * in_full


@pytest.mark.parametrize(
    ("values", "again"),
    [
        ([], []),
        ([3e-45, -1e-45], [0, 0]),
        ([254e-38, 126e-38], [254e-38, 126e-38]),
        ([3e30, -1.5e30, 1e22], [3e30, -3e30 * 64 / 127, 0]),
        ([-2.0], [-2.0]),
    ],
)
def test_channels_of_zeros_and_of_extreme_values(
    path: Path, values: list[float], again: list[float]
) -> None:
    encoder, loaded = in_channel(values), TinyEncoder(2)
    save_int8(encoder, path, INFO)
    load_tensors(loaded, path)
    channel = loaded.head.weight[3].detach()
    np.testing.assert_allclose(channel[: len(again)], again, rtol=1e-6)
    assert not channel[len(again) :].any()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", ["head.weight", "head.bias", "norm.running_var"])
def test_values_that_are_not_finite_are_refused_before_writing(
    path: Path, name: str, value: float
) -> None:
    encoder = TinyEncoder(1)
    encoder.state_dict()[name].flatten()[2] = value
    for attempt in (lambda: save_int8(encoder, path, INFO), lambda: int8_rounded(encoder)):
        with pytest.raises(NotFiniteError, match=f"cannot be stored as int8: {name}"):
            attempt()
    assert not path.exists()


def test_values_beyond_float32_are_refused(path: Path) -> None:
    encoder = TinyEncoder(1).double()
    encoder.state_dict()["head.weight"][0, 0] = 1e300
    with pytest.raises(NotFiniteError, match=r"head\.weight"):
        save_int8(encoder, path, INFO)


def test_an_unwritable_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"away.tiny\.safetensors"):
        save_int8(TinyEncoder(1), tmp_path / "away" / "tiny.safetensors", INFO)


def test_the_fingerprint_is_that_of_the_rounded_module(path: Path) -> None:
    encoder, loaded = TinyEncoder(1), TinyEncoder(2)
    written = save_int8(encoder, path, info_of(encoder, fingerprint=None, training_data="mine"))
    assert load_file(loaded, path) == written == read_header(path)
    assert written.training_data == "mine"
    assert (
        written.fingerprint
        == module_fingerprint(loaded)
        == module_fingerprint(int8_rounded(encoder))
    )
    assert written.fingerprint != module_fingerprint(encoder)


def test_the_fingerprint_is_checked(path: Path, stored: dict[str, Tensor]) -> None:
    stored["head.weight.scale"] = stored["head.weight.scale"].flip(0)
    raw_save(stored, path, read_header(path).metadata())
    with pytest.raises(WeightsIntegrityError, match=r"tiny\.safetensors: the model's output"):
        load_file(TinyEncoder(2), path)


def test_the_bytes_depend_on_the_content_only(path: Path, tmp_path: Path) -> None:
    save_int8(TinyEncoder(1), path, INFO)
    other = tmp_path / "other.safetensors"
    save_int8(TinyEncoder(1), other, INFO)
    assert other.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_modules_of_any_float_type_are_stored_and_loaded(path: Path, dtype: torch.dtype) -> None:
    encoder = TinyEncoder(1).to(dtype)
    save_int8(encoder, path, INFO)
    assert raw_load(path)["head.weight"].dtype == torch.int8
    loaded = TinyEncoder(2).to(dtype)
    load_tensors(loaded, path)
    assert loaded.head.weight.dtype == dtype
    assert same_tensors(loaded, int8_rounded(encoder).to(dtype))


def test_tensors_can_be_read_without_a_module(path: Path, stored: dict[str, Tensor]) -> None:
    read = read_tensors(path)
    assert set(read) == set(TinyEncoder().state_dict()) < set(stored)
    assert all(
        torch.equal(read[name], t) for name, t in int8_rounded(TinyEncoder(1)).state_dict().items()
    )


SCALES = torch.ones(40)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"head.weight.scale": None}, r"head\.weight is int8 \[40, 8\], and .*scale is missing"),
        ({"head.weight.scale": SCALES[:-1]}, r"head\.weight\.scale is float32 \[39\]"),
        ({"head.weight.scale": SCALES[:, None]}, r"head\.weight\.scale is float32 \[40, 1\]"),
        ({"head.weight.scale": torch.tensor(1.0)}, r"head\.weight\.scale is float32 \[\]"),
        ({"head.weight.scale": SCALES.half()}, r"head\.weight\.scale is float16 \[40\]"),
        ({"head.weight.scale": SCALES.int()}, r"head\.weight\.scale is int32 \[40\]"),
        ({"head.weight.scale": SCALES.to(torch.int8)}, "head.weight.scale is int8"),
        ({"head.weight.scale": 0 * SCALES}, "contains values that are not above 0"),
        ({"head.weight.scale": -SCALES}, "contains values that are not above 0"),
        ({"head.weight.scale": SCALES * float("nan")}, "contains values that are not above 0"),
        (
            {"head.bias": SCALES.to(torch.int8), "head.bias.scale": SCALES},
            r"head\.bias is int8 \[40\]",
        ),
        (
            {"head.bias": SCALES[0].to(torch.int8), "head.bias.scale": SCALES[0]},
            r"head\.bias is int8 \[\]",
        ),
        ({"head.weight": None}, r"1 missing: head\.weight\. 1 unexpected: head\.weight\.scale"),
        ({"head.weight": torch.ones(40, 8)}, r"1 unexpected: head\.weight\.scale"),
        ({"head.weight": torch.ones(40, 9, dtype=torch.int8)}, r"head\.weight \(float32 \[40, 9\]"),
        (
            {"tail.weight": torch.ones(40, 9, dtype=torch.int8), "tail.weight.scale": SCALES},
            r"1 unexpected: tail\.weight\.",
        ),
    ],
)
def test_broken_files_are_refused_and_the_module_is_unchanged(
    path: Path, stored: dict[str, Tensor], changes: dict[str, Tensor | None], message: str
) -> None:
    tensors = {name: tensor for name, tensor in (stored | changes).items() if tensor is not None}
    raw_save(tensors, path)
    encoder = TinyEncoder(2)
    with pytest.raises(WeightsFormatError, match=message) as caught:
        load_tensors(encoder, path)
    assert str(caught.value).startswith(f"{path}: ")
    assert same_tensors(encoder, TinyEncoder(2))


def test_a_scale_that_is_not_finite_is_refused(path: Path, stored: dict[str, Tensor]) -> None:
    raw_save(stored | {"head.weight.scale": SCALES * float("inf")}, path)
    with pytest.raises(WeightsIntegrityError, match=r"NaN or infinity: head\.weight"):
        load_tensors(TinyEncoder(2), path)


def from_hub(path: Path, publish: Callable[..., HubFile], folder: Path) -> TinyEncoder:
    content, loaded = path.read_bytes(), TinyEncoder(2)
    fingerprint = read_header(path).fingerprint
    load_weights(loaded, weights_of(content, hub=publish(content), fingerprint=fingerprint))
    return loaded


def from_own_folder(path: Path, publish: Callable[..., HubFile], folder: Path) -> TinyEncoder:
    content, loaded = path.read_bytes(), TinyEncoder(2)
    path.rename(folder / "tiny.synthetic.safetensors")
    fingerprint = module_fingerprint(int8_rounded(TinyEncoder(1)))
    load_weights(loaded, weights_of(content, fingerprint=fingerprint))
    return loaded


def from_repository(path: Path, publish: Callable[..., HubFile], folder: Path) -> TinyEncoder:
    content, repository, loaded = path.read_bytes(), folder / "mine", TinyEncoder(2)
    config = write_folder(TinyEncoder(1), repository, INFO, feature_dim=40)
    config = replace(
        config,
        bytes=len(content),
        sha256=sha256(content),
        fingerprint=read_header(path).fingerprint,
    )
    (repository / "model.safetensors").write_bytes(content)
    (repository / "config.json").write_text(config.to_json())
    load_repository(loaded, read_folder(repository))
    return loaded


@pytest.mark.parametrize("way", [from_hub, from_own_folder, from_repository])
@pytest.mark.usefixtures("stored")
def test_int8_weights_load_from_every_source(
    way: Callable[[Path, Callable[..., HubFile], Path], TinyEncoder],
    path: Path,
    published: Callable[..., HubFile],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REID_ALIGN_WEIGHTS", str(tmp_path))
    assert same_tensors(way(path, published, tmp_path), int8_rounded(TinyEncoder(1)))
