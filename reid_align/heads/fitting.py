"""The texture decoder that fits an encoder, whatever its depth."""

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
