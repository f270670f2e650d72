"""Training heads of SAN and DSA-reID: decoder, guiding stream, classifiers and feature fusion.

A head is separate from the encoder and only used in training. The two large ones are registered by
name: "san_decoder" and "dsag_stream".
"""

from reid_align.heads.dsag_stream import DsagFeatures, DsagStream
from reid_align.heads.feature_fusion import AddFusion, ConcatFusion
from reid_align.heads.head_factory import create_head
from reid_align.heads.identity_classifiers import IdentityClassifier, TwoLayerClassifier
from reid_align.heads.texture_decoder import DecodedTexture, TextureDecoder, decoder_for
from reid_align.heads.training_head import HEADS, Head

__all__ = [
    "HEADS",
    "AddFusion",
    "ConcatFusion",
    "DecodedTexture",
    "DsagFeatures",
    "DsagStream",
    "Head",
    "IdentityClassifier",
    "TextureDecoder",
    "TwoLayerClassifier",
    "create_head",
    "decoder_for",
]
