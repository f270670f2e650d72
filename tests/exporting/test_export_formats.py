"""Exported files in their runtimes: features, metadata, and mixing with other features."""

import json
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
import openvino
import pytest
import torch
from lively_encoders import lively, tiny_encoder
from numpy.typing import NDArray

from reid_align import ExtractOptions, extract_features
from reid_align.errors import InvalidInputError, MixedFeaturesError, UnsupportedComputeError
from reid_align.exporting import (
    check_export,
    check_images,
    export_encoder,
    open_exported,
)
from reid_align.features import adapt_norms, digest_of, require_same_digest
from reid_align.models.encoder import Encoder
from reid_align.preprocess import Preprocess
from reid_align.weights import Origin

pytestmark = pytest.mark.slow
FILTERED = Preprocess(64, 32, smoothing=1.0, stretch=0.01)
ENCODERS = {
    "dsa_resnet18": {"norm": "ibn_a", "pool": "gem", "head": "bnneck", "norm_parts": True},
    "san_efficientnet_lite0": {"pool": "gem"},
}


def encoder_of(name: str = "tiny") -> Encoder:
    encoder = tiny_encoder() if name == "tiny" else lively(name, **ENCODERS[name])
    encoder.preprocess = FILTERED
    return encoder


def values(images: list[NDArray[np.uint8]], encoder: Encoder, **options: object) -> NDArray:
    return extract_features(
        images, encoder, device="cpu", channel_order="rgb", num_workers=0, **options
    ).values


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny encoder as float32 in every format, and as float16 and int8 ONNX."""
    folder, encoder = tmp_path_factory.mktemp("exported"), encoder_of()
    images = check_images(FILTERED) * 4
    for suffix in (".onnx", ".xml", ".pt2"):
        done = export_encoder(encoder, folder / f"tiny{suffix}", check=True)
        assert done.check is not None
        assert done.check.smallest > 0.99999
    for precision in ("float16", "int8"):
        path = folder / f"{precision}.onnx"
        done = export_encoder(encoder, path, precision=precision, images=images, check=True)
        assert done.check is not None
        assert 0.995 <= done.check.smallest < 1
    return folder


@pytest.mark.parametrize("name", ENCODERS)
def test_encoders_are_exported_with_all_preprocessing(name: str, tmp_path: Path) -> None:
    encoder = encoder_of(name)
    done = export_encoder(encoder, tmp_path / "model.onnx")
    found = check_export(done.path, encoder, check_images(FILTERED), "float32")
    assert found.smallest > 0.9999
    assert done.record.feature_dim == encoder.feature_dim


def test_onnx_runtime_takes_any_batch_and_image_size(folder: Path) -> None:
    session = onnxruntime.InferenceSession(folder / "tiny.onnx")
    [given], [features, raw] = session.get_inputs(), session.get_outputs()
    assert (given.name, given.type, given.shape) == (
        "images", "tensor(uint8)", ["batch", "height", "width", 3]
    )  # fmt: skip
    assert (features.type, features.shape[1], raw.name) == ("tensor(float)", 16, "raw_features")
    encoder = encoder_of()
    for count, image in zip((1, 2, 5), check_images(FILTERED), strict=False):
        [found] = session.run(["features"], {"images": np.stack([image] * count)})
        expected = values([image], encoder)
        assert found.shape == (count, 16)
        assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-5)
        assert (found @ expected.T).min() > 0.99999


def test_openvino_and_pytorch_take_any_size(folder: Path) -> None:
    compiled = openvino.compile_model(folder / "tiny.xml", "CPU")
    program = torch.export.load(folder / "tiny.pt2").module()
    encoder = encoder_of()
    for image in check_images(FILTERED)[::3]:
        expected, batch = values([image, image], encoder), np.stack([image] * 2)
        for found in (compiled(batch)["features"], program(torch.from_numpy(batch))[0].numpy()):
            assert found.shape == (2, 16)
            assert (found * expected).sum(1).min() > 0.999


def test_the_file_has_its_metadata_and_no_path_of_this_machine(folder: Path) -> None:
    session = onnxruntime.InferenceSession(folder / "tiny.onnx")
    record = json.loads(session.get_modelmeta().custom_metadata_map["reid_align"])
    encoder = encoder_of()
    assert record["digest"] == digest_of(encoder, ExtractOptions())
    assert (record["model"], record["feature_dim"], record["license"]) == ("tiny", 16, "unknown")
    assert record["weights"]["name"] == "random"
    assert record["preprocess"]["smoothing"] == 1.0
    here = str(Path(__file__).parents[2]).encode()
    for name in ("tiny.onnx", "tiny.xml"):
        assert here not in (folder / name).read_bytes()
    with zipfile.ZipFile(folder / "tiny.pt2") as archive:
        assert not any(here in archive.read(name) for name in archive.namelist())
        [extra] = [name for name in archive.namelist() if name.endswith("extra/reid_align")]
        assert json.loads(archive.read(extra))["digest"] == record["digest"]


@pytest.mark.parametrize("name", ["tiny.onnx", "tiny.xml", "float16.onnx", "int8.onnx"])
def test_extraction_runs_the_file(folder: Path, name: str) -> None:
    encoder, images = encoder_of(), check_images(FILTERED)
    exported = open_exported(folder / name)
    limit = {"int8.onnx": 0.99, "float16.onnx": 0.9999}.get(name, 0.99999)
    for options in ({}, {"flip": True}, {"normalize": False}):
        expected, found = values(images, encoder, **options), values(images, exported, **options)
        lengths = np.linalg.norm(expected, axis=1) * np.linalg.norm(found, axis=1)
        assert ((found * expected).sum(1) / lengths).min() > min(limit, 0.9999)
    parallel = extract_features(
        images * 4, exported, channel_order="rgb", num_workers=3, batch_size=2
    )
    assert np.allclose(parallel.values, np.tile(values(images, exported), (4, 1)), atol=1e-5)


def test_only_int8_has_other_features(folder: Path) -> None:
    digest = digest_of(encoder_of(), ExtractOptions())
    for name in ("tiny.onnx", "tiny.xml", "float16.onnx"):
        assert digest_of(open_exported(folder / name), ExtractOptions()) == digest
    int8 = digest_of(open_exported(folder / "int8.onnx"), ExtractOptions())
    assert open_exported(folder / "int8.onnx").record.digest == int8
    with pytest.raises(MixedFeaturesError, match="differ in weights"):
        require_same_digest(digest, int8)


def test_an_adapted_encoder_keeps_its_record(tmp_path: Path) -> None:
    encoder = encoder_of()
    images = np.random.default_rng(0).integers(0, 256, (32, 40, 20, 3), dtype=np.uint8)
    adapted = adapt_norms(encoder, images, channel_order="rgb")
    export_encoder(adapted, tmp_path / "adapted.onnx", license_name="CC0-1.0")
    exported = open_exported(tmp_path / "adapted.onnx")
    assert exported.record.license == "CC0-1.0"
    assert exported.origin.adapted == adapted.origin.adapted
    assert digest_of(exported, ExtractOptions()) == digest_of(adapted, ExtractOptions())


def test_an_exported_encoder_only_computes_features(folder: Path, tmp_path: Path) -> None:
    path = folder / "tiny.onnx"
    exported = open_exported(path)
    image = [np.zeros((8, 8, 3), np.uint8)]
    for call in (exported, exported.forward_maps):
        with pytest.raises(InvalidInputError, match="use the weights it was exported from, random"):
            call(torch.zeros(1, 3, 64, 32))
    with pytest.raises(InvalidInputError, match=r"is an exported model. Export the weights"):
        export_encoder(exported, tmp_path / "again.onnx")
    with pytest.raises(InvalidInputError, match="no batch norms to adapt"):
        adapt_norms(exported, image * 32, channel_order="rgb")
    for options in ({"dtype": "bfloat16"}, {"backend": "openvino"}):
        with pytest.raises(UnsupportedComputeError, match="Not possible: "):
            values(image, exported, **options)
    assert values(image, exported, backend="onnx").shape == (1, 16)


def test_the_encoder_is_not_changed(tmp_path: Path) -> None:
    encoder = encoder_of().train()
    encoder.origin = Origin("mine")
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    export_encoder(encoder, tmp_path / "model.pt2", precision="float16")
    assert encoder.training
    after = encoder.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
