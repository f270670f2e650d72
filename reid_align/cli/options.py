"""Options that several commands have: which encoder, and how it computes."""

import argparse


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
