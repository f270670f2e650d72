"""References to weights: runs, saved folders, files, published names, Hub names."""

import json
from pathlib import Path

import pytest
import torch

from reid_align import create_model, from_pretrained, save_pretrained
from reid_align.errors import WeightsNotFoundError
from reid_align.training.saving.run_artifacts import save_products
from reid_align.training.task_interface import Product
from reid_align.weights import find_network, find_weights_file, run_networks


def write_run(folder: Path, stages: tuple[str, ...] = ("one",), name: str = "encoder") -> None:
    """Write the files of a training run with one small encoder."""
    torch.manual_seed(len(folder.parts))
    encoder = create_model("san_resnet14")
    products = {name: Product(encoder, "san_resnet14", encoder.arch_args, encoder.preprocess)}
    folder.mkdir(parents=True)
    save_products(folder, products)
    write_config(folder, stages)


def write_config(folder: Path, stages: tuple[str, ...]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"recipe": {"stages": stages}}))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    write_run(folder)
    return folder


def test_every_kind_of_reference_loads_the_same_encoder(run: Path, tmp_path: Path) -> None:
    trained = from_pretrained(run)
    saved = save_pretrained(trained, tmp_path / "saved")
    (tmp_path / "best").mkdir()
    (tmp_path / "best" / "encoder.safetensors").write_bytes(
        (run / "encoder.safetensors").read_bytes()
    )
    for reference in (run, run / "encoder.safetensors", saved, tmp_path / "best"):
        for encoder in (
            from_pretrained(reference),
            create_model("san_resnet14", weights=str(reference)),
        ):
            assert torch.equal(encoder.conv1.weight, trained.conv1.weight)
        assert find_weights_file(reference).suffix == ".safetensors"


def test_the_origin_of_a_run_is_its_file(run: Path) -> None:
    assert from_pretrained(run).origin.name == str(run / "encoder.safetensors")


def test_published_weights_are_found_by_name() -> None:
    encoder = create_model("san_resnet50", weights="san_resnet50.synthetic")
    assert encoder.origin.tag == "synthetic"
    assert find_weights_file("san_resnet50.synthetic").name == "san_resnet50.synthetic.safetensors"


def test_the_last_stage_of_a_run_counts(tmp_path: Path) -> None:
    for stage in ("pg", "san"):
        write_run(tmp_path / "run" / stage, ("pg", "san"))
    assert find_network(tmp_path / "run") == tmp_path / "run" / "san" / "encoder.safetensors"
    assert run_networks(tmp_path / "run") == {
        "encoder": tmp_path / "run" / "san" / "encoder.safetensors"
    }


def test_a_run_without_its_last_stage_is_not_finished(tmp_path: Path) -> None:
    write_run(tmp_path / "run" / "pg", ("pg", "san"))
    with pytest.raises(WeightsNotFoundError, match=r"not written .* in its last stage san: repeat"):
        find_network(tmp_path / "run")


def test_an_unfinished_run_names_its_best_weights(tmp_path: Path) -> None:
    write_config(tmp_path / "run", ("one",))
    with pytest.raises(WeightsNotFoundError, match=r"has not written .* yet: repeat"):
        find_network(tmp_path / "run")
    write_run(tmp_path / "run" / "best")
    best = tmp_path / "run" / "best" / "encoder.safetensors"
    with pytest.raises(WeightsNotFoundError, match=f"The best weights so far are {best}"):
        find_network(tmp_path / "run")


def test_a_missing_network_is_an_error(run: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsNotFoundError, match="has neither san_decoder"):
        find_network(run, "san_decoder")
    with pytest.raises(WeightsNotFoundError, match="Its subfolder run has one; use that folder"):
        find_network(run.parent)
    with pytest.raises(WeightsNotFoundError, match="no such file or folder, and no published"):
        create_model("san_resnet14", weights=str(tmp_path / "nothing"))
    (tmp_path / "config.json").write_text("{")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "config.json").write_text('{"recipe": {"stages": 3}}')
    with pytest.raises(WeightsNotFoundError, match="has neither"):
        find_network(tmp_path)
