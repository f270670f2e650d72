"""Validation of single configuration values."""

import math
from collections.abc import Collection, Sequence
from itertools import pairwise

from reid_align.errors import InvalidInputError


def one_of(name: str, value: object, allowed: Collection[object]) -> None:
    """Require one of several values."""
    if value not in allowed:
        raise InvalidInputError(f"{name} {value!r}: choose one of {', '.join(map(str, allowed))}.")


def positive(name: str, value: float) -> None:
    """Require a finite number above 0."""
    if not (math.isfinite(value) and value > 0):
        raise InvalidInputError(f"{name}={value!r}: give a finite number above 0.")


def at_least_zero(name: str, value: float) -> None:
    """Require a finite number of at least 0."""
    if not (math.isfinite(value) and value >= 0):
        raise InvalidInputError(f"{name}={value!r}: give a finite number of at least 0.")


def at_least_one(name: str, value: int) -> None:
    """Require an integer of at least 1."""
    if value < 1:
        raise InvalidInputError(f"{name}={value!r}: give at least 1.")


def below_one(name: str, value: float) -> None:
    """Require a number in [0, 1)."""
    if not 0 <= value < 1:
        raise InvalidInputError(f"{name}={value!r}: give a number from 0 to below 1.")


def up_to_one(name: str, value: float) -> None:
    """Require a number in [0, 1]."""
    if not 0 <= value <= 1:
        raise InvalidInputError(f"{name}={value!r}: give a number from 0 to 1.")


def increasing(name: str, values: Sequence[int]) -> None:
    """Require positive numbers in strictly increasing order."""
    if any(value <= 0 for value in values) or any(a >= b for a, b in pairwise(values)):
        raise InvalidInputError(f"{name}={tuple(values)}: give increasing numbers above 0.")
