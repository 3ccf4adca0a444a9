"""Number by number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vae.graph.nodes.base import (
    Channels,
    Node,
    Number,
    One,
    Shape,
    Sides,
    expect,
    shape_text,
)


@dataclass(frozen=True)
class Elementwise(Node):
    """Each number for itself."""

    inputs: One

    def output(self, *shapes: Shape) -> Shape:
        """As its input."""
        return shapes[0]


@dataclass(frozen=True)
class Activation(Elementwise):
    """A function without settings. Gelu is the exact one, by the error function; GeluTanh its usual approximation."""

    op: Literal[
        "Relu",
        "Gelu",
        "GeluTanh",
        "Silu",
        "Softplus",
        "Tanh",
        "Sigmoid",
        "HardSwish",
        "HardSigmoid",
        "Mish",
        "Selu",
        "Exp",
        "Log",
        "Sqrt",
        "Erf",
        "Identity",
    ]


@dataclass(frozen=True)
class LeakyRelu(Elementwise):
    """x where it is above 0, else alpha · x."""

    alpha: Number = 0.01
    op: Literal["LeakyRelu"] = "LeakyRelu"


@dataclass(frozen=True)
class Elu(Elementwise):
    """x where it is above 0, else alpha · (e^x − 1)."""

    alpha: Number = 1.0
    op: Literal["Elu"] = "Elu"


@dataclass(frozen=True)
class Clip(Elementwise):
    """x, not below `low` and not above `high`."""

    low: Number
    high: Number
    op: Literal["Clip"] = "Clip"


@dataclass(frozen=True)
class PRelu(Node):
    """x where it is above 0, else slope · x; one learned slope (1,), or one for each channel (C,)."""

    inputs: One
    slopes: Channels
    op: Literal["PRelu"] = "PRelu"

    def tensors(self) -> dict[str, Shape]:
        """The slopes."""
        return {"weight": (self.slopes,)}

    def output(self, *shapes: Shape) -> Shape:
        """As its input."""
        (shape,) = shapes
        expect(self.slopes == 1 or shape[:1] == (self.slopes,), self, shape, f"({self.slopes}, …)")
        return shape


@dataclass(frozen=True)
class Arithmetic(Node):
    """Two inputs, or one and a stored constant of shape `constant`; the smaller is repeated as numpy does.

    `reversed` puts the constant first: constant − x, constant / x.
    """

    op: Literal["Add", "Sub", "Mul", "Div"]
    constant: Sides | None = None
    reversed: bool = False

    def tensors(self) -> dict[str, Shape]:
        """The constant, if there is one."""
        return {} if self.constant is None else {"constant": self.constant}

    def output(self, *shapes: Shape) -> Shape:
        """The larger of both, axis by axis."""
        both = shapes if self.constant is None else (*shapes, self.constant)
        expect(len(both) == 2, self, shapes[0], "two inputs, or one and a constant")
        rank = max(map(len, both))
        first, second = ((1,) * (rank - len(shape)) + shape for shape in both)
        fits = all(a == b or 1 in (a, b) for a, b in zip(first, second, strict=True))
        expect(fits, self, both[0], f"one that fits {shape_text(both[1])}")
        return tuple(map(max, first, second))
