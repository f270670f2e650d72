"""A dense map: the body part and the place on it that every pixel of a image shows."""

from dataclasses import dataclass

import torch
from torch import Tensor

from reid_align.errors import InvalidInputError
from reid_align.uv.atlas import BACKGROUND, NUM_PARTS, UV_MAX


@dataclass(frozen=True, eq=False)
class IUV:
    """The dense map of one image or of a batch, in the convention of ``atlas``.

    Args:
        planes: (..., 3, H, W) uint8 on any device: part number 0 to 24, u·255, v·255. U and V of
            background pixels carry no meaning; everything in this package writes 0 there.

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
                f"A dense map got a {type(planes).__name__} of dtype {dtype} and shape {shape}. "
                "Pass a uint8 tensor (..., 3, H, W): part number, U·255, V·255."
            )
        highest = int(self.parts.max()) if self.parts.numel() else BACKGROUND
        if highest > NUM_PARTS:
            raise InvalidInputError(
                f"The first plane of a dense map goes up to {highest}, but parts are numbered 0 to "
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
        """Whether a map shows no body part at all: (...) bool, a scalar tensor for one map."""
        return (self.parts == BACKGROUND).flatten(-2).all(-1)

    @classmethod
    def from_charts(cls, parts: Tensor, u: Tensor, v: Tensor) -> "IUV":
        """Build a map from coordinates in [0, 1]; what lies outside is clamped.

        Args:
            parts: (..., H, W) of any integer dtype, 0 to 24.
            u: (..., H, W) floating point. Background pixels are ignored, whatever they hold.
            v: like ``u``.

        Raises:
            InvalidInputError: other dtypes, shapes that differ, a part number outside 0 to 24, or a
                coordinate of a body pixel that is not finite.
        """
        if not (u.is_floating_point() and v.is_floating_point()):
            raise InvalidInputError(
                f"u is {u.dtype} and v is {v.dtype}: pass floating point in [0, 1]. Stored "
                "coordinates, u·255 and v·255, go into a map as they are."
            )
        if not parts.shape == u.shape == v.shape:
            shapes = ", ".join(str(tuple(plane.shape)) for plane in (parts, u, v))
            raise InvalidInputError(
                f"parts, u and v have the shapes {shapes}: they must be the same, (..., H, W)."
            )
        whole = parts.long()
        if parts.is_floating_point() or bool(((whole < 0) | (whole > NUM_PARTS)).any()):
            raise InvalidInputError(
                f"parts has the dtype {parts.dtype} or values outside 0 to {NUM_PARTS}: "
                "pass whole part numbers."
            )
        body = whole != BACKGROUND
        coordinates = torch.stack((u, v)).float().masked_fill(~body, 0.0)
        if not bool(coordinates.isfinite().all()):
            raise InvalidInputError("u or v of a body pixel is not a number: pass finite values.")
        u_level, v_level = coordinates.clamp(0, 1).mul(UV_MAX).round().to(torch.uint8)
        return cls(torch.stack((whole.to(torch.uint8), u_level, v_level), dim=-3))
