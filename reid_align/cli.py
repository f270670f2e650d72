"""What all commands share: exit codes, errors in one line, the options that choose an encoder."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from reid_align.errors import InvalidInputError, ReidAlignError, UnknownNameError

OK, FAILURE, USAGE, SOME_FAILED, INTERRUPTED = 0, 1, 2, 3, 130


def command_parser(
    verb: str, description: str, *, skips_images: bool = False
) -> argparse.ArgumentParser:
    """Return the parser of a command without its options.

    Args:
        verb: the command's name.
        description: what it does; its lines stay lines.
        skips_images: it may go on after an image that cannot be read, for which there is a code.
    """
    some_failed = f"{SOME_FAILED} done but some images failed, " if skips_images else ""
    return argparse.ArgumentParser(
        f"python -m reid_align.{verb}",
        description=description,
        epilog=f"exit codes: {OK} done, {FAILURE} failed, {USAGE} wrong usage, {some_failed}"
        f"{INTERRUPTED} interrupted",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def run(
    parser: argparse.ArgumentParser,
    command: Callable[[argparse.Namespace], int],
    argv: Sequence[str] | None,
    after_interrupt: str = "nothing was written",
) -> int:
    """Parse ``argv``, run the command and return its exit code.

    Errors of this library become one line on standard error; ``--debug`` shows where they arose.

    Args:
        parser: the command's parser.
        command: what to run on the parsed arguments; returns an exit code.
        argv: the arguments; None is those of the process.
        after_interrupt: what Ctrl-C leaves, for the line that is printed then.
    """
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    args = parser.parse_args(argv)
    try:
        code = command(args)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        return close_quietly()
    except ReidAlignError as error:
        if args.debug:
            raise
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        return USAGE if isinstance(error, InvalidInputError | UnknownNameError) else FAILURE
    except KeyboardInterrupt:
        print(f"{parser.prog}: interrupted; {after_interrupt}", file=sys.stderr)
        return INTERRUPTED


def close_quietly() -> int:
    """Stop writing to a reader that went away, such as ``head``, and return an exit code."""
    # Python would complain when it flushes standard output at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILURE


def add_encoder_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which encoder, with which weights."""
    group = parser.add_argument_group("encoder")
    group.add_argument(
        "--model",
        metavar="NAME",
        help="an architecture (san_resnet50, dsa_reid, …; the README has them all), one "
        "with its weights (NAME.TAG), or a repository on the Hugging Face Hub (user/repo); "
        "default: what the weights were made for, else san_resnet50",
    )
    group.add_argument(
        "--weights",
        metavar="FILE",
        help="an encoder.safetensors of ours, a folder with model.safetensors and config.json, "
        "hf-hub:user/repo, or the word 'random' for an untrained network; default: the model's "
        "published weights",
    )
    group.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="of whatever is random; default: %(default)s",
    )


def add_device_option(group: argparse._ActionsContainer) -> None:
    """Add the option that says where to compute."""
    group.add_argument(
        "--device",
        default="auto",
        metavar="D",
        help="auto, cpu, cuda, cuda:N or mps; default: auto",
    )


def add_batch_option(group: argparse._ActionsContainer) -> None:
    """Add the option that says how many images go through the network at once."""
    group.add_argument(
        "--batch-size", type=int, metavar="N", help="images at a time; default: 8, on a GPU 128"
    )


def add_compute_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how features are computed."""
    group = parser.add_argument_group("computation")
    add_device_option(group)
    group.add_argument(
        "--dtype",
        default="float32",
        choices=("float32", "bfloat16", "float16"),
        help="number format to compute in (features are stored as float32); default: %(default)s",
    )
    group.add_argument(
        "--backend",
        default="torch",
        choices=("torch", "plain", "compile", "onnx", "openvino"),
        help="what runs the network; plain is the reference, without any change for speed, "
        "onnx and openvino need the extra of that name; default: %(default)s",
    )
    add_batch_option(group)
    group.add_argument(
        "--num-workers",
        type=int,
        metavar="N",
        help="threads that decode, and on the CPU also compute; default: one per core",
    )
    group.add_argument(
        "--flip", action="store_true", help="average with the features of the mirror image"
    )
    group.add_argument(
        "--adapt",
        action="store_true",
        help="let the encoder get used to these images first, without labels: its batch norms "
        "are estimated anew from 2048 of them, drawn by --seed",
    )
