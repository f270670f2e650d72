"""``python -m reid_align.train RECIPE --data NAME=FOLDER -o RUN``: train a recipe."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reid_align.cli import OK, add_device_option, add_renamed_option, command_parser, run
from reid_align.cli.fine_tuning_report import (
    describe_fine_tuning,
    evaluate_arguments,
    report_fine_tuning,
)
from reid_align.cli.train_options import TRAIN_ADVICE, add_data_options, add_recipe_options, advise
from reid_align.cli.train_report import report_run
from reid_align.errors import InvalidInputError

if TYPE_CHECKING:
    from reid_align.recipes import Recipe, RecipeData

DESCRIPTION = """\
Train a recipe: a row of the papers' tables, or current training practice.

  python -m reid_align.train --list
  python -m reid_align.train san_full --show
  python -m reid_align.train san_full --data market1501=data/market --synthetic data/pit -o runs/san
  python -m reid_align.train finetune --data csv=mine.csv --from NAME --hold-out 50 -o runs/mine
  python -m reid_align.train san_full --tiny --data synthetic=data/synth -o runs/try
  torchrun --nproc-per-node 4 -m reid_align.train dsa_full --data synthetic=data/synth -o runs/dsa

RUN receives the weights, a log, curves and sample images. The same command continues an
interrupted run. Recipes of several stages write a subfolder for each stage."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = command_parser("train", DESCRIPTION)
    parser.add_argument("recipe", nargs="?", metavar="RECIPE", help="name of the recipe")
    parser.add_argument("--list", action="store_true", help="list the recipes and stop")
    parser.add_argument("--show", action="store_true", help="print all settings and stop")
    parser.add_argument("-o", "--output", metavar="RUN", help="output folder")
    add_data_options(parser.add_argument_group("data"))
    add_recipe_options(parser.add_argument_group("recipe"))
    group = parser.add_argument_group("computation")
    add_device_option(group)
    group.add_argument(
        "--num-workers",
        type=int,
        metavar="N",
        help="processes that decode images, for each stream; 0 decodes in the main process; "
        "default: half of the cores, at most 8",
    )
    add_renamed_option(group, "--workers", "--num-workers")
    return parser


def train(args: argparse.Namespace) -> int:
    """Run the command on parsed arguments and return its exit code."""
    # Imported here: --help does not need torch.
    from reid_align.recipes import RECIPES, RecipeInputError, list_recipes, show_recipe

    if args.list:
        print(list_recipes(RECIPES[name] for name in RECIPES))
        return OK
    recipe = _recipe(args)
    if args.show:
        print(show_recipe(recipe))
        return OK
    if args.output is None:
        raise InvalidInputError("Missing -o RUN, the output folder.")
    try:
        return _run(recipe, args)
    except RecipeInputError as error:
        raise InvalidInputError(f"{error} {advise(error.arguments)}") from error


def _run(recipe: "Recipe", args: argparse.Namespace) -> int:
    from reid_align.recipes import (
        ComputeOptions,
        default_loader_workers,
        measure_own_split,
        prepare,
        run_recipe,
    )
    from reid_align.training.distributed import open_group

    data = _data(args)
    selects = data.evaluation is not None
    recipe, data = measure_own_split(recipe, data)
    num_workers = default_loader_workers() if args.num_workers is None else args.num_workers
    with open_group() as group:
        ready = prepare(recipe, data, args.run, args.initial, group)
        if recipe.last.fine_tunes and group.rank == 0:
            print(describe_fine_tuning(ready, data), file=sys.stderr)
        compute = ComputeOptions(args.device, num_workers, group, progress=True)
        summary = run_recipe(
            ready, data, Path(args.output), compute, new_evaluation=args.new_evaluation
        )
    if group.rank == 0 and recipe.last.fine_tunes:
        own_split = data.evaluation is not None and not selects
        test = evaluate_arguments(args, own_split=own_split)
        print(report_fine_tuning(recipe.name, summary, test, selects=selects), file=sys.stderr)
    elif group.rank == 0:
        print(report_run(recipe.name, summary), file=sys.stderr)
    return OK


def _recipe(args: argparse.Namespace) -> "Recipe":
    from reid_align.recipes import RECIPES, fit_to_weights, override_settings, smoke_test

    if args.recipe is None:
        raise InvalidInputError("Missing RECIPE, the name of a recipe. --list shows all recipes.")
    recipe = RECIPES[args.recipe]
    if args.run or args.initial:
        recipe = fit_to_weights(recipe, args.run or args.initial)
    if args.tiny:
        recipe = smoke_test(recipe)
    if args.seed is not None:
        seeds = [f"{stage.name}.training.seed={args.seed}" for stage in recipe.stages]
        recipe = override_settings(recipe, seeds)
    return override_settings(recipe, args.settings)


def _data(args: argparse.Namespace) -> "RecipeData":
    from reid_align.recipes import load_recipe_data

    return load_recipe_data(
        args.data,
        args.data_option,
        args.evaluate,
        args.evaluate_option,
        args.hold_out,
        args.seed or 0,
        synthetic=args.synthetic,
        textures=args.textures,
        iuv=args.iuv,
        external=args.external,
        evaluation_iuv=args.evaluate_iuv,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run and return the exit code."""
    return run(
        build_parser(), train, argv, "the same command continues the run", advice=TRAIN_ADVICE
    )


if __name__ == "__main__":
    sys.exit(main())
