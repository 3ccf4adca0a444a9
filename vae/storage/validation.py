"""What arrays and numbers from a file must be before anything is computed or drawn from them. numpy only."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.errors import StorageError
from vae.storage.printing import is_visible

LONGEST_REPR = 60
MOST_AXES = 8
MOST_ELEMENTS = 2**59  # of up to 8 bytes: numpy counts the bytes of an array in 63 bits


def check_array(array: NDArray[Any], shape: tuple[int, ...], what: str) -> None:
    """Raise StorageError unless `array` is float32, of this shape, and finite everywhere."""
    if array.shape != shape:
        raise StorageError(f"{what} has shape {array.shape}, expected {shape}.")
    if array.dtype != np.float32:
        raise StorageError(f"{what} is {array.dtype}, expected float32.")
    if not np.isfinite(array).all():
        bad = array.size - int(np.isfinite(array).sum())
        raise StorageError(f"{what} has {bad:,} of {array.size:,} numbers that are not finite, expected none.")


def is_shape(shape: tuple[int, ...]) -> bool:
    """Whether an array can have this shape: numpy multiplies the sizes above 0 even where another one is 0."""
    return (
        len(shape) <= MOST_AXES
        and all(size >= 0 for size in shape)
        and math.prod(size for size in shape if size) <= MOST_ELEMENTS
    )


def finite(value: Any, what: str) -> float:
    """`value` as a float. Raises StorageError for anything but a finite number."""
    number = math.nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):  # a whole number above 1e308
            number = float(value)
    if not math.isfinite(number):
        raise StorageError(f"{what} is {short(value)}, expected a finite number.")
    return number


def check_visible(text: str, what: str) -> None:
    """Raise StorageError for text that would steer a terminal, or break a line."""
    if not is_visible(text):
        raise StorageError(f"{what} is {short(text)}, expected printable text.")


def short(value: Any) -> str:
    """repr of a value from a file, short enough for a message."""
    text = repr(value)
    return text if len(text) <= LONGEST_REPR else text[: LONGEST_REPR - 1] + "…"
