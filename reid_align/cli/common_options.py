"""Options shared by several commands: encoder, device and computation."""

import argparse


def add_encoder_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that select the encoder and its weights."""
    group = parser.add_argument_group("encoder")
    group.add_argument(
        "--model",
        metavar="NAME",
        help="architecture (san_mobilenet_v2, san_resnet50, …; the documentation lists all), "
        "architecture with published weights (NAME.TAG), repository on the Hugging Face Hub "
        "(user/repo), or exported file (.onnx, .xml); default: the model that the weights were "
        "made for, else san_mobilenet_v2",
    )
    group.add_argument(
        "--weights",
        metavar="WEIGHTS",
        help="training run or its best folder, folder from save_pretrained, .safetensors file, "
        "name of published weights (NAME.TAG), hf-hub:user/repo, or 'random' (random weights, for "
        "testing only); default: the model's published weights",
    )
    group.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="seed for everything random; default: %(default)s",
    )


def add_device_option(group: argparse._ActionsContainer) -> None:
    """Add ``--device``."""
    group.add_argument(
        "--device",
        default="auto",
        metavar="D",
        help="auto, cpu, cuda, cuda:N or mps; default: auto",
    )


def add_batch_option(group: argparse._ActionsContainer) -> None:
    """Add ``--batch-size``."""
    group.add_argument(
        "--batch-size", type=int, metavar="N", help="images per batch; default: 8, on a GPU 128"
    )


def add_compute_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for the computation of features."""
    group = parser.add_argument_group("computation")
    add_device_option(group)
    group.add_argument(
        "--dtype",
        default="float32",
        choices=("float32", "bfloat16", "float16"),
        help="dtype to compute in (features are stored as float32); default: %(default)s",
    )
    group.add_argument(
        "--backend",
        default="torch",
        choices=("torch", "plain", "compile", "onnx", "openvino"),
        help="inference backend; plain is the unoptimized reference, onnx and openvino need the "
        "extra of that name; default: %(default)s",
    )
    add_batch_option(group)
    group.add_argument(
        "--num-workers",
        type=int,
        metavar="N",
        help="threads that decode, and on the CPU also compute; default: one per core, at most 16 "
        "with a GPU",
    )
    group.add_argument(
        "--flip", action="store_true", help="average with the features of the mirror image"
    )
    group.add_argument(
        "--adapt",
        action="store_true",
        help="adapt batch-norm statistics to these images first (AdaBN), without labels; uses "
        "2048 images drawn with --seed",
    )


def add_calibration_options(parser: argparse._ActionsContainer) -> None:
    """Add ``--calibration`` and ``--prior``."""
    parser.add_argument(
        "--calibration",
        metavar="FILE.json",
        help="file that calibrate wrote for this encoder; default: the calibration on synthetic "
        "people that ships with the weights",
    )
    parser.add_argument(
        "--prior",
        type=float,
        default=0.5,
        metavar="P",
        help="share of same-identity pairs that the probabilities assume, between 0 and 1; "
        "default: %(default)s",
    )
