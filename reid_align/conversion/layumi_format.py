"""State dicts of ft_net, the ResNet-50 of layumi's Person_reID_baseline_pytorch.

Source of the names: github.com/layumi/Person_reID_baseline_pytorch, model.py at 82ff40f (MIT).
"""

from collections.abc import Mapping
from dataclasses import replace

from reid_align.conversion.foreign_network import (
    ForeignNetwork,
    State,
    count_identities,
    rename,
    without,
)
from reid_align.preprocess import Preprocess
from reid_align.weights import Argument

STEM, INSTANCE_NORM = "model.conv1.weight", "model.layer1.0.bn1.IN.weight"
FIRST, SECOND = "classifier.add_block.0.", "classifier.add_block.1."
CLASSIFIER = ("classifier.classifier.0.weight", "classifier.classifier.0.bias")
# ft_net keeps the ImageNet classifier, unused; weight averaging adds a counter.
UNUSED = ("model.fc.weight", "model.fc.bias", "n_averaged")


class LayumiFormat:
    """ResNet-50 of Person_reID_baseline_pytorch, with or without IBN-a."""

    library, license = "ResNet-50 of Person_reID_baseline_pytorch", "MIT"

    def recognizes(self, state: State) -> bool:
        """Return whether there is the first layer of ft_net and its block of the classifier."""
        return STEM in state and any(name.startswith(FIRST) for name in state)

    def read(self, state: State, given: Mapping[str, Argument], source: str) -> ForeignNetwork:
        """Identify norm and head by the names."""
        only_norm = FIRST + "running_mean" in state
        names = {"embed.": FIRST} if only_norm else {"embed.fc.": FIRST, "embed.bn.": SECOND}
        arguments: dict[str, Argument] = {
            "head": "bnneck" if only_norm else "fc512_linear",
            "norm": "ibn_a" if INSTANCE_NORM in state else "bn",
            **given,
        }
        tensors, left_out = without(state, (*CLASSIFIER, *UNUSED))
        return ForeignNetwork(
            self.library,
            self.license,
            "layumi_resnet50",
            arguments,
            replace(Preprocess(), interpolation="bicubic"),
            tensors,
            lambda name: rename(name, names, "model."),
            left_out,
            tuple(name for name in ("last_stride",) if name not in given),
            count_identities(state, *CLASSIFIER, source),
        )
