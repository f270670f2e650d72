"""Conversion of other libraries' checkpoints into folders for `from_pretrained`.

The only part of the library that opens pickles. It reads tensors, numbers and text; it runs no code
from a file.
"""

from reid_align.conversion.checkpoint_conversion import Conversion, convert_checkpoint
from reid_align.conversion.imagenet_conversion import convert_imagenet

__all__ = ["Conversion", "convert_checkpoint", "convert_imagenet"]
