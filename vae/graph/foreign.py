"""The node for what has no node: a network in ONNX, kept as it came and run by ONNX Runtime, in Python alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

from vae.graph.nodes import Node, One, Shape, Sides, expect, shape_text
from vae.storage.schema import integer

ROLE = "model"  # of its only tensor: the bytes of the ONNX file, uint8


@dataclass(frozen=True)
class Onnx(Node):
    """A network given -> shape, in `size` bytes of ONNX.

    For one image it holds `values` numbers at once and takes `work` multiplications; it has `parameters` stored
    numbers, and takes `together` images at once, any number where that is 0. vae/foreign tells these from the file.
    """

    inputs: One
    given: Sides
    shape: Sides
    size: Annotated[int, integer(1, 2**29)]
    values: Annotated[int, integer(1, 2**26)]
    work: Annotated[int, integer(0, 10**11)]
    parameters: Annotated[int, integer(0, 2**29)]
    together: Annotated[int, integer(0, 65_536)] = 0
    op: Literal["Onnx"] = "Onnx"

    def tensors(self) -> dict[str, Shape]:
        """The file, a number for each byte."""
        return {ROLE: (self.size,)}

    def output(self, *shapes: Shape) -> Shape:
        """Its `shape`."""
        (shape,) = shapes
        expect(shape == self.given, self, shape, shape_text(self.given))
        return self.shape

    def held(self, output: Shape) -> int:
        """What it holds inside."""
        return max(self.values, math.prod(output))

    def multiplications(self, output: Shape) -> int:
        """What its operations take."""
        return self.work
