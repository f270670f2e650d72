"""What becomes of a texture when the person is mirrored; how an atlas says so."""

from dataclasses import dataclass

import torch
from torch import Tensor

from reid_align.errors import InvalidInputError


@dataclass(frozen=True, eq=False)
class TexelMap:
    """Where each texel of a texture atlas finds its mirror point.

    Args:
        sources: (H, W) int64: for each texel the row-major index of the texel that shows the mirror
            point of the body. Entries of unused texels are ignored.
        valid: (H, W) bool: the texels that show some point of the body.

    Raises:
        InvalidInputError: wrong dtypes or shapes, an index outside the atlas, a valid texel whose
            mirror point is unused, or a map that is not its own inverse. Of an atlas for which no
            exact map exists (SMPL's, whose halves are no mirror images of each other texel by
            texel), the texture of a mirrored image has to be predicted anew.
    """

    sources: Tensor
    valid: Tensor

    def __post_init__(self) -> None:
        sources, valid = self.sources, self.valid
        if sources.dtype != torch.int64 or valid.dtype != torch.bool:
            raise InvalidInputError(
                f"A texel map got sources of {sources.dtype} and a mask of {valid.dtype}: pass "
                "torch.int64 and torch.bool."
            )
        if sources.ndim != 2 or sources.shape != valid.shape:
            raise InvalidInputError(
                f"A texel map got sources of shape {tuple(sources.shape)} and a mask of shape "
                f"{tuple(valid.shape)}: both must be the atlas's (H, W)."
            )
        targets = sources[valid]
        if bool(((targets < 0) | (targets >= sources.numel())).any()):
            raise InvalidInputError(
                f"A texel map points outside its atlas of {sources.numel()} texels: "
                "sources are row-major indices, row times width plus column."
            )
        own = torch.arange(sources.numel(), device=sources.device).view_as(sources)[valid]
        broken = ~valid.flatten()[targets] | (sources.flatten()[targets] != own)
        if bool(broken.any()):
            raise InvalidInputError(
                f"A texel map is not its own inverse at {int(broken.sum())} of {len(own)} valid "
                "texels: mirroring twice must lead back to each. Mark texels without an exact "
                "mirror point as invalid, or use an atlas that is laid out symmetrically."
            )

    @classmethod
    def symmetric(cls, valid: Tensor) -> "TexelMap":
        """Return the map of an atlas whose left and right halves are mirror images of each other.

        In such an atlas the charts of the right parts lie on one side of the vertical center line,
        those of the left parts mirrored on the other, and the torso charts on the line with V
        running across. Mirroring the person is then flipping the texture, at every resolution.

        Args:
            valid: (H, W) bool, itself symmetric.

        Raises:
            InvalidInputError: ``valid`` is not symmetric.
        """
        texels = torch.arange(valid.numel(), device=valid.device).view(valid.shape)
        return cls(texels.flip(-1), valid)


def mirror_texture(textures: Tensor, texels: TexelMap) -> Tensor:
    """Return the texture of the mirrored person; unused texels keep their value.

    Args:
        textures: (..., C, H, W) of any dtype, on the map's device.
        texels: the atlas's mirror map, of the same height and width.

    Raises:
        InvalidInputError: the sizes differ.
    """
    if textures.shape[-2:] != texels.valid.shape:
        raise InvalidInputError(
            f"A texture of shape {tuple(textures.shape)} and a texel map of "
            f"{tuple(texels.valid.shape)}: height and width must agree. Resize the texture first."
        )
    own = torch.arange(texels.valid.numel(), device=texels.valid.device).view_as(texels.sources)
    order = torch.where(texels.valid, texels.sources, own).flatten()
    return textures.flatten(-2)[..., order].view(textures.shape)
