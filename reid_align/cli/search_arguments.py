"""Options of ``search``: gallery and search."""

import argparse

DEFAULT_EXPANSION, DEFAULT_RERANKED = 5, 100


def add_gallery_options(parser: argparse._ActionsContainer) -> None:
    """Add the options that say what is searched."""
    parser.add_argument(
        "--gallery",
        required=True,
        metavar="GALLERY",
        help="feats.npy or feats.parquet written by extract, folder written by gallery, or images: "
        "a folder, quoted glob pattern or .txt list",
    )
    parser.add_argument(
        "--where",
        metavar="SQL",
        help='rows of a stored gallery to search, such as "camera = 1"',
    )
    parser.add_argument(
        "--root",
        metavar="FOLDER",
        help="folder for relative paths of the gallery that are not below the working directory",
    )
    parser.add_argument(
        "--metadata",
        metavar="FILE.csv",
        help="table with a column path and columns such as camera, time, track and person_id, of "
        "gallery images and queries",
    )


def add_search_options(group: argparse._ActionsContainer) -> None:
    """Add the options of the search itself."""
    group.add_argument(
        "-k", type=int, default=10, metavar="N", help="hits per query; default: %(default)s"
    )
    group.add_argument(
        "--metric",
        choices=("cosine", "euclidean"),
        default="cosine",
        help="distance between features; default: %(default)s",
    )
    group.add_argument(
        "--exclude-same",
        choices=("camera", "track"),
        help="leave out gallery images with the query's camera or track, from the metadata",
    )
    group.add_argument(
        "--normalize-cameras",
        action="store_true",
        help="whiten the features separately for each camera, from the metadata",
    )
    group.add_argument(
        "--expand-query",
        type=int,
        nargs="?",
        const=DEFAULT_EXPANSION,
        default=0,
        metavar="N",
        help="average the query with its N nearest images and search again; N without a value: "
        "%(const)s",
    )
    group.add_argument(
        "--rerank",
        type=int,
        nargs="?",
        const=DEFAULT_RERANKED,
        default=0,
        metavar="N",
        help="re-rank the N nearest images by their k-reciprocal neighbors; N without a value: "
        "%(const)s",
    )
    group.add_argument(
        "--on-error",
        choices=("fail", "skip"),
        default="fail",
        help="at an unreadable image: stop, or skip it; default: %(default)s",
    )
