import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_people import make_set

from benchmarks.studies.decoder_swap import main
from benchmarks.studies.map_swaps import SWAPS, partners, swap_errors
from reid_align import create_model
from reid_align.batches.sources import SyntheticSource
from reid_align.errors import InvalidInputError
from reid_align.heads import TextureDecoder, decoder_for
from reid_align.models import Encoder
from reid_align.preprocess import Preprocess
from reid_align.unwrapping import TextureUnwrapper
from reid_align.weights import WeightsHeader, module_fingerprint, save_tensors

CPU = torch.device("cpu")
SIZE = Preprocess(64, 32)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_set(tmp_path_factory.mktemp("people") / "set")


def modules(*, skips: bool, **size: int) -> tuple[Encoder, TextureDecoder]:
    """Untrained modules with textures that depend on the image."""
    torch.manual_seed(0)
    encoder = create_model("san_resnet14").eval()
    encoder.preprocess = SIZE
    return encoder, loud(decoder_for(encoder, skips=skips, **size)).eval()


def network(*, skips: bool, **size: int) -> TextureUnwrapper:
    return TextureUnwrapper(*modules(skips=skips, **size), CPU)


def loud(decoder: TextureDecoder) -> TextureDecoder:
    for layer in decoder.modules():
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(layer.weight, a=1)
    return decoder


def test_partners_have_other_identities_and_are_used_once() -> None:
    ids = np.array([3, 1, 1, 2, 3, 3, 2, 1, 5, 5])
    found = partners(ids)
    assert sorted(found.tolist()) == list(range(10))
    assert (ids[found] != ids).all()
    with pytest.raises(InvalidInputError, match="3 of the 5 images"):
        partners(np.array([1, 1, 1, 2, 3]))


def test_only_the_last_map_matters_without_skip_connections(people: Path) -> None:
    errors = swap_errors(SyntheticSource(people, "test"), network(skips=False))
    assert list(errors) == ["none", "e1", "e2", "e3", "e4", "all"]
    assert errors["e1"] == errors["e2"] == errors["e3"] == errors["none"]
    assert errors["e4"] == errors["all"] != errors["none"]


@torch.no_grad()
def test_errors_are_those_of_swapped_maps(people: Path) -> None:
    source, net = SyntheticSource(people, "test"), network(skips=True)
    errors = swap_errors(source, net)
    encoder, decoder = net.modules
    pixels = np.stack([source.image(row) for row in range(8)]).transpose(0, 3, 1, 2)
    maps = encoder.forward_maps(SIZE.normalize(torch.from_numpy(pixels.copy())))[:4]
    other = [each[partners(source.person_ids)] for each in maps]
    for name, swapped in SWAPS.items():
        chosen = [other[k] if k in swapped else maps[k] for k in range(4)]
        drawn = decoder(*chosen).texture[..., 64:-64].numpy()
        true = np.stack([source.texture(row) for row in range(8)])
        target = true.transpose(0, 3, 1, 2)[..., 64:-64] / 127.5 - 1
        assert errors[name] == pytest.approx(np.abs(drawn - target).mean(), rel=1e-4)
    assert len({round(error, 6) for error in errors.values()}) == 6


def test_a_decoder_of_other_images_is_refused(people: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"\(64, 32\) pixels.*target 'texture'"):
        swap_errors(SyntheticSource(people, "test"), network(skips=False, height=64, width=32))


def test_command_measures_every_run(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for label, skips in (("paper", False), ("code", True)):
        (tmp_path / label).mkdir()
        encoder, decoder = modules(skips=skips)
        for module, size in ((encoder, SIZE), (decoder, None)):
            info = WeightsHeader(
                module.architecture, module.arch_args, size, module_fingerprint(module)
            )
            name = "encoder" if size else "san_decoder"
            save_tensors(module, tmp_path / label / f"{name}.safetensors", info)
    runs = [f"--run={label}={tmp_path / label}" for label in ("paper", "code")]
    output = tmp_path / "swap.json"
    assert main([str(people), *runs, "-o", str(output), "--device", "cpu"]) == 0
    record = json.loads(output.read_text("utf-8"))
    assert [(row["label"], row["skips"]) for row in record["rows"]] == [
        ("paper", False),
        ("code", True),
    ]
    assert record["images"] == 8
    assert "| paper | san_resnet14, 64×32 |" in capsys.readouterr().out
