"""Decorator that compiles pixel loops with numba."""

from collections.abc import Callable
from typing import TypeVar, cast

from reid_align.errors import MissingExtraError

Function = TypeVar("Function", bound=Callable[..., object])


def kernel(function: Function) -> Function:
    """Compile ``function`` on its first call; the machine code is cached on disk.

    Raises:
        MissingExtraError: numba is not installed.
    """
    try:
        from numba import njit
    except ImportError as error:
        raise MissingExtraError("numba", "synth", "Generating synthetic people") from error
    return cast(Function, njit(cache=True, fastmath=True, nogil=True)(function))
