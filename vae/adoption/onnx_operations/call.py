"""One operation of ONNX as it is called, and what its inputs and attributes are."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.adoption.weighted_graph import Builder, Each
from vae.foreign.unknown import UnknownError
from vae.graph import nodes
from vae.graph.nodes import NO_PADS, Pads, Shape


@dataclass(frozen=True)
class OnnxCall:
    """One operation: inputs are Each, arrays, or None where one is left out. `batch` stands for how many images."""

    builder: Builder
    inputs: list[Any]
    attributes: dict[str, Any]
    outputs: int
    opset: int
    batch: int

    def place(self, at: int = 0) -> int:
        """Of the node that an input is the output of. Raises UnknownError for a constant."""
        value = self.inputs[at] if at < len(self.inputs) else None
        if not isinstance(value, Each):
            raise UnknownError("with a constant where an image is expected")
        return value.place

    def shape(self, at: int = 0) -> Shape:
        """Of one image's input."""
        return self.builder.shape(self.place(at))

    def array(self, at: int) -> NDArray[Any] | None:
        """A constant input, None where there is none. Raises UnknownError for one that depends on the image."""
        value = self.inputs[at] if at < len(self.inputs) else None
        if isinstance(value, Each):
            raise UnknownError(f"whose input {at} depends on the image")
        return None if value is None else np.asarray(value)

    def needed(self, at: int) -> NDArray[Any]:
        """As `array`, where there must be one."""
        found = self.array(at)
        if found is None:
            raise UnknownError(f"without input {at}")
        return found

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute."""
        return self.attributes.get(name, default)

    def axis(self, axis: int, rank: int | None = None) -> int:
        """Of one image, from 0. Raises UnknownError for that of the images."""
        rank = len(self.shape()) if rank is None else rank
        found = int(axis) % (rank + 1) - 1
        if found < 0:
            raise UnknownError("along the axis of the images")
        return found

    def numbers(self, name: str, at: int) -> list[int] | None:
        """Whole numbers that older opsets have as an attribute and newer ones as an input."""
        found = self.array(at) if self.get(name) is None else self.get(name)
        return None if found is None else [int(v) for v in np.asarray(found).reshape(-1)]


Operation = Callable[[OnnxCall], Any]


def pads_of(call: OnnxCall, sides: Shape, kernel: nodes.Steps, strides: nodes.Steps, dilations: nodes.Steps) -> Pads:
    """Of a window over an image of `sides`, as told or as `auto_pad` means it."""
    auto = call.get("auto_pad", "NOTSET")
    if auto == "NOTSET":
        return four(call.get("pads"))
    if auto == "VALID":
        return NO_PADS
    total = [
        max(0, (math.ceil(side / s) - 1) * s + d * (k - 1) + 1 - side)
        for side, k, s, d in zip(sides, kernel, strides, dilations, strict=True)
    ]
    less = [t // 2 for t in total]
    more = [t - half for t, half in zip(total, less, strict=True)]
    first, last = (more, less) if auto == "SAME_LOWER" else (less, more)
    return (first[0], first[1], last[0], last[1])


def four(value: Any) -> Pads:
    """Top, left, bottom, right. Raises UnknownError."""
    amounts = [int(v) for v in value] if value else [0, 0, 0, 0]
    if len(amounts) != 4 or min(amounts) < 0:
        raise UnknownError(f"with pads {amounts}")
    return (amounts[0], amounts[1], amounts[2], amounts[3])


def two(value: Any, usual: int = 1) -> tuple[int, int]:
    """Vertical and horizontal. Raises UnknownError for other than two."""
    amounts = [int(v) for v in value] if value else [usual, usual]
    if len(amounts) != 2:
        raise UnknownError(f"of {len(amounts)} dimensions")
    return (amounts[0], amounts[1])
