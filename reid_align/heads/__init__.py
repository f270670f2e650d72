"""Training heads: what SAN and DSA-reID add to an encoder while it trains, and then drop.

An encoder never contains a head; a head reads the encoder's maps or features, or images of its
own. The two large ones have names: "san_decoder" and "dsag_stream".
"""

from reid_align.heads.base import HEADS, Head
from reid_align.heads.classifier import IdentityClassifier, TwoLayerClassifier
from reid_align.heads.dsag import DsagFeatures, DsagStream
from reid_align.heads.factory import create_head
from reid_align.heads.fitting import decoder_for
from reid_align.heads.fusion import AddFusion, ConcatFusion
from reid_align.heads.texture_decoder import DecodedTexture, TextureDecoder

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
