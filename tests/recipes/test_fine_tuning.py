"""Fit of the recipe ``finetune`` to weights and data."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reid_align import create_model, save_pretrained
from reid_align.batches.sources import ReidSource
from reid_align.datasets import ImageRecord, ReidDataset, load_dataset
from reid_align.errors import DatasetFormatError, InvalidInputError, WeightsFormatError
from reid_align.heads import decoder_for
from reid_align.preprocess import Preprocess
from reid_align.recipes import (
    RECIPES,
    RecipeData,
    fit_to_weights,
    load_recipe_data,
    measure_own_split,
    override_settings,
    prepare,
)
from reid_align.recipes.fine_tuning import MIN_STEPS, fit_to_data
from reid_align.recipes.image_check import check_images
from reid_align.tasks import BaselineConfig, EncoderConfig
from reid_align.training.saving.run_artifacts import save_products
from reid_align.training.task_interface import Product

RECIPE = RECIPES["finetune"]
PREPARED = Preprocess(
    64, 32, (0.4, 0.5, 0.6), (0.2, 0.3, 0.4), "bicubic", smoothing=0.5, stretch=0.02
)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a saved encoder with other settings than the default weights."""
    torch.manual_seed(0)
    encoder = create_model("san_mobilenet_v2", head="bnneck")
    encoder.preprocess = PREPARED
    return str(save_pretrained(encoder, tmp_path_factory.mktemp("weights") / "light"))


def data_of(*counts: int) -> RecipeData:
    """Return data with so many images of each identity."""
    train = tuple(
        ImageRecord(f"{person}_{number}.jpg", person, number % 2)
        for person, count in enumerate(counts)
        for number in range(count)
    )
    return RecipeData(ReidDataset("mine", "/root", train, (), "cross_camera"))


def test_encoder_and_preprocessing_are_those_of_the_weights(weights: str) -> None:
    stage = fit_to_weights(RECIPE, weights).last
    assert isinstance(stage.task, BaselineConfig)
    assert stage.task.encoder.architecture == "san_mobilenet_v2"
    assert dict(stage.task.encoder.arguments) == {"head": "bnneck", "pool": "avg"}
    assert stage.task.preprocess == PREPARED
    assert stage.initial == weights


def test_published_weights_are_followed_by_name() -> None:
    stage = fit_to_weights(RECIPE, "dsa_reid.synthetic").last
    assert isinstance(stage.task, BaselineConfig)
    encoder = stage.task.encoder
    assert (encoder.architecture, encoder.height, encoder.stretch) == ("dsa_reid", 128, 0.01)
    assert dict(encoder.arguments)["local_input"] == "slice"
    assert stage.training.precision == "bfloat16"


def test_settings_can_be_changed_after_the_fit(weights: str) -> None:
    recipe = override_settings(fit_to_weights(RECIPE, weights), ["task.encoder.height=128"])
    ready = prepare(recipe, data_of(4, 4), weights)
    assert ready.last.task.preprocess == replace(PREPARED, height=128)


def test_prepare_follows_the_weights_too(weights: str) -> None:
    ready = prepare(RECIPE, data_of(4, 4, 4), weights)
    assert ready.last.task.preprocess == PREPARED
    with pytest.raises(InvalidInputError, match="starts from trained weights, and none were"):
        prepare(RECIPE, data_of(4, 4))


def test_other_recipes_do_not_follow_weights(weights: str) -> None:
    recipe = RECIPES["baseline_modern"]
    assert fit_to_weights(recipe, weights) is recipe


@pytest.mark.parametrize("start", ["imagenet", "random"])
def test_training_from_scratch_is_refused(start: str) -> None:
    with pytest.raises(InvalidInputError, match=r"starts from trained weights.*baseline_modern"):
        fit_to_weights(RECIPE, start)


def test_weights_that_are_no_encoder_are_refused(tmp_path: Path) -> None:
    decoder = decoder_for(create_model("san_resnet18"), height=32, width=32).eval()
    save_products(tmp_path, {"san_decoder": Product(decoder, "san_decoder", decoder.arch_args)})
    with pytest.raises(WeightsFormatError, match=r"needs an encoder .* but this is san_decoder"):
        fit_to_weights(RECIPE, str(tmp_path / "san_decoder.safetensors"))


def test_batches_fit_the_number_of_identities() -> None:
    few = fit_to_data(RECIPE.last, data_of(4, 4, 2))
    assert few.streams["reid"].sampler.batch_size == 3 * 4
    assert few.training.steps_per_epoch == MIN_STEPS
    many = fit_to_data(RECIPE.last, data_of(*[400] * 20))
    assert many.streams["reid"].sampler.batch_size == 64
    assert many.training.steps_per_epoch == 8000 // 64


def test_a_given_length_of_the_epoch_is_kept() -> None:
    recipe = override_settings(RECIPE, ["training.steps_per_epoch=3"])
    assert fit_to_data(recipe.last, data_of(4, 4)).training.steps_per_epoch == 3


def test_data_without_pairs_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"show 1 identity.*at least two"):
        fit_to_data(RECIPE.last, data_of(9))
    with pytest.raises(InvalidInputError, match="None of the 3 training identities has two images"):
        fit_to_data(RECIPE.last, data_of(1, 1, 1))
    # Identities with one image are negatives for the others.
    fit_to_data(RECIPE.last, data_of(1, 2, 1))


def test_the_test_split_of_the_data_is_measured_only_before_and_after(table: Path) -> None:
    data = load_recipe_data(f"csv={table}")
    recipe, measured = measure_own_split(RECIPE, data)
    assert measured.evaluation is data.reid
    assert recipe.last.training.evaluate_every == recipe.last.training.epochs
    held_out = load_recipe_data(f"csv={table}", held_out=2)
    assert measure_own_split(RECIPE, held_out) == (RECIPE, held_out)
    other = RECIPES["baseline_modern"]
    assert measure_own_split(other, data) == (other, data)


def test_frozen_norms_do_not_change_in_training() -> None:
    encoder = EncoderConfig("san_resnet14", height=32, width=16, frozen_norms=True).build()
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in encoder.parameters() if p.requires_grad], lr=0.1)
    encoder(torch.randn(4, 3, 32, 16)).sum().backward()
    optimizer.step()
    changed = {
        name for name, value in encoder.state_dict().items() if not torch.equal(value, before[name])
    }
    assert changed
    assert not any(".bn" in name or name.startswith("bn") for name in changed)


def test_unreadable_images_are_listed_before_the_training(table: Path, tmp_path: Path) -> None:
    for number in range(9):
        path = tmp_path / f"{number % 3}_c{number}.png"
        Image.fromarray(np.zeros((8 + number, 4, 3), np.uint8)).save(path)
    dataset = load_dataset("folder", tmp_path, pattern=r"(?P<person_id>\d)_")
    source = ReidSource(replace(dataset, train=dataset.splits[0].gallery))
    check_images(source)
    (tmp_path / "0_c3.png").write_bytes(b"")
    content = (tmp_path / "1_c1.png").read_bytes()
    (tmp_path / "1_c1.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(DatasetFormatError, match="2 of 9 training images cannot be read") as error:
        check_images(source)
    assert "0_c3.png" in str(error.value)
    assert "1_c1.png" in str(error.value)
