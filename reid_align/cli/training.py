"""The options of ``train``: the data, and what is changed of a recipe."""

import argparse


def add_data_options(group: argparse._ArgumentGroup) -> None:
    """Add the options that say what to train and to evaluate on."""
    group.add_argument("--data", metavar="NAME=FOLDER", help="the dataset to train on")
    group.add_argument(
        "--data-option", action="append", default=[], metavar="OPTION=VALUE", help="one of its own"
    )
    group.add_argument(
        "--synthetic",
        metavar="FOLDER",
        help="what synthesize wrote, or a CSV file of pairs; default: the folder of "
        "--data synthetic=FOLDER",
    )
    group.add_argument(
        "--textures",
        metavar="FOLDER",
        help="textures of the training images; default: SAN-PG draws them",
    )
    group.add_argument(
        "--iuv", metavar="FOLDER", help="dense maps of the training images, as unwrap writes them"
    )
    group.add_argument("--external", metavar="FOLDER", help="other images to be drawn")
    group.add_argument(
        "--evaluate", metavar="NAME=FOLDER", help="a dataset to evaluate on now and then"
    )
    group.add_argument(
        "--evaluate-option",
        action="append",
        default=[],
        metavar="OPTION=VALUE",
        help="one of its own",
    )
    group.add_argument(
        "--evaluate-iuv",
        metavar="FOLDER",
        help="dense maps of its images: fused features of DSA-reID are evaluated too",
    )
    group.add_argument(
        "--hold-out",
        type=int,
        default=0,
        metavar="N",
        help="evaluate on N persons of the training set instead, and do not train on them",
    )


def add_recipe_options(group: argparse._ArgumentGroup) -> None:
    """Add the options that change a recipe."""
    group.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="PATH=VALUE",
        help="change a setting, as --show names it: of the last stage, or of the stage whose name "
        "the path begins with; may be repeated",
    )
    group.add_argument(
        "--from",
        dest="run",
        metavar="RUN",
        help="an earlier run, its encoder, a folder of save_pretrained or the name of published "
        "weights, in place of all stages but the last",
    )
    group.add_argument(
        "--initial",
        metavar="WEIGHTS",
        help="what the first stage starts from: imagenet, random, or what --from takes; default: "
        "what the recipe says",
    )
    group.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="of everything random, also of which persons --hold-out takes, which "
        "--set training.seed does not change; default: 0",
    )
    group.add_argument(
        "--tiny", action="store_true", help="a small network, small images and a few steps"
    )
