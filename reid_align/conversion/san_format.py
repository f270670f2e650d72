"""Checkpoints of the official SAN code: encoder and texture decoder.

The encoder is torchreid's ``resnet50_fc512``, so checkpoints of that network are read as well.
"""

from collections.abc import Mapping
from pathlib import Path

import torch

from reid_align.conversion.foreign_network import (
    ForeignNetwork,
    State,
    count_identities,
    without,
)
from reid_align.conversion.foreign_state_dict import fill_module, read_state
from reid_align.conversion.san_names import decoder_name, encoder_name
from reid_align.heads import TextureDecoder
from reid_align.preprocess import Preprocess
from reid_align.weights import Argument, WeightsHeader, module_fingerprint, save_tensors

STEM, EMBEDDING = "conv1.weight", "fc.0.weight"
CLASSIFIER = ("classifier.weight", "classifier.bias")


class SanFormat:
    """ResNet-50 of the official SAN code, with its linear layer, batch norm and ReLU."""

    library, license = "SAN's official code, or resnet50_fc512 of torchreid", "MIT"

    def recognizes(self, state: State) -> bool:
        """Return whether there is the first layer of a ResNet and the embedding."""
        return STEM in state and EMBEDDING in state

    def read(self, state: State, given: Mapping[str, Argument], source: str) -> ForeignNetwork:
        """Return the encoder without its classifier."""
        tensors, left_out = without(state, CLASSIFIER)
        return ForeignNetwork(
            self.library,
            self.license,
            "san_resnet50",
            {"head": "fc512", **given},
            Preprocess(),
            tensors,
            encoder_name,
            left_out,
            identities=count_identities(state, *CLASSIFIER, source),
        )


def write_decoder(entry: object, path: Path, source: str) -> int:
    """Write the decoder of a checkpoint for `create_head`; return its number of tensors.

    Raises:
        WeightsFormatError: the entry is not the state dict of SAN's decoder.
        WeightsIntegrityError: a tensor contains NaN or infinity.
    """
    with torch.device("meta"):
        decoder = TextureDecoder(skips=True)
    state = read_state(entry, source).tensors
    fill_module(decoder, state, decoder_name, source)
    info = WeightsHeader("san_decoder", {"skips": True}, None, module_fingerprint(decoder))
    save_tensors(decoder, path, info)
    return len(state)
