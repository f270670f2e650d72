"""State dicts of reid-strong-baseline's ResNet-50.

Source of the names: github.com/michuanhaohao/reid-strong-baseline, modeling/ at 3da7e6f (MIT).
"""

from collections.abc import Mapping

from reid_align.conversion.foreign_network import (
    ForeignNetwork,
    State,
    count_identities,
    rename,
    without,
)
from reid_align.preprocess import Preprocess
from reid_align.weights import Argument

STEM, INSTANCE_NORM = "base.conv1.weight", "base.layer1.0.bn1.IN.weight"
NECK, CLASSIFIER = "bottleneck.", ("classifier.weight", "classifier.bias")
# The IBN-a variant keeps the ImageNet classifier, unused.
UNUSED = ("base.fc.weight", "base.fc.bias")


class StrongBaselineFormat:
    """ResNet-50 of reid-strong-baseline, with or without IBN-a and BN-neck."""

    library, license = "ResNet-50 of reid-strong-baseline", "MIT"

    def recognizes(self, state: State) -> bool:
        """Return whether there is the first layer of its backbone."""
        return STEM in state

    def read(self, state: State, given: Mapping[str, Argument], source: str) -> ForeignNetwork:
        """Identify norm and neck by the names."""
        ibn = INSTANCE_NORM in state
        arguments: dict[str, Argument] = {
            "head": "bnneck" if NECK + "weight" in state else "gap",
            "norm": "ibn_a" if ibn else "bn",
            # Its plain ResNet lacks the ReLU after the first norm; the IBN-a variant has it.
            "stem_relu": ibn,
            **given,
        }
        tensors, left_out = without(state, (*CLASSIFIER, *UNUSED))
        return ForeignNetwork(
            self.library,
            self.license,
            "strong_baseline_resnet50",
            arguments,
            Preprocess(),
            tensors,
            lambda name: rename(name, {"embed.": NECK}, "base."),
            left_out,
            tuple(name for name in ("last_stride",) if name not in given),
            count_identities(state, *CLASSIFIER, source),
        )
