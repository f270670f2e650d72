"""ImageNet's weights, which both papers start from; downloaded when a training asks for them."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import torch
from torch import Tensor, nn

from reid_align.errors import WeightsIntegrityError, WeightsNotFoundError
from reid_align.models import DenseNetEncoder
from reid_align.models.resnet import LAYOUTS, Depth, ResNetTrunk
from reid_align.weights.files import sha256_of

Body = ResNetTrunk | DenseNetEncoder

# torchvision's IMAGENET1K_V1; each name ends in the start of the file's SHA-256.
PLAIN: Mapping[Depth, str] = {
    18: "https://download.pytorch.org/models/resnet18-f37072fd.pth",
    34: "https://download.pytorch.org/models/resnet34-b627a593.pth",
    50: "https://download.pytorch.org/models/resnet50-0676ba61.pth",
    101: "https://download.pytorch.org/models/resnet101-63fe2227.pth",
}
DENSENET_121 = "https://download.pytorch.org/models/densenet121-a639ec97.pth"
# That file was written when names could hold the points that torch refuses today.
OLD_POINT = re.compile(r"(denselayer\d+\.(?:norm|conv))\.(?=[12]\.)")
# XingangPan/IBN-Net (MIT), of arXiv:1807.09441.
IBN_A: Mapping[Depth, str] = {
    18: "https://github.com/XingangPan/IBN-Net/releases/download/v1.0/resnet18_ibn_a-2f571257.pth",
    34: "https://github.com/XingangPan/IBN-Net/releases/download/v1.0/resnet34_ibn_a-94bc1577.pth",
    50: "https://github.com/XingangPan/IBN-Net/releases/download/v1.0/resnet50_ibn_a-d9d0bb7b.pth",
    101: "https://github.com/XingangPan/IBN-Net/releases/download/v1.0/resnet101_ibn_a-59ea0ac6.pth",
}


def imagenet_tensors(body: Body) -> dict[str, Tensor]:
    """Return the tensors of the network that this is the body of, its classifier included.

    They are kept where `torch.hub` keeps its downloads.

    Raises:
        WeightsNotFoundError: the file is not there and cannot be downloaded.
        WeightsIntegrityError: it is another file than the one that was published.
    """
    url = imagenet_url(body)
    file = Path(torch.hub.get_dir()) / "checkpoints" / Path(urlsplit(url).path).name
    if file.exists():
        # torch compares the hash only of what it downloads.
        _check(file)
    try:
        found: dict[str, Tensor] = torch.hub.load_state_dict_from_url(
            url,
            map_location="cpu",
            progress=sys.stderr.isatty(),
            check_hash=True,
            weights_only=True,
        )
    except OSError as error:
        raise WeightsNotFoundError(
            f"ImageNet's weights cannot be downloaded from {url} ({error}). Put the file into "
            f"{file.parent}, or start from something else: --initial random, or --initial with an "
            "encoder.safetensors."
        ) from error
    except RuntimeError as error:
        raise WeightsIntegrityError(f"{file.name} is not the published file ({error}).") from error
    return _as_saved_today(found)


def imagenet_url(body: Body) -> str:
    """Return where the weights of a network are.

    Raises:
        WeightsNotFoundError: there are none.
    """
    if isinstance(body, DenseNetEncoder):
        return DENSENET_121
    block = body.layer3[0]
    depth = next(
        depth
        for depth, (kind, blocks) in LAYOUTS.items()
        if isinstance(block, kind) and len(body.layer3) == blocks[2]
    )
    plain = isinstance(block.bn1, nn.BatchNorm2d)
    if depth not in PLAIN:
        raise WeightsNotFoundError(
            f"Nobody has published ImageNet's weights for a ResNet-{depth}: start from something "
            "else, such as --initial random."
        )
    return (PLAIN if plain else IBN_A)[depth]


def _check(file: Path) -> None:
    """Refuse a file whose SHA-256 does not begin as its name ends, before anything reads it.

    Raises:
        WeightsIntegrityError: it is so, or the file cannot be read.
    """
    published = file.stem.rpartition("-")[2]
    try:
        found = sha256_of(file)
    except OSError as error:
        raise WeightsIntegrityError(f"{file}: it cannot be read ({error}).") from error
    if not found.startswith(published):
        raise WeightsIntegrityError(
            f"{file}: this is not the published file. Its sha256 is {found}, and that of the "
            f"published one begins with {published}. Remove it, and it is downloaded anew."
        )


def _as_saved_today(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors by the names that torch gives them today, and those it has beside them."""
    named = {OLD_POINT.sub(r"\1", key): tensor for key, tensor in tensors.items()}
    # Before torch 0.4.1 a batch norm did not count its batches.
    counters = {
        key.replace("running_mean", "num_batches_tracked"): torch.tensor(0)
        for key in named
        if key.endswith("running_mean")
    }
    return counters | named
