"""Options of extraction to Parquet: engine, workers and size of the parts."""

import argparse

PART_IMAGES = 1024


def add_distribution_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of extraction on several machines."""
    group = parser.add_argument_group("many machines, with -o FOLDER.parquet")
    group.add_argument(
        "--engine",
        default="local",
        choices=("local", "ray"),
        help="local: this process; ray: the Ray cluster at RAY_ADDRESS, else all cores and GPUs of "
        "this machine; default: %(default)s",
    )
    group.add_argument(
        "--ray-workers",
        type=int,
        metavar="N",
        help="Ray workers; default: one per GPU, without GPUs one per core",
    )
    group.add_argument(
        "--ray-address", metavar="HOST:PORT", help="Ray cluster; default: RAY_ADDRESS"
    )
    group.add_argument(
        "--part-images",
        type=int,
        default=PART_IMAGES,
        metavar="N",
        help="images per Parquet file, the work that an interruption can lose per worker; a tar "
        "file is one part; default: %(default)s",
    )
