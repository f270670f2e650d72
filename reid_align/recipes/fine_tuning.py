"""Fit of the recipes ``finetune`` and ``distill`` to the initial weights and to the data."""

from collections import Counter
from dataclasses import replace

from reid_align.batches.samplers import PKSampler
from reid_align.errors import InvalidInputError, WeightsFormatError
from reid_align.models.model_factory import MODELS
from reid_align.recipes.recipe import IMAGENET, RANDOM, Recipe, Stage
from reid_align.recipes.recipe_data import RecipeData, RecipeInputError
from reid_align.tasks import REID, BaselineConfig, EncoderConfig
from reid_align.weights import WeightsHeader, find_weights_file, read_header

# Steps of an epoch if a pass through the data is shorter.
MIN_STEPS = 50


def fit_to_weights(recipe: Recipe, reference: str) -> Recipe:
    """Return the recipe with the encoder and the preprocessing of the initial weights.

    Frozen layers and norms of the recipe stay as they are. Recipes that do not fine-tune are
    returned unchanged.

    Args:
        recipe: the recipe, before changed settings.
        reference: the initial weights; see `weights_reference`.

    Raises:
        RecipeInputError: "imagenet" or "random" instead of trained weights.
        WeightsError: the weights cannot be found or read, or are not those of an encoder.
    """
    stage = recipe.last
    if not stage.fine_tunes or not isinstance(stage.task, BaselineConfig):
        return recipe
    if reference in (IMAGENET, RANDOM):
        raise RecipeInputError(
            f"{recipe.name} starts from trained weights, not from {reference!r}. To train from "
            f"{reference} weights, use another recipe, such as baseline_modern.",
            "run",
        )
    encoder = _encoder_of(_header(reference), reference, stage.task.encoder)
    task = replace(stage.task, encoder=encoder)
    stage = replace(stage, task=task, initial=reference)
    return replace(recipe, stages=(*recipe.stages[:-1], stage))


def fit_to_data(stage: Stage, data: RecipeData) -> Stage:
    """Return the stage with batches that the data can fill, and epochs of at least 50 steps.

    Stages that do not fine-tune are returned unchanged.

    Raises:
        RecipeInputError: there is only one identity, or no identity has two images.
    """
    stream = stage.streams.get(REID)
    if not stage.fine_tunes or data.reid is None or stream is None:
        return stage
    if not isinstance(stream.sampler, PKSampler):
        return stage
    person_ids = data.reid_source().person_ids.tolist()
    counts = Counter(person for person in person_ids if person >= 0)
    if len(counts) < 2:
        raise RecipeInputError(
            f"The training images show {len(counts)} identity: training compares identities and "
            "needs at least two, better a hundred. Label more of them, or hold out fewer.",
            "reid",
            "held_out",
        )
    if max(counts.values()) < 2:
        raise RecipeInputError(
            f"None of the {len(counts):,} training identities has two images, and training needs "
            "different images of one identity, best from different cameras. Check that the "
            "person_id is the identity and not the image.",
            "reid",
        )
    identities = min(stream.sampler.num_identities, len(counts))
    sampler = replace(stream.sampler, num_identities=identities)
    training = stage.training
    if training.steps_per_epoch is None:
        steps = max(len(person_ids) // sampler.batch_size, MIN_STEPS)
        training = replace(training, steps_per_epoch=steps)
    return replace(
        stage,
        training=training,
        streams={**stage.streams, REID: replace(stream, sampler=sampler)},
    )


def measure_own_split(recipe: Recipe, data: RecipeData) -> tuple[Recipe, RecipeData]:
    """Return recipe and data that measure on the test images of the training dataset.

    Only if the recipe fine-tunes, no evaluation data were given, and the dataset has a test split.
    Only the initial and the final weights are measured, because the test images must not select
    the weights.
    """
    stage, reid = recipe.last, data.reid
    if not stage.fine_tunes or data.evaluation is not None:
        return recipe, data
    if reid is None or not reid.train or not reid.splits:
        return recipe, data
    training = replace(stage.training, evaluate_every=stage.training.epochs)
    stage = replace(stage, training=training)
    return replace(recipe, stages=(*recipe.stages[:-1], stage)), replace(data, evaluation=reid)


def _header(reference: str) -> WeightsHeader:
    path = find_weights_file(reference)
    header = read_header(path)
    if header is None or header.preprocess is None or header.architecture not in MODELS:
        found = "a file without metadata" if header is None else header.architecture
        raise WeightsFormatError(
            f"{path}: fine-tuning needs an encoder with its architecture and preprocessing, but "
            f"this is {found}. Use weights of this library, or save the encoder with "
            "save_pretrained."
        )
    return header


def _encoder_of(header: WeightsHeader, reference: str, recipe: EncoderConfig) -> EncoderConfig:
    prepared = header.preprocess
    if prepared is None:
        raise InvalidInputError(f"{reference}: the preprocessing is unknown.")
    return EncoderConfig(
        header.architecture,
        dict(header.arch_args),
        prepared.height,
        prepared.width,
        prepared.smoothing,
        prepared.stretch,
        prepared.mean,
        prepared.std,
        recipe.frozen_map,
        recipe.frozen_norms,
        prepared.interpolation,
    )
