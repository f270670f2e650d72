"""Command line entry point: lists the verbs, or runs one of them."""

import sys
from collections.abc import Sequence
from importlib import import_module

from reid_align import __version__
from reid_align.cli import OK, USAGE, report

VERBS = {
    "extract": "compute the features of person images",
    "join": "join the parts of an extraction to one file",
    "search": "find the gallery images nearest to query images",
    "gallery": "store features in a gallery that grows and can be filtered",
    "evaluate": "evaluate an encoder or features on a benchmark or on your data",
    "explain": "show why two images are similar, and which regions match",
    "show": "draw images, part images, textures, and maps of features",
    "calibrate": 'choose the threshold for "same identity" on labeled images',
    "verify": "decide whether two images show the same identity",
    "cluster": "group images or tracklets into identities",
    "unwrap": "compute the textures or dense pose maps of person images",
    "serve": "answer requests over HTTP: features, search, add, remove, verify",
    "demo": "open a local web page: search, compare, label pairs",
    "train": "train a recipe: the papers' experiments, or a modern baseline",
    "selftrain": "adapt an encoder to your cameras, without labels",
    "export": "write an encoder for ONNX Runtime, OpenVINO or PyTorch",
    "convert": "convert checkpoints of other libraries: torchreid, fast-reid, …",
    "publish": "publish weights on the Hugging Face Hub or in the package",
    "synthesize": "generate images of synthetic people with dense pose maps and textures",
}


def usage() -> str:
    """Return the usage text with the list of verbs."""
    verbs = "\n".join(f"  {verb:<12}{purpose}" for verb, purpose in VERBS.items())
    return (
        f"reid_align {__version__}: person re-identification features\n\n"
        f"usage: python -m reid_align VERB [options]\n\n{verbs}\n\n"
        "Options of a verb: python -m reid_align VERB --help"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run a verb and return its exit code; without a verb, print the usage."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and arguments[0] in VERBS:
        code: int = import_module(f"reid_align.{arguments[0]}").main(arguments[1:])
        return code
    return report("python -m reid_align", lambda: _print_about(arguments))


def _print_about(arguments: Sequence[str]) -> int:
    """Print the usage or the version, or report an unknown verb."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(usage())
        return OK
    if arguments[0] in ("-V", "--version"):
        print(__version__)
        return OK
    print(f"Unknown verb {arguments[0]!r}.\n\n{usage()}", file=sys.stderr)
    return USAGE


if __name__ == "__main__":
    sys.exit(main())
