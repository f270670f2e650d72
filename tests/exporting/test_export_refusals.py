"""Exported files that are damaged or not ours, and exports that are not possible."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from lively_encoders import tiny_encoder

from reid_align import FeatureExtractor
from reid_align.errors import (
    ExportCheckError,
    InvalidInputError,
    OutputError,
    OutputExistsError,
    UnknownNameError,
    UnsupportedComputeError,
    WeightsFormatError,
    WeightsIntegrityError,
    WeightsNotFoundError,
)
from reid_align.exporting import check_images, export_encoder, open_exported
from reid_align.preprocess import Preprocess

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("good") / "tiny.onnx"
    export_encoder(tiny_encoder(), path)
    export_encoder(tiny_encoder(), path.with_suffix(".xml"))
    return path


def test_a_truncated_or_empty_file(model: Path, tmp_path: Path) -> None:
    content = model.read_bytes()
    for length in (0, 100, len(content) // 2, len(content) - 1):
        path = tmp_path / f"{length}.onnx"
        path.write_bytes(content[:length])
        with pytest.raises(WeightsFormatError, match=f"{length}.onnx cannot be opened by ONNX"):
            open_exported(path)


def test_an_edited_file(model: Path, tmp_path: Path) -> None:
    content = bytearray(model.read_bytes())
    place = content.index(np.float32(first_weight(model)).tobytes())
    content[place] ^= 1
    edited = tmp_path / "edited.onnx"
    edited.write_bytes(content)
    with pytest.raises(WeightsIntegrityError, match=r"another SHA-256. It was damaged or edited"):
        open_exported(edited)


def first_weight(model: Path) -> float:
    """Return the first value of the largest weight."""
    tensors = onnx.load(model).graph.initializer
    largest = max(tensors, key=lambda tensor: len(tensor.raw_data))
    return float(np.frombuffer(largest.raw_data, np.float32)[0])


def test_a_file_of_another_program(model: Path, tmp_path: Path) -> None:
    graph = onnx.load(model)
    del graph.metadata_props[:]
    other = tmp_path / "other.onnx"
    onnx.save(graph, other)
    with pytest.raises(WeightsFormatError, match=r"other.onnx has no metadata of reid_align"):
        open_exported(other)
    entry = graph.metadata_props.add()
    entry.key, entry.value = "reid_align", '{"schema": 1}'
    onnx.save(graph, other)
    with pytest.raises(WeightsFormatError, match=r"other.onnx: metadata: model: missing key"):
        open_exported(other)


def test_openvino_files_without_weights_or_metadata(model: Path, tmp_path: Path) -> None:
    xml = model.with_suffix(".xml")
    copy = tmp_path / "copy.xml"
    copy.write_text(xml.read_text())
    with pytest.raises(WeightsFormatError, match=r"copy.bin is missing. .*copy.xml needs it"):
        open_exported(copy)
    weights = bytearray(xml.with_suffix(".bin").read_bytes())
    weights[weights.index(np.float32(first_weight(model)).tobytes())] ^= 1
    copy.with_suffix(".bin").write_bytes(weights)
    with pytest.raises(WeightsIntegrityError, match=r"copy.xml is not the file"):
        open_exported(copy)
    copy.write_text("<net/>")
    with pytest.raises(WeightsFormatError, match=r"copy.xml cannot be opened by OpenVINO \("):
        open_exported(copy)


def test_a_file_that_changes_while_it_is_in_use(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    export_encoder(tiny_encoder(), path)
    exported = open_exported(path)
    export_encoder(tiny_encoder(), path, precision="float16", overwrite=True)
    with pytest.raises(InvalidInputError, match="has changed since it was opened"):
        FeatureExtractor(exported)


def test_names_that_are_no_exported_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsNotFoundError, match="no such file"):
        open_exported(tmp_path / "missing.onnx")
    with pytest.raises(InvalidInputError, match="pt2 file can contain a pickle"):
        open_exported(tmp_path / "model.pt2")
    with pytest.raises(InvalidInputError, match=r"the suffix must be one of .onnx, .xml"):
        open_exported(tmp_path / "model.tflite")


def test_requests_that_are_not_possible(tmp_path: Path) -> None:
    encoder, images = tiny_encoder(), check_images(Preprocess(64, 32))
    with pytest.raises(InvalidInputError, match=r"suffix must be one of .onnx, .xml, .pt2"):
        export_encoder(encoder, tmp_path / "model.pt")
    with pytest.raises(InvalidInputError, match=r"at least 8 person images .* there are 7"):
        export_encoder(encoder, tmp_path / "model.onnx", precision="int8", images=images[1:])
    with pytest.raises(UnsupportedComputeError, match=r"int8 needs .onnx or .xml"):
        export_encoder(encoder, tmp_path / "model.pt2", precision="int8", images=images)
    with pytest.raises(UnknownNameError, match="Unknown precision 'int4'"):
        export_encoder(encoder, tmp_path / "model.onnx", precision="int4")
    with pytest.raises(OutputError, match="does not exist"):
        export_encoder(encoder, tmp_path / "missing" / "model.onnx")
    (tmp_path / "model.bin").write_text("mine")
    with pytest.raises(OutputExistsError, match=r"model.bin exists"):
        export_encoder(encoder, tmp_path / "model.xml")
    assert (tmp_path / "model.bin").read_text() == "mine"


def test_a_model_that_differs_is_not_written(tmp_path: Path) -> None:
    # Calibrated on black images only, the ranges of all other images are cut off.
    black = np.zeros((64, 32, 3), np.uint8)
    figures = check_images(Preprocess(64, 32))
    images = [figures[0], black, black, black, figures[3], black, black, black]
    with pytest.raises(ExportCheckError, match=r"smallest cosine .*model.onnx was not written"):
        export_encoder(
            tiny_encoder(), tmp_path / "model.onnx", precision="int8", images=images, check=True
        )
    assert not list(tmp_path.iterdir())
