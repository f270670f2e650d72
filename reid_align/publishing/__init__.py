"""Weights made elsewhere, or here, on their way to people who use them."""

from reid_align.publishing.convert import ConvertedSan, convert_san

__all__ = ["ConvertedSan", "convert_san"]
