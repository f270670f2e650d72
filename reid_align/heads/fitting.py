"""Heads that fit an encoder, whatever its depth."""

from reid_align.heads.dsag import FEATURES_PER_WIDTH, DsagStream
from reid_align.heads.factory import build_head
from reid_align.heads.texture_decoder import TextureDecoder
from reid_align.models.encoder import Encoder
from reid_align.weights import Argument


def decoder_for(encoder: Encoder, **options: Argument) -> TextureDecoder:
    """Build a texture decoder that reads the stage maps e1 to e4 of an encoder, in training mode.

    Args:
        encoder: any encoder; it is only asked for the width of its maps.
        options: those of `TextureDecoder`, without ``channels``.
    """
    arguments = {"channels": encoder.channels[-1], **options}
    return build_head("san_decoder", TextureDecoder, False, None, arguments)


def guide_for(encoder: Encoder, **options: Argument) -> DsagStream:
    """Build a guiding stream whose features have the size of an encoder's, in training mode.

    Either of its features is as long as e4 is wide, so that it can be added to the global and to
    the local half of a DSA encoder's feature.

    Args:
        encoder: any encoder; it is only asked for the width of its maps.
        options: those of `DsagStream`, without ``width``.
    """
    arguments = {"width": encoder.channels[-1] // FEATURES_PER_WIDTH, **options}
    return build_head("dsag_stream", DsagStream, False, None, arguments)
