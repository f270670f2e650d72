"""``python -m reid_align`` lists the verbs; ``python -m reid_align VERB …`` runs one."""

import sys
from collections.abc import Sequence
from importlib import import_module

from reid_align import __version__
from reid_align.cli import close_quietly

VERBS = {
    "extract": "compute the features of a folder of person images",
    "evaluate": "score features or an encoder on a re-identification benchmark",
    "unwrap": "write the textures or dense maps of a folder of person images",
    "train": "train a recipe: the papers' rows, and what people train today",
    "publish": "put weights into the package or on the Hugging Face Hub",
    "synthesize": "make images of synthetic people, with dense maps and textures",
}


def usage() -> str:
    """Return the list of verbs."""
    verbs = "\n".join(f"  {verb:<12}{purpose}" for verb, purpose in VERBS.items())
    return (
        f"reid_align {__version__}: person re-identification features\n\n"
        f"usage: python -m reid_align VERB [options]\n\n{verbs}\n\n"
        "python -m reid_align VERB --help explains a verb; python -m reid_align.VERB runs it too."
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the verb that the arguments name; without one, list them all."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help"):
        try:
            print(usage(), flush=True)
        except BrokenPipeError:
            return close_quietly()
        return 0
    verb = arguments[0]
    if verb in ("-V", "--version"):
        print(__version__)
        return 0
    if verb not in VERBS:
        print(f"Unknown verb {verb!r}.\n\n{usage()}", file=sys.stderr)
        return 2
    code: int = import_module(f"reid_align.{verb}").main(arguments[1:])
    return code


if __name__ == "__main__":
    sys.exit(main())
