"""SA-Enc, the encoder of SAN, and the plain baseline that has the same network.

Source: SAN, arXiv:1905.13143, sections 3.2 and 4.2; its official code for the fc512 head.
"""

from os import PathLike
from typing import Literal, get_args

from torch import Tensor, nn

from reid_align.errors import UnknownNameError
from reid_align.models.encoder import global_average
from reid_align.models.factory import MODELS, build
from reid_align.models.resnet import STAGE_WIDTHS, ResNetTrunk, initialize

Head = Literal["gap", "fc512", "bnneck"]


class Embedding(nn.Module):
    """Linear 2048→512, batch norm, ReLU: the head of the official checkpoints."""

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.fc = nn.Linear(in_features, out_features)
        self.bn = nn.BatchNorm1d(out_features)

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, in_features) to (N, out_features), never negative."""
        return self.bn(self.fc(features)).relu()  # type: ignore[no-any-return]


@MODELS.register("san_resnet50")
class SanEncoder(ResNetTrunk):
    """ResNet-50 with the last stride removed, averaged over positions, and a head.

    Args:
        head: "gap", the paper's feature: the 2048 averages themselves; "fc512", the official
            code's: Linear, batch norm and ReLU to 512 numbers that are never negative; "bnneck":
            the averages through a batch norm (in neither, common practice since).

    Raises:
        UnknownNameError: another head.

    Parameters: 23,508,032 with "gap", 24,558,144 with "fc512", 23,512,128 with "bnneck".
    """

    def __init__(self, head: Head = "gap") -> None:
        if head not in get_args(Head):
            raise UnknownNameError("head", head, get_args(Head))
        super().__init__()
        channels = STAGE_WIDTHS[-1]
        self.feature_dim = 512 if head == "fc512" else channels
        self.embed: nn.Module = nn.Identity()
        if head == "fc512":
            self.embed = Embedding(channels, self.feature_dim)
        elif head == "bnneck":
            self.embed = nn.BatchNorm1d(channels)
        initialize(self)

    def forward_head(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Average e4 over its positions and apply the head: (N, 2048) or (N, 512)."""
        return self.embed(global_average(maps[-1]))  # type: ignore[no-any-return]


@MODELS.register("resnet50_baseline")
class BaselineEncoder(SanEncoder):
    """The baseline of both papers: the network of SAN with "gap", trained without alignment."""

    def __init__(self) -> None:
        super().__init__("gap")


def san_resnet50(
    pretrained: bool | str = False,
    *,
    weights: str | PathLike[str] | None = None,
    head: Head | None = None,
) -> SanEncoder:
    """Build SAN's encoder, in evaluation mode.

    Args:
        pretrained: True for the default weights, a tag for others, False for none.
        weights: a file of ours (`.safetensors`), a folder or a repository on the Hub instead.
        head: "gap" (2048-d), "fc512" (512-d) or "bnneck" (2048-d); as the weights have it where
            left out, "gap" without weights.

    Raises:
        UnknownNameError: no weights of that name.
        InvalidInputError: the weights have another head.
        WeightsError: the weights cannot be found, read or trusted.
    """
    return build("san_resnet50", SanEncoder, pretrained, weights, {"head": head})


def resnet50_baseline(
    pretrained: bool | str = False, *, weights: str | PathLike[str] | None = None
) -> BaselineEncoder:
    """Build the baseline encoder (2048-d), in evaluation mode.

    Args:
        pretrained: True for the default weights, a tag for others, False for none.
        weights: a file of ours (`.safetensors`), a folder or a repository on the Hub instead.

    Raises:
        UnknownNameError: no weights of that name.
        WeightsError: the weights cannot be found, read or trusted.
    """
    return build("resnet50_baseline", BaselineEncoder, pretrained, weights, {})
