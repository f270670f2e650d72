"""ResNets as trained by fast-reid, reid-strong-baseline and Person_reID_baseline_pytorch.

`reid_align.conversion` reads their weights. The three differ from `SanEncoder` in details that
change every feature: the first pooling, the ReLU before it, the last stride and the head.

Source: Bag of Tricks, arXiv:1903.07071; fast-reid, arXiv:2006.02631; the code of
JDAI-CV/fast-reid (Apache-2.0), michuanhaohao/reid-strong-baseline (MIT) and
layumi/Person_reID_baseline_pytorch (MIT).
"""

from collections.abc import Mapping
from functools import partial
from typing import Literal, get_args

from torch import Tensor, nn

from reid_align.errors import UnknownNameError
from reid_align.models.embedding_head import EMBEDDING_DIM, make_head
from reid_align.models.model_factory import MODELS
from reid_align.models.non_local_block import NonLocalBlock
from reid_align.models.norms import Norm
from reid_align.models.pooling import Pool
from reid_align.models.resnet import LAYOUTS, WIDTHS, Depth, ResNetTrunk
from reid_align.models.resnet_blocks import initialize, stage

ForeignHead = Literal["gap", "fc512", "fc512_linear", "bnneck"]
MaxPool = Literal["padded", "ceil"]
# Non-local blocks after the last blocks of layer2 and layer3, by depth.
NON_LOCAL: Mapping[Depth, tuple[int, int]] = {50: (2, 3), 101: (2, 9)}


class ForeignResNet(ResNetTrunk):
    """ResNet with the variations of other libraries, global pooling and a head.

    Args:
        depth: 14, 18, 34, 50 or 101.
        head: "gap", "fc512" or "bnneck", as for `SanEncoder`; "fc512_linear": linear layer and
            batch norm to 512 numbers, without ReLU.
        pool: "avg" or "gem".
        norm: "bn" or "ibn_a".
        last_stride: stride of layer4, 1 or 2.
        max_pool: the pooling after the first convolution: "padded" (torchvision) or "ceil", which
            has no padding and starts at the corner.
        stem_relu: ReLU after the first convolution; reid-strong-baseline's ResNet has none.
        non_local: non-local blocks in layer2 and layer3; depth 50 and 101 only.

    Raises:
        UnknownNameError: an unknown value.
    """

    def __init__(
        self,
        depth: Depth = 50,
        head: ForeignHead = "bnneck",
        pool: Pool = "avg",
        norm: Norm = "bn",
        last_stride: int = 1,
        max_pool: MaxPool = "padded",
        stem_relu: bool = True,
        non_local: bool = False,
    ) -> None:
        if last_stride not in (1, 2):
            raise UnknownNameError("last_stride", str(last_stride), ("1", "2"))
        if max_pool not in get_args(MaxPool):
            raise UnknownNameError("max_pool", max_pool, get_args(MaxPool))
        if non_local and depth not in NON_LOCAL:
            raise UnknownNameError("depth with non-local blocks", str(depth), map(str, NON_LOCAL))
        super().__init__(depth, pool, norm)
        if last_stride == 2:
            block, blocks = LAYOUTS[depth]
            self.layer4 = stage(self.channels[2], WIDTHS[3], blocks[3], stride=2, block=block)
        if max_pool == "ceil":
            self.maxpool = nn.MaxPool2d(3, 2, ceil_mode=True)
        if not stem_relu:
            self.relu = nn.Identity()
        if non_local:
            second, third = NON_LOCAL[depth]
            self.layer2 = _with_non_local(self.layer2, second, self.channels[1])
            self.layer3 = _with_non_local(self.layer3, third, self.channels[2])
        self.embed = make_head(head, get_args(ForeignHead), self.channels[-1])
        self.feature_dim = EMBEDDING_DIM if head.startswith("fc512") else self.channels[-1]
        initialize(self)

    def forward_pool(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Pool e4 to (N, 2048), or (N, 512) with ResNet-18 and 34."""
        return self.pool(maps[-1])  # type: ignore[no-any-return]

    def forward_head(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Pool e4 and apply the head: (N, feature_dim)."""
        return self.embed(self.forward_pool(maps))  # type: ignore[no-any-return]


def _with_non_local(blocks: nn.Sequential, count: int, channels: int) -> nn.Sequential:
    """Insert a non-local block after each of the last ``count`` blocks."""
    layers: list[nn.Module] = []
    for number, block in enumerate(blocks):
        layers.append(block)
        if number >= len(blocks) - count:
            layers.append(NonLocalBlock(channels))
    return nn.Sequential(*layers)


for _depth in (50, 101):
    MODELS.register(f"fastreid_resnet{_depth}")(partial(ForeignResNet, _depth, max_pool="ceil"))
MODELS.register("strong_baseline_resnet50")(partial(ForeignResNet, 50, stem_relu=False))
MODELS.register("layumi_resnet50")(partial(ForeignResNet, 50, head="fc512_linear", last_stride=2))
