"""Before a recipe runs: fit it to the data and to its start, and see whether it can run at all."""

from collections.abc import Sequence
from dataclasses import replace

from reid_align.errors import InvalidInputError
from reid_align.recipes.decoder_targets import check_drawing, fit_target, missing_target
from reid_align.recipes.dry_run import rehearse
from reid_align.recipes.recipe import GIVEN, IMAGENET, Recipe, Stage
from reid_align.recipes.stage_streams import check_streams
from reid_align.recipes.training_data import NO_PAIRS, Data
from reid_align.recipes.training_scores import decisive_score
from reid_align.tasks import REID, SYNTHETIC
from reid_align.training.group import ProcessGroup

ALONE = ProcessGroup()


def prepare(
    recipe: Recipe,
    data: Data,
    run: str | None = None,
    initial: str | None = None,
    group: ProcessGroup = ALONE,
) -> Recipe:
    """Return the recipe as it will run, after checking that it can.

    Nothing is written, and nothing takes long: networks that draw or that a stage starts from are
    read, and the losses of each stage are computed once, on blank images.

    Args:
        recipe: with all overrides.
        data: what there is to train on.
        run: the folder of an earlier run, its encoder or the name of published weights, in place
            of all stages but the last; a recipe of a single stage starts from it.
        initial: what the first stage starts from: "imagenet", "random", or likewise.
        group: the processes that will train together.

    Raises:
        ReidAlignError: something is missing or does not fit; the message says what to give.
    """
    stages = recipe.stages if run is None else (_from_run(recipe, run),)
    if initial is not None:
        stages = (_from_weights(stages[0], initial), *stages[1:])
    stages = tuple(_fit(stage, data) for stage in stages)
    _require_all(stages, data)
    for number, stage in enumerate(stages):
        _check(stage, [before.name for before in stages[:number]], data, group)
    return replace(recipe, stages=stages)


def _from_run(recipe: Recipe, run: str) -> Stage:
    """Return the last stage with the run in the place of everything that comes before it."""
    before = {GIVEN, *(stage.name for stage in recipe.stages[:-1])}
    last = recipe.last
    unwrapper = run if last.unwrapper in before else last.unwrapper
    if last.initial in before or unwrapper == last.unwrapper:
        return replace(_from_weights(last, run), unwrapper=unwrapper)
    return replace(last, unwrapper=unwrapper)


def _from_weights(stage: Stage, initial: str) -> Stage:
    """Return the stage with another start; weights that are given count for all that they hold.

    What stays random beside ImageNet's weights, as in DSA-reID, stays so beside those alone.
    """
    return replace(stage, initial=initial, fresh=stage.fresh if initial == IMAGENET else ())


def _fit(stage: Stage, data: Data) -> Stage:
    if REID not in stage.streams or data.evaluation is None:
        return fit_target(stage, data)
    best = decisive_score(data.evaluation)
    return fit_target(replace(stage, training=replace(stage.training, best=best)), data)


def _require_all(stages: Sequence[Stage], data: Data) -> None:
    """Refuse a set-up that lacks something, and name everything that it lacks at once."""
    lacking: dict[str, None] = {}
    for stage in stages:
        if GIVEN in (stage.initial, stage.unwrapper):
            run = f"The stage {stage.name!r} goes on from an earlier run: name its folder"
            lacking[f"{run} with --from."] = None
        try:
            missing_target(stage, data)
        except InvalidInputError as error:
            lacking[str(error)] = None
        if SYNTHETIC in stage.streams and data.synthetic is None:
            lacking[NO_PAIRS] = None
    if lacking:
        raise InvalidInputError(" ".join(lacking))


def _check(stage: Stage, earlier: Sequence[str], data: Data, group: ProcessGroup) -> None:
    check_streams(stage, data, group)
    check_drawing(stage, data, missing_target(stage, data), earlier)
    rehearse(stage, earlier)
