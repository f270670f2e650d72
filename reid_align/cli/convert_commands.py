"""Conversion selected on the command line, and its report."""

import re
from argparse import Namespace

from reid_align.conversion import Conversion, convert_checkpoint, convert_imagenet
from reid_align.errors import InvalidInputError
from reid_align.typed_reading import read_text
from reid_align.weights import Argument
from reid_align.weights.tensor_matching import join_names

IMAGENET = "imagenet:"
SIZE = re.compile(r"([1-9]\d{0,3})x([1-9]\d{0,3})")
TERMS = (
    "The weights keep the terms of their authors and of their training data; Market-1501, "
    "DukeMTMC-reID, MSMT17 and CUHK03 are for research only."
)


def run_conversion(args: Namespace) -> None:
    """Convert the source and print what was recognized, left out and assumed."""
    if args.source.startswith(IMAGENET):
        _refuse_options(args)
        folder = convert_imagenet(args.source.removeprefix(IMAGENET), args.output)
        print(f"Wrote {folder}. Start a training from it with --initial {folder}.")
        return
    done = convert_checkpoint(
        args.source,
        args.output,
        size=None if args.size is None else _size(args.size),
        arch_args=dict(_argument(text) for text in args.set),
        training_data=args.training_data,
    )
    print("\n".join(describe_conversion(done, args.training_data)))


def describe_conversion(done: Conversion, training_data: str | None) -> list[str]:
    """Return the report, line by line."""
    network, encoder = done.network, done.encoder
    size = network.preprocess
    lines = [
        f"{network.library} (code: {network.license}), sha256 {done.sha256}",
        f"architecture: {network.architecture}, {_arguments(encoder.arch_args)}",
        f"images: {size.height}×{size.width} (height × width), {size.interpolation}; other sizes "
        "with --size",
        f"tensors: {done.tensors - len(network.left_out)} of {done.tensors} converted",
    ]
    if done.prefixes:
        lines.append(f"prefix removed from names: {join_names(list(done.prefixes))}")
    if done.left_out:
        identities = f" (classifier of {network.identities} identities)"
        known = identities if network.identities else ""
        lines.append(f"left out: {', '.join(done.left_out)}{known}")
    if network.assumed:
        assumed = {name: encoder.arch_args[name] for name in network.assumed}
        lines.append(f"not in the file, assumed: {_arguments(assumed)}; change with --set")
    lines.append(f"training data: {training_data or 'not stated'}. {TERMS}")
    if done.decoder:
        lines.append(f"decoder: {done.decoder}")
    return [*lines, f"Wrote {done.folder}; use it with --weights {done.folder}."]


def _arguments(arguments: object) -> str:
    assert isinstance(arguments, dict)
    return ", ".join(f"{name}={value}" for name, value in arguments.items())


def _size(text: str) -> tuple[int, int]:
    match = SIZE.fullmatch(text)
    if match is None:
        raise InvalidInputError(f"--size {text}: expected HEIGHTxWIDTH, such as 256x128.")
    return int(match[1]), int(match[2])


def _argument(text: str) -> tuple[str, Argument]:
    """Read NAME=VALUE; the value is a boolean, an integer or a text."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise InvalidInputError(f"--set {text}: expected NAME=VALUE, such as last_stride=1.")
    result = read_text(bool | int | str, value)
    assert isinstance(result, bool | int | str)
    return name, result


def _refuse_options(args: Namespace) -> None:
    if args.size is not None or args.set or args.training_data is not None:
        raise InvalidInputError(
            f"--size, --set and --training-data do not apply to {IMAGENET}MODEL; omit them."
        )
