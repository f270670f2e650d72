"""Options of the serve command: address and limits."""

import argparse

# Defaults of ServiceLimits, which is not imported: --help does not load torch.
LIMITS = {
    "body-bytes": (32 * 2**20, "maximum size of a request body"),
    "images": (64, "maximum images per request"),
    "pixels": (12_000_000, "maximum pixels per image"),
    "hits": (1000, "maximum hits per query"),
    "queued-images": (256, "maximum images of all requests in progress; further requests get 503"),
    "requests": (256, "maximum requests in progress; further requests get 503"),
}


def add_listen_options(group: argparse._ActionsContainer, default_port: int) -> None:
    """Add ``--host``, ``--port`` and ``--token-file``."""
    group.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="H",
        help="address to listen on; 0.0.0.0 for all; default: %(default)s",
    )
    group.add_argument(
        "--port",
        type=int,
        default=default_port,
        metavar="N",
        help="port; 0 takes a free one; default: %(default)s",
    )
    group.add_argument(
        "--token-file",
        metavar="FILE",
        help="file with the token that requests must have; default: the variable REID_ALIGN_TOKEN; "
        "required unless --host is a loopback address",
    )


def add_limit_options(group: argparse._ActionsContainer) -> None:
    """Add ``--max-…`` for each of `LIMITS`."""
    for name, (default, text) in LIMITS.items():
        group.add_argument(
            f"--max-{name}",
            type=int,
            default=default,
            metavar="N",
            help=f"{text}; default: %(default)s",
        )
