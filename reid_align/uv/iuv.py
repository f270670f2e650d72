"""Dense pose map (IUV): body part and chart coordinates of each pixel."""

from dataclasses import dataclass

import torch
from torch import Tensor

from reid_align.body_atlas import BACKGROUND, NUM_PARTS, UV_MAX
from reid_align.errors import InvalidInputError


@dataclass(frozen=True, eq=False)
class IUV:
    """Dense pose map of one image or of a batch, in the convention of `reid_align.body_atlas`.

    Args:
        planes: (..., 3, H, W) uint8 on any device: part number 0 to 24, u·255, v·255. U and V of
            background pixels are ignored; this package writes 0.

    Raises:
        InvalidInputError: another type, dtype or shape, or a part number above 24.
    """

    planes: Tensor

    def __post_init__(self) -> None:
        planes = self.planes
        is_map = isinstance(planes, Tensor) and planes.dtype == torch.uint8
        if not is_map or planes.ndim < 3 or planes.shape[-3] != 3 or 0 in planes.shape[-2:]:
            dtype, shape = getattr(planes, "dtype", "no"), tuple(getattr(planes, "shape", ()))
            raise InvalidInputError(
                f"IUV: got a {type(planes).__name__} of dtype {dtype} and shape {shape}. Pass a "
                "uint8 tensor (..., 3, H, W): part number, U·255, V·255."
            )
        highest = int(self.parts.max()) if self.parts.numel() else BACKGROUND
        if highest > NUM_PARTS:
            raise InvalidInputError(
                f"IUV: the first plane goes up to {highest}, but the highest part number is "
                f"{NUM_PARTS}. Check the order of the planes: part, U, V."
            )

    @property
    def parts(self) -> Tensor:
        """Part numbers, (..., H, W) uint8."""
        return self.planes.select(-3, 0)

    @property
    def u(self) -> Tensor:
        """U·255, (..., H, W) uint8."""
        return self.planes.select(-3, 1)

    @property
    def v(self) -> Tensor:
        """V·255, (..., H, W) uint8."""
        return self.planes.select(-3, 2)

    @property
    def is_empty(self) -> Tensor:
        """Whether a map has only background: (...) bool, a scalar tensor for one map."""
        return (self.parts == BACKGROUND).flatten(-2).all(-1)

    @classmethod
    def from_charts(cls, parts: Tensor, u: Tensor, v: Tensor) -> "IUV":
        """Build a map from coordinates in [0, 1]; values outside are clamped.

        Args:
            parts: (..., H, W), any integer dtype, 0 to 24.
            u: (..., H, W) floating point; background pixels are ignored.
            v: like ``u``.

        Raises:
            InvalidInputError: other dtypes, shapes that differ, a part number outside 0 to 24, or
                a body pixel with a coordinate that is not finite.
        """
        if not (u.is_floating_point() and v.is_floating_point()):
            raise InvalidInputError(
                f"u is {u.dtype} and v is {v.dtype}. Pass floating point values in [0, 1]. For "
                "uint8 values u·255 and v·255, use IUV(planes)."
            )
        if not parts.shape == u.shape == v.shape:
            shapes = ", ".join(str(tuple(plane.shape)) for plane in (parts, u, v))
            raise InvalidInputError(
                f"parts, u and v have the shapes {shapes}. They must have the same shape "
                "(..., H, W)."
            )
        whole = parts.long()
        if parts.is_floating_point() or bool(((whole < 0) | (whole > NUM_PARTS)).any()):
            raise InvalidInputError(
                f"parts have dtype {parts.dtype}, or values outside 0 to {NUM_PARTS}. Pass integer "
                f"part numbers from 0 to {NUM_PARTS}."
            )
        body = whole != BACKGROUND
        coordinates = torch.stack((u, v)).float().masked_fill(~body, 0.0)
        if not bool(coordinates.isfinite().all()):
            raise InvalidInputError("u or v of a body pixel is NaN or infinite.")
        u_level, v_level = coordinates.clamp(0, 1).mul(UV_MAX).round().to(torch.uint8)
        return cls(torch.stack((whole.to(torch.uint8), u_level, v_level), dim=-3))
