"""Features of the training identities, and trainings with batches of similar ones."""

from pathlib import Path

import numpy as np
import pytest
import torch

from reid_align import create_model, save_pretrained
from reid_align.batches.samplers import SimilarSampler
from reid_align.batches.similar_identities import nearest_identities
from reid_align.features import ExtractOptions, FeatureExtractor
from reid_align.models.pretrained import load_encoder
from reid_align.preprocess import Preprocess
from reid_align.recipes import (
    RECIPES,
    ComputeOptions,
    RecipeData,
    override_settings,
    prepare,
    run_recipe,
    smoke_test,
)
from reid_align.recipes.identity_features import find_similar, identity_features
from reid_align.recipes.recipe import Recipe
from reid_align.recipes.recipe_data import RecipeInputError
from reid_align.recipes.stage_loaders import open_loaders
from reid_align.training.distributed import ProcessGroup


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    torch.manual_seed(0)
    encoder = create_model("san_resnet18")
    encoder.preprocess = Preprocess(64, 32)
    return str(save_pretrained(encoder, tmp_path_factory.mktemp("weights") / "small"))


def recipe_with(*changes: str) -> Recipe:
    return override_settings(
        smoke_test(RECIPES["san_baseline"]), ["training.steps_per_epoch=1", *changes]
    )


SIMILAR = "streams.reid.sampler.num_similar=2"


def test_features_equal_the_normalized_mean_of_evenly_spaced_images(
    data: RecipeData, weights: str, tmp_path: Path
) -> None:
    source = data.reid_source()
    encoder = create_model("san_resnet18", weights=weights)
    extractor = FeatureExtractor(encoder, ExtractOptions("cpu"), channel_order="rgb")
    found = identity_features(source, extractor)
    people = sorted(set(source.person_ids.tolist()))
    assert found.shape == (len(people), encoder.feature_dim)
    for row, person in zip(found, people, strict=True):
        images = [i for i, other in enumerate(source.person_ids) if other == person]
        chosen = {images[0], images[round((len(images) - 1) / 2)], images[-1]}
        units = []
        for index in sorted(chosen):
            feature = extractor([source.image(index)]).values[0]
            units.append(feature / np.linalg.norm(feature))
        mean = np.sum(units, axis=0)
        assert row @ (mean / np.linalg.norm(mean)) == pytest.approx(1, abs=1e-5)
    nearest = find_similar(source, weights, tmp_path / "similar", ProcessGroup(), "cpu")
    assert np.array_equal(nearest, nearest_identities(found))


def test_neighbors_are_kept_for_the_same_images_and_weights(
    data: RecipeData, weights: str, tmp_path: Path
) -> None:
    source, group = data.reid_source(), ProcessGroup()
    nearest = find_similar(source, weights, tmp_path, group, "cpu")
    (file,) = tmp_path.iterdir()
    np.save(file, nearest[:, ::-1])
    assert np.array_equal(find_similar(source, weights, tmp_path, group, "cpu"), nearest[:, ::-1])
    torch.manual_seed(1)
    other = save_pretrained(create_model("san_resnet18"), tmp_path / "other")
    find_similar(source, str(other), tmp_path, group, "cpu")
    assert len(list(tmp_path.glob("*.npy"))) == 2


def test_loaders_draw_similar_identities_of_the_initial_weights(
    data: RecipeData, weights: str, tmp_path: Path
) -> None:
    stage = prepare(recipe_with(SIMILAR), data, initial=weights).last
    group = ProcessGroup()
    (loader,) = open_loaders(stage, data, 0, group, "cpu", tmp_path, weights).values()
    nearest = find_similar(data.reid_source(), weights, tmp_path / "similar", group, "cpu")
    batches = SimilarSampler(stage.streams["reid"].sampler, nearest).batches(
        loader.source.person_ids, loader.source.camera_ids, stage.training.seed, 0
    )
    classes = np.unique(loader.source.person_ids, return_inverse=True)[1]
    for batch, indices in zip(loader.epoch(0), batches, strict=True):
        assert batch.person_ids.tolist() == classes[indices].tolist()


@pytest.mark.slow
def test_continued_run_gives_the_same_weights(
    data: RecipeData, weights: str, tmp_path: Path
) -> None:
    trained = []
    for name, parts in {"whole": [2], "parts": [1, 2]}.items():
        for epochs in parts:
            changes = (SIMILAR, f"training.epochs={epochs}")
            ready = prepare(recipe_with(*changes), data, initial=weights)
            run_recipe(ready, data, tmp_path / name, ComputeOptions("cpu"))
        trained.append(load_encoder(tmp_path / name).state_dict())
    assert all(torch.equal(trained[0][key], trained[1][key]) for key in trained[0])


@pytest.mark.parametrize("initial", ["random", "imagenet"])
def test_similar_identities_need_trained_weights(data: RecipeData, initial: str) -> None:
    with pytest.raises(RecipeInputError, match=f"starts from {initial} weights") as error:
        prepare(recipe_with(SIMILAR), data, initial=initial)
    assert error.value.arguments == ("run",)
