"""Left-right mirroring of textures with the mirror map of a texture atlas."""

from dataclasses import dataclass

import torch
from torch import Tensor

from reid_align.errors import InvalidInputError


@dataclass(frozen=True, eq=False)
class TexelMap:
    """Mirror texel of each texel in a texture atlas.

    Some atlases have no exact mirror map: the halves of SMPL's atlas are not symmetric. Such
    textures cannot be mirrored; predict the texture of the mirrored image instead.

    Args:
        sources: (H, W) int64: row-major index of the texel with the mirror point of the body.
            Entries of unused texels are ignored.
        valid: (H, W) bool: texels that show a point of the body.

    Raises:
        InvalidInputError: wrong dtypes or shapes, an index outside the atlas, a valid texel with an
            unused mirror texel, or a map that is not its own inverse.
    """

    sources: Tensor
    valid: Tensor

    def __post_init__(self) -> None:
        sources, valid = self.sources, self.valid
        if sources.dtype != torch.int64 or valid.dtype != torch.bool:
            raise InvalidInputError(
                f"TexelMap: sources are {sources.dtype} and valid is {valid.dtype}. They must be "
                "torch.int64 and torch.bool."
            )
        if sources.ndim != 2 or sources.shape != valid.shape:
            raise InvalidInputError(
                f"TexelMap: sources have shape {tuple(sources.shape)} and valid has shape "
                f"{tuple(valid.shape)}. Both must have the shape (H, W) of the atlas."
            )
        targets = sources[valid]
        if bool(((targets < 0) | (targets >= sources.numel())).any()):
            raise InvalidInputError(
                f"TexelMap: sources contain indices outside the atlas of {sources.numel()} texels. "
                "Pass row-major indices: row · width + column."
            )
        own = torch.arange(sources.numel(), device=sources.device).view_as(sources)[valid]
        broken = ~valid.flatten()[targets] | (sources.flatten()[targets] != own)
        if bool(broken.any()):
            raise InvalidInputError(
                f"TexelMap: {int(broken.sum())} of {len(own)} valid texels do not map back to "
                "themselves when mirrored twice. Mark texels without an exact mirror texel as "
                "invalid, or use a symmetric atlas."
            )

    @classmethod
    def symmetric(cls, valid: Tensor) -> "TexelMap":
        """Return the map of an atlas with mirror-symmetric left and right halves.

        In such an atlas, right parts are on one side of the vertical center line and left parts
        mirrored on the other; torso charts are on the center line with V horizontal. Mirroring the
        person is flipping the texture, at any resolution.

        Args:
            valid: (H, W) bool, symmetric.

        Raises:
            InvalidInputError: ``valid`` is not symmetric.
        """
        texels = torch.arange(valid.numel(), device=valid.device).view(valid.shape)
        return cls(texels.flip(-1), valid)


def mirror_texture(textures: Tensor, texels: TexelMap) -> Tensor:
    """Return the texture of the mirrored person; unused texels are unchanged.

    Args:
        textures: (..., C, H, W), any dtype, on the device of the map.
        texels: mirror map of the atlas, same height and width.

    Raises:
        InvalidInputError: height or width differ.
    """
    if textures.shape[-2:] != texels.valid.shape:
        raise InvalidInputError(
            f"The textures have shape {tuple(textures.shape)} and the texel map "
            f"{tuple(texels.valid.shape)}. Height and width must match; resize the textures first."
        )
    own = torch.arange(texels.valid.numel(), device=texels.valid.device).view_as(texels.sources)
    order = torch.where(texels.valid, texels.sources, own).flatten()
    return textures.flatten(-2)[..., order].view(textures.shape)
