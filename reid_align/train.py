"""``python -m reid_align.train RECIPE --data NAME=FOLDER -o RUN``: train a recipe."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reid_align.cli import OK, add_device_option, command_parser, run
from reid_align.cli.training import add_data_options, add_recipe_options
from reid_align.errors import InvalidInputError

if TYPE_CHECKING:
    from reid_align.recipes import Data, Recipe

DESCRIPTION = """\
Train a recipe: a row of the papers' tables, or one of today's.

  python -m reid_align.train --list
  python -m reid_align.train san_full --show
  python -m reid_align.train san_full --data market1501=data/market --synthetic data/pit -o runs/san
  python -m reid_align.train san_full --tiny --data synthetic=data/synth -o runs/try
  torchrun --nproc-per-node 4 -m reid_align.train dsa_full --data synthetic=data/synth -o runs/dsa

RUN gets the weights, a log, curves and sample images. The same command continues a run that was
stopped; recipes of several stages have a folder for each."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = command_parser("train", DESCRIPTION)
    parser.add_argument("recipe", nargs="?", metavar="RECIPE", help="the recipe's name")
    parser.add_argument("--list", action="store_true", help="list the recipes and stop")
    parser.add_argument("--show", action="store_true", help="print the whole recipe and stop")
    parser.add_argument("-o", "--output", metavar="RUN", help="the folder to write to")
    add_data_options(parser.add_argument_group("data"))
    add_recipe_options(parser.add_argument_group("recipe"))
    group = parser.add_argument_group("computation")
    add_device_option(group)
    group.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes that decode images, for each stream; 0 decodes in the main process; "
        "default: half of the cores, at most 8",
    )
    return parser


def train(args: argparse.Namespace) -> int:
    """Run the command on parsed arguments and return its exit code."""
    # Imported here so that --help answers without loading torch.
    from reid_align.recipes import (
        RECIPES,
        Machine,
        default_workers,
        list_recipes,
        prepare,
        report_run,
        run_recipe,
        show_recipe,
    )
    from reid_align.training.group import open_group

    if args.list:
        print(list_recipes(RECIPES[name] for name in RECIPES))
        return OK
    recipe = _recipe(args)
    if args.show:
        print(show_recipe(recipe))
        return OK
    if args.output is None:
        raise InvalidInputError("Where to? Name the folder of the run with -o RUN.")
    data = _data(args)
    workers = default_workers() if args.workers is None else args.workers
    with open_group() as group:
        ready = prepare(recipe, data, args.run, args.initial, group)
        machine = Machine(args.device, workers, group, progress=True)
        summary = run_recipe(ready, data, Path(args.output), machine)
    if group.rank == 0:
        print(report_run(recipe.name, summary), file=sys.stderr)
    return OK


def _recipe(args: argparse.Namespace) -> "Recipe":
    from reid_align.recipes import RECIPES, override, tiny

    if args.recipe is None:
        raise InvalidInputError("Which recipe? --list shows them all.")
    recipe = RECIPES[args.recipe]
    recipe = tiny(recipe) if args.tiny else recipe
    seeds = (
        [] if args.seed is None else [f"{s.name}.training.seed={args.seed}" for s in recipe.stages]
    )
    return override(recipe, [*seeds, *args.settings])


def _data(args: argparse.Namespace) -> "Data":
    from reid_align.recipes import read_data

    return read_data(
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
    return run(build_parser(), train, argv, "the same command goes on where it was")


if __name__ == "__main__":
    sys.exit(main())
