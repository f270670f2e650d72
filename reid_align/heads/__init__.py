"""Training heads: what SAN and DSA-reID add to an encoder while it trains, and then drop.

An encoder never contains a head; a head reads the encoder's maps or features, or images of its
own. The two large ones have names: "san_decoder" and "dsag_stream".
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
