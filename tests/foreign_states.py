"""State dicts with the names and shapes of other libraries, and generated weights.

golden_foreign_networks.json states where the numbers come from.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from official_san import Shapes, generated_state
from torch import Tensor

from reid_align import create_model
from reid_align.conversion.fastreid_format import NECK, fastreid_name
from reid_align.conversion.foreign_network import rename
from reid_align.conversion.osnet_format import torchreid_name

GOLDEN = json.loads((Path(__file__).parent / "golden_foreign_networks.json").read_text())
IDENTITIES = 10


@dataclass(frozen=True)
class ForeignCase:
    """A network of another library: the encoder that equals it, and its further tensors."""

    architecture: str
    foreign_name: Callable[[str], str]
    more: Shapes
    arch_args: Mapping[str, str | int | bool] = field(default_factory=dict)
    not_in_the_file: Mapping[str, str | int] = field(default_factory=dict)

    def shapes(self) -> Shapes:
        with torch.device("meta"):
            encoder = create_model(self.architecture, **self.arch_args)
        ours = {self.foreign_name(n): tuple(t.shape) for n, t in encoder.state_dict().items()}
        assert len(ours) == len(encoder.state_dict())
        return {**ours, **self.more}


def classifier(features: int, name: str = "classifier", bias: bool = True) -> Shapes:
    shapes: Shapes = {f"{name}.weight": (IDENTITIES, features)}
    return {**shapes, **({f"{name}.bias": (IDENTITIES,)} if bias else {})}


def fastreid(depth: int, blocks: tuple[int, int], more: Shapes, **arch_args: str) -> ForeignCase:
    name = partial(fastreid_name, neck=NECK, depth=depth, counts=blocks)
    arguments = {**arch_args, "non_local": any(blocks)}
    shapes = {"heads.weight": (IDENTITIES, 2048), **more}
    return ForeignCase(f"fastreid_resnet{depth}", name, shapes, arguments)


def strong_baseline(more: Shapes, **arch_args: str | bool) -> ForeignCase:
    shapes = {**classifier(2048, bias=False), **more}
    name = partial(rename, prefixes={"embed.": "bottleneck."}, otherwise="base.")
    return ForeignCase("strong_baseline_resnet50", name, shapes, arch_args)


def layumi(stride: int, head: str = "fc512_linear") -> ForeignCase:
    block, width = "classifier.add_block", 512 if head == "fc512_linear" else 2048
    names = {"embed.fc.": f"{block}.0.", "embed.bn.": f"{block}.1.", "embed.": f"{block}.0."}
    shapes = classifier(width, "classifier.classifier.0") | {
        "model.fc.weight": (1000, 2048),
        "model.fc.bias": (1000,),
    }
    name = partial(rename, prefixes=names, otherwise="model.")
    arguments = {"head": head, "last_stride": stride}
    return ForeignCase("layumi_resnet50", name, shapes, arguments, {"last_stride": stride})


EXPONENT: Shapes = {"heads.pool_layer.p": (1,)}
IMAGENET_CLASSIFIER: Shapes = {"base.fc.weight": (1000, 2048), "base.fc.bias": (1000,)}
CASES: dict[str, ForeignCase] = {
    **{
        name: ForeignCase(name, partial(torchreid_name, ain="ain" in name), classifier(512))
        for name in GOLDEN
        if name.startswith("osnet")
    },
    "strong_baseline_resnet50": strong_baseline({}),
    "strong_baseline_resnet50_ibn_a": strong_baseline(
        IMAGENET_CLASSIFIER, norm="ibn_a", stem_relu=True
    ),
    "layumi_stride1": layumi(1),
    "layumi_stride2": layumi(2),
    "layumi_linear0": layumi(1, "bnneck"),
    "fastreid_bot": fastreid(50, (0, 0), {}),
    "fastreid_bot_ibn": fastreid(50, (0, 0), {}, norm="ibn_a"),
    "fastreid_agw": fastreid(50, (2, 3), {}),
    "fastreid_sbs_ibn": fastreid(50, (2, 3), EXPONENT, norm="ibn_a", pool="gem"),
    "fastreid_sbs_101": fastreid(101, (2, 9), EXPONENT, pool="gem"),
}


def foreign_state(name: str) -> dict[str, Tensor]:
    """Return the state dict that the golden numbers of a network were computed with."""
    state = generated_state(CASES[name].shapes())
    if "heads.pool_layer.p" in state:
        state["heads.pool_layer.p"] = torch.tensor([2.5])
    return {
        key: tensor * 0.02 if ".NL_" in key and tensor.ndim > 1 else tensor
        for key, tensor in state.items()
    }


def names_digest(state: Mapping[str, Tensor]) -> str:
    lines = "\n".join(f"{name} {list(tensor.shape)}" for name, tensor in sorted(state.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def foreign_images() -> Tensor:
    flat = torch.arange(2 * 3 * 128 * 64, dtype=torch.float64)
    return torch.cos(0.011 * flat).view(2, 3, 128, 64).float()
