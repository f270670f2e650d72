"""Preparation of a recipe: fits it to the data and the initial weights, and checks every stage."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import torch

from reid_align.batches.batch import Batch, BatchSpec
from reid_align.batches.samplers import PKSampler, Sampler
from reid_align.batches.sources.texture_mask import TEXTURE_SIZE
from reid_align.errors import InvalidInputError, ReidAlignError
from reid_align.evaluation.label_checks import check_labels
from reid_align.recipes.decoder_targets import check_drawing, fit_targets, missing_target
from reid_align.recipes.fine_tuning import fit_to_data, fit_to_weights
from reid_align.recipes.initial_weights import initialize_task
from reid_align.recipes.recipe import GIVEN, IMAGENET, RANDOM, Recipe, Stage
from reid_align.recipes.recipe_data import RecipeData, RecipeInputError
from reid_align.recipes.stage_loaders import check_loaders
from reid_align.recipes.training_scores import selection_score
from reid_align.tasks import REID, SYNTHETIC
from reid_align.training.distributed import ProcessGroup
from reid_align.training.task_interface import StepContext

SINGLE_PROCESS = ProcessGroup()
# Size of the batches of a dry run.
DRY_IDENTITIES, MAX_DRY_IMAGES = 2, 8
DRY_PART_IMAGES = (24, 3, 32, 32)


def prepare(
    recipe: Recipe,
    data: RecipeData,
    run: str | None = None,
    initial: str | None = None,
    group: ProcessGroup = SINGLE_PROCESS,
) -> Recipe:
    """Return the recipe as it will run, after checking that it can run.

    Writes nothing and takes seconds: it reads the weights of earlier runs and computes the losses
    of each stage once, on blank images.

    Args:
        recipe: with all changed settings.
        data: the data.
        run: an earlier run or other weights, see `weights_reference`. Replaces all stages but the
            last; a recipe of a single stage starts from it.
        initial: initial weights of the first stage: "imagenet", "random", or as for ``run``.
        group: the processes that will train together.

    Raises:
        RecipeInputError: inputs are missing; the message names all of them.
        ReidAlignError: an input or a setting does not fit.
    """
    if data.evaluation is not None:
        check_labels(data.evaluation)
    start = run or initial
    if start is not None and recipe.last.initial == GIVEN:
        recipe = fit_to_weights(recipe, start)
    stages = recipe.stages if run is None else (_from_run(recipe, run),)
    if initial is not None:
        stages = (_from_weights(stages[0], initial), *stages[1:])
    stages = tuple(_fit(stage, data) for stage in stages)
    _require_inputs(stages, data)
    for number, stage in enumerate(stages):
        earlier = [before.name for before in stages[:number]]
        check_loaders(stage, data, group)
        check_drawing(stage, data, missing_target(stage, data), earlier)
        dry_run(stage, earlier)
    return replace(recipe, stages=stages)


def _from_run(recipe: Recipe, run: str) -> Stage:
    """Return the last stage with the run in place of all stages before it."""
    before = {GIVEN, *(stage.name for stage in recipe.stages[:-1])}
    last = recipe.last
    unwrapper = run if last.unwrapper in before else last.unwrapper
    if last.initial in before or unwrapper == last.unwrapper:
        return replace(_from_weights(last, run), unwrapper=unwrapper)
    return replace(last, unwrapper=unwrapper)


def _from_weights(stage: Stage, initial: str) -> Stage:
    """Return the stage with other initial weights; only ImageNet weights leave ``fresh`` random."""
    return replace(stage, initial=initial, fresh=stage.fresh if initial == IMAGENET else ())


def _fit(stage: Stage, data: RecipeData) -> Stage:
    if REID in stage.streams and data.evaluation is not None:
        best = selection_score(data.evaluation)
        stage = replace(stage, training=replace(stage.training, best=best))
    return fit_targets(fit_to_data(stage, data), data)


def _require_inputs(stages: Sequence[Stage], data: RecipeData) -> None:
    """Raise one error with all missing inputs."""
    errors: list[RecipeInputError] = []
    for stage in stages:
        if GIVEN in (stage.initial, stage.unwrapper):
            run = "an earlier run, and none was given"
            start = "trained weights, and none were given" if stage.fine_tunes else run
            message = f"The stage {stage.name!r} starts from {start}."
            errors.append(RecipeInputError(message, "run"))
        for check in (_check_targets, _check_synthetic, _check_similar):
            try:
                check(stage, data)
            except RecipeInputError as error:
                errors.append(error)
    if errors:
        messages = dict.fromkeys(str(error) for error in errors)
        arguments = dict.fromkeys(name for error in errors for name in error.arguments)
        raise RecipeInputError(" ".join(messages), *arguments)


def _check_targets(stage: Stage, data: RecipeData) -> None:
    missing_target(stage, data)


def _check_synthetic(stage: Stage, data: RecipeData) -> None:
    if SYNTHETIC in stage.streams and data.synthetic is None:
        data.synthetic_source()


def _check_similar(stage: Stage, data: RecipeData) -> None:
    del data
    samplers = [stream.sampler for stream in stage.streams.values()]
    similar = any(isinstance(one, PKSampler) and one.num_similar > 1 for one in samplers)
    if similar and stage.initial in (RANDOM, IMAGENET):
        raise RecipeInputError(
            f"The stage {stage.name!r} draws similar identities (num_similar), as trained weights "
            f"see them, but starts from {stage.initial} weights.",
            "run",
        )


def dry_run(stage: Stage, earlier: Collection[str]) -> None:
    """Build the networks of a stage, load their initial weights and compute the losses once.

    Runs on the CPU with blank images of two identities. torch's global generator does not change.

    Args:
        stage: from `prepare`.
        earlier: names of the stages before it; their networks do not exist yet.

    Raises:
        InvalidInputError: the losses cannot be computed with the settings of the stage.
        ReidAlignError: the networks cannot be built or initialized.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        task = stage.task.build(DRY_IDENTITIES)
        if stage.initial not in {IMAGENET, RANDOM, *earlier}:
            initialize_task(task, stage.initial, stage.fresh)
        context = StepContext(0, 0, torch.Generator(), ProcessGroup())
        for name, config in stage.streams.items():
            size = stage.task.preprocess.height, stage.task.preprocess.width
            batch = _blank_batch(config.sampler, stage.task.batch_specs()[name], size)
            try:
                task.losses(name, batch, context)
            except (ReidAlignError, RuntimeError, ValueError) as error:
                reason = " ".join(str(error).split())
                raise InvalidInputError(
                    f"The stage {stage.name!r} cannot train on {name} images with these settings: "
                    f"{reason}"
                ) from error


def _blank_batch(sampler: Sampler, spec: BatchSpec, size: tuple[int, int]) -> Batch:
    """Return a small batch of black images with the content of ``spec``."""
    if isinstance(sampler, PKSampler):
        images = min(sampler.num_instances, MAX_DRY_IMAGES)
        person_ids = torch.arange(DRY_IDENTITIES).repeat_interleave(images)
    else:
        person_ids = torch.full((DRY_IDENTITIES,), -1)
    count = len(person_ids)
    parts, drawn = spec.part_images != "none", spec.target != "none"
    target = (TEXTURE_SIZE, TEXTURE_SIZE) if spec.target == "texture" else size
    return Batch(
        torch.zeros(count, 3, *size),
        person_ids,
        torch.zeros_like(person_ids),
        target=torch.zeros(count, 3, *target) if drawn else None,
        part_images=torch.zeros(count, *DRY_PART_IMAGES) if parts else None,
        part_present=torch.ones(count, dtype=torch.bool) if parts else None,
        iuv=torch.zeros(count, 3, *size, dtype=torch.uint8) if spec.iuv else None,
    )
