"""The nodes that a network is made of: what each takes, what tensors it owns, what comes out of it.

Names and attributes are ONNX's where ONNX has the operation; weights have PyTorch's layout. All shapes are those of one
image or latent vector: no node sees how many there are at once. Axes count from 0 within such a shape, (C, H, W) or
(n,). Three places know every node: `vae/model/networks.py` evaluates it with torch, `model_store/network/` in the
browser, and `tests/browser/explore/test_decoder.py` compares them.

Sources: ONNX operator schemas, opset 22 (https://onnx.ai/onnx/operators); PyTorch 2.14 modules of the same names.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar

from msgspec import Meta

from vae.errors import ConfigError
from vae.storage.schema import integer, number

Shape = tuple[int, ...]
T = TypeVar("T", bound="Node")

MOST_CHANNELS = 65_536
MOST_SIDE = 4_096
MOST_RANK = 6

Place = Annotated[int, integer(-1, 1_000)]
Width = Annotated[int, integer(1, 2**24)]
Channels = Annotated[int, integer(1, MOST_CHANNELS)]
Step = Annotated[int, integer(1, 256)]
Steps = tuple[Step, Step]
Margin = Annotated[int, integer(0, 4_096)]
Pads = tuple[Margin, Margin, Margin, Margin]
Number = Annotated[float, number(-1e6, 1e6)]
Sides = Annotated[tuple[Annotated[int, integer(1, 2**24)], ...], Meta(max_length=MOST_RANK)]
Inputs = Annotated[tuple[Place, ...], Meta(min_length=1, max_length=64)]
One = tuple[Place]

NO_PADS: Pads = (0, 0, 0, 0)


@dataclass(frozen=True)
class Node:
    """`inputs` are places of earlier nodes; −1 is what the network is given."""

    inputs: Inputs

    @property
    def name(self) -> str:
        """The operation, as ONNX calls it."""
        return str(getattr(self, "op"))  # noqa: B009 # each kind declares its own

    def tensors(self) -> dict[str, Shape]:
        """The role and shape of each tensor that it owns."""
        return {}

    def output(self, *shapes: Shape) -> Shape:
        """What shape comes out for inputs of these. Raises ConfigError for those that it can't take."""
        raise NotImplementedError

    def multiplications(self, output: Shape) -> int:
        """How many an output of that shape takes; 0 for what touches each number a few times at most."""
        return 0


# --- with learned weights ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Gemm(Node):
    """y = W x + b along the last axis: (…, features) -> (…, outputs). Weight: (outputs, features)."""

    inputs: One
    features: Width
    outputs: Width
    bias: bool = True
    op: Literal["Gemm"] = "Gemm"

    def tensors(self) -> dict[str, Shape]:
        """Weight, and bias where it has one."""
        return {"weight": (self.outputs, self.features), **_bias(self.bias, self.outputs)}

    def output(self, *shapes: Shape) -> Shape:
        """(…, outputs)."""
        (shape,) = shapes
        _expect(bool(shape) and shape[-1] == self.features, self, shape, f"(…, {self.features})")
        return (*shape[:-1], self.outputs)

    def multiplications(self, output: Shape) -> int:
        """One for each weight, and that for each row."""
        return math.prod(output) * self.features


@dataclass(frozen=True)
class Conv(Node):
    """Cross-correlation with zero padding, (channels, H, W) -> (outputs, H', W').

    Weight: (outputs, channels / group, kh, kw). `pads` are ONNX's: top, left, bottom, right.
    """

    inputs: One
    channels: Channels
    outputs: Channels
    kernel: Steps
    strides: Steps = (1, 1)
    pads: Pads = NO_PADS
    dilations: Steps = (1, 1)
    group: Channels = 1
    bias: bool = True
    op: Literal["Conv"] = "Conv"

    def tensors(self) -> dict[str, Shape]:
        """Weight, and bias where it has one."""
        return {
            "weight": (self.outputs, self.channels // self.group, *self.kernel),
            **_bias(self.bias, self.outputs),
        }

    def output(self, *shapes: Shape) -> Shape:
        """(outputs, H', W')."""
        (shape,) = shapes
        _expect_image(self, shape, self.channels)
        _expect_groups(self, self.channels, self.outputs, self.group)
        sides = [
            (side + before + after - dilation * (kernel - 1) - 1) // stride + 1
            for side, kernel, stride, before, after, dilation in zip(
                shape[1:], self.kernel, self.strides, self.pads[:2], self.pads[2:], self.dilations, strict=True
            )
        ]
        return _image(self, shape, self.outputs, sides)

    def multiplications(self, output: Shape) -> int:
        """Each output gathers one kernel."""
        return math.prod(output) * math.prod(self.kernel) * self.channels // self.group


@dataclass(frozen=True)
class ConvTranspose(Node):
    """Transposed convolution, (channels, H, W) -> (outputs, H', W').

    Weight: (channels, outputs / group, kh, kw). `pads` are cut off the result: top, left, bottom, right;
    `output_padding` is added below and at the right: vertical, horizontal.
    """

    inputs: One
    channels: Channels
    outputs: Channels
    kernel: Steps
    strides: Steps = (1, 1)
    pads: Pads = NO_PADS
    output_padding: tuple[Margin, Margin] = (0, 0)
    dilations: Steps = (1, 1)
    group: Channels = 1
    bias: bool = True
    op: Literal["ConvTranspose"] = "ConvTranspose"

    def tensors(self) -> dict[str, Shape]:
        """Weight, and bias where it has one."""
        return {
            "weight": (self.channels, self.outputs // self.group, *self.kernel),
            **_bias(self.bias, self.outputs),
        }

    def output(self, *shapes: Shape) -> Shape:
        """(outputs, H', W')."""
        (shape,) = shapes
        _expect_image(self, shape, self.channels)
        _expect_groups(self, self.channels, self.outputs, self.group)
        for extra, stride, dilation in zip(self.output_padding, self.strides, self.dilations, strict=True):
            _expect(extra < max(stride, dilation), self, shape, "an output padding below stride or dilation")
        sides = [
            (side - 1) * stride + dilation * (kernel - 1) + 1 + extra - before - after
            for side, kernel, stride, before, after, extra, dilation in zip(
                shape[1:],
                self.kernel,
                self.strides,
                self.pads[:2],
                self.pads[2:],
                self.output_padding,
                self.dilations,
                strict=True,
            )
        ]
        return _image(self, shape, self.outputs, sides)

    def multiplications(self, output: Shape) -> int:
        """Each input is sent through one kernel; of its places one in stride² reaches an output."""
        taps = math.prod(self.kernel) / math.prod(self.strides)
        return math.ceil(math.prod(output) * taps * self.channels / self.group)


@dataclass(frozen=True)
class GroupNormalization(Node):
    """Mean 0 and variance 1 over each of `groups` groups of channels; then weight and bias by channel, (C,)."""

    inputs: One
    channels: Channels
    groups: Channels
    epsilon: Annotated[float, number(0.0, 1.0)] = 1e-5
    affine: bool = True
    op: Literal["GroupNormalization"] = "GroupNormalization"

    def tensors(self) -> dict[str, Shape]:
        """Weight and bias, or neither."""
        return {"weight": (self.channels,), "bias": (self.channels,)} if self.affine else {}

    def output(self, *shapes: Shape) -> Shape:
        """As its input."""
        (shape,) = shapes
        _expect(len(shape) >= 1 and shape[0] == self.channels, self, shape, f"({self.channels}, …)")
        _expect(self.channels % self.groups == 0, self, shape, f"channels that {self.groups} groups share evenly")
        return shape


@dataclass(frozen=True)
class InstanceNormalization(Node):
    """Mean 0 and variance 1 over each channel; then weight and bias by channel, (C,)."""

    inputs: One
    channels: Channels
    epsilon: Annotated[float, number(0.0, 1.0)] = 1e-5
    affine: bool = True
    op: Literal["InstanceNormalization"] = "InstanceNormalization"

    def tensors(self) -> dict[str, Shape]:
        """Weight and bias, or neither."""
        return {"weight": (self.channels,), "bias": (self.channels,)} if self.affine else {}

    def output(self, *shapes: Shape) -> Shape:
        """As its input."""
        (shape,) = shapes
        _expect(len(shape) >= 2 and shape[0] == self.channels, self, shape, f"({self.channels}, …, …)")
        return shape


@dataclass(frozen=True)
class LayerNormalization(Node):
    """Mean 0 and variance 1 over the last axes, whose shape is `normalized`; then weight and bias of that shape."""

    inputs: One
    normalized: Sides
    epsilon: Annotated[float, number(0.0, 1.0)] = 1e-5
    affine: bool = True
    op: Literal["LayerNormalization"] = "LayerNormalization"

    def tensors(self) -> dict[str, Shape]:
        """Weight and bias, or neither."""
        return {"weight": self.normalized, "bias": self.normalized} if self.affine else {}

    def output(self, *shapes: Shape) -> Shape:
        """As its input."""
        (shape,) = shapes
        rank = len(self.normalized)
        _expect(rank > 0 and shape[-rank:] == self.normalized, self, shape, f"(…, {_text(self.normalized)})")
        return shape


# --- number by number -------------------------------------------------------------------------------------------------


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
        _expect(self.slopes == 1 or shape[:1] == (self.slopes,), self, shape, f"({self.slopes}, …)")
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
        _expect(len(both) == 2, self, shapes[0], "two inputs, or one and a constant")
        rank = max(map(len, both))
        first, second = ((1,) * (rank - len(shape)) + shape for shape in both)
        fits = all(a == b or 1 in (a, b) for a, b in zip(first, second, strict=True))
        _expect(fits, self, both[0], f"one that fits {_text(both[1])}")
        return tuple(map(max, first, second))


# --- moving numbers about ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reshape(Node):
    """The same numbers in the same order (channels first) under another shape."""

    inputs: One
    shape: Sides
    op: Literal["Reshape"] = "Reshape"

    def output(self, *shapes: Shape) -> Shape:
        """Its `shape`."""
        (shape,) = shapes
        _expect(math.prod(shape) == math.prod(self.shape), self, shape, f"as many numbers as {_text(self.shape)} has")
        return self.shape


@dataclass(frozen=True)
class Transpose(Node):
    """Axes in another order: axis i of the result is axis perm[i] of the input."""

    inputs: One
    perm: Annotated[tuple[Annotated[int, integer(0, MOST_RANK)], ...], Meta(max_length=MOST_RANK)]
    op: Literal["Transpose"] = "Transpose"

    def output(self, *shapes: Shape) -> Shape:
        """The sides in their new order."""
        (shape,) = shapes
        _expect(sorted(self.perm) == list(range(len(shape))), self, shape, f"{len(self.perm)} axes, each named once")
        return tuple(shape[axis] for axis in self.perm)


@dataclass(frozen=True)
class Concat(Node):
    """Inputs one after another along `axis`."""

    axis: Annotated[int, integer(0, MOST_RANK)]
    op: Literal["Concat"] = "Concat"

    def output(self, *shapes: Shape) -> Shape:
        """The sum along the axis."""
        first = shapes[0]
        _expect(self.axis < len(first), self, first, f"more than {self.axis} axes")
        for shape in shapes[1:]:
            alike = len(shape) == len(first) and _without(shape, self.axis) == _without(first, self.axis)
            _expect(alike, self, shape, f"one that differs from {_text(first)} along axis {self.axis} only")
        return _with(first, self.axis, sum(shape[self.axis] for shape in shapes))


@dataclass(frozen=True)
class Slice(Node):
    """Numbers `start`, `start` + `step`, … below `end` along `axis`."""

    inputs: One
    axis: Annotated[int, integer(0, MOST_RANK)]
    start: Annotated[int, integer(0, 2**24)]
    end: Annotated[int, integer(1, 2**24)]
    step: Step = 1
    op: Literal["Slice"] = "Slice"

    def output(self, *shapes: Shape) -> Shape:
        """As many as are taken along the axis."""
        (shape,) = shapes
        _expect(self.axis < len(shape), self, shape, f"more than {self.axis} axes")
        inside = self.start < self.end <= shape[self.axis]
        _expect(inside, self, shape, f"numbers {self.start} to {self.end} along axis {self.axis}")
        return _with(shape, self.axis, len(range(self.start, self.end, self.step)))


@dataclass(frozen=True)
class Pad(Node):
    """An image with a border of zeros (or `value`), of its edge repeated, or of itself mirrored without the edge."""

    inputs: One
    pads: Pads
    mode: Literal["constant", "edge", "reflect"] = "constant"
    value: Number = 0.0
    op: Literal["Pad"] = "Pad"

    def output(self, *shapes: Shape) -> Shape:
        """Larger by the border."""
        (shape,) = shapes
        _expect_image(self, shape)
        top, left, bottom, right = self.pads
        if self.mode == "reflect":
            fits = max(top, bottom) < shape[1] and max(left, right) < shape[2]
            _expect(fits, self, shape, "an image larger than the border")
        return _image(self, shape, shape[0], [shape[1] + top + bottom, shape[2] + left + right])


@dataclass(frozen=True)
class Resize(Node):
    """An image of another size. Nearest rounds as PyTorch's `nearest` does: floor(i · in / out).

    Of `linear`, `half_pixel` is PyTorch's align_corners=False and `align_corners` its True.
    """

    inputs: One
    size: tuple[Annotated[int, integer(1, MOST_SIDE)], Annotated[int, integer(1, MOST_SIDE)]]
    mode: Literal["nearest", "linear"] = "nearest"
    coordinates: Literal["asymmetric", "half_pixel", "align_corners"] = "asymmetric"
    op: Literal["Resize"] = "Resize"

    def output(self, *shapes: Shape) -> Shape:
        """(C, *size)."""
        (shape,) = shapes
        _expect_image(self, shape)
        linear = self.mode == "linear"
        known = self.coordinates != "asymmetric" if linear else self.coordinates == "asymmetric"
        _expect(known, self, shape, "corners that its mode has: linear half_pixel or align_corners, nearest asymmetric")
        return _image(self, shape, shape[0], list(self.size))


@dataclass(frozen=True)
class Pool(Node):
    """The largest or the mean of each window. `count_pads`: a mean counts the border's zeros."""

    inputs: One
    kernel: Steps
    op: Literal["MaxPool", "AveragePool"]
    strides: Steps = (1, 1)
    pads: Pads = NO_PADS
    count_pads: bool = False

    def output(self, *shapes: Shape) -> Shape:
        """(C, H', W')."""
        (shape,) = shapes
        _expect_image(self, shape)
        smaller = all(2 * pad <= kernel for pad, kernel in zip(self.pads, self.kernel * 2, strict=True))
        _expect(smaller, self, shape, "a border of at most half the window")
        sides = [
            (side + before + after - kernel) // stride + 1
            for side, kernel, stride, before, after in zip(
                shape[1:], self.kernel, self.strides, self.pads[:2], self.pads[2:], strict=True
            )
        ]
        return _image(self, shape, shape[0], sides)


@dataclass(frozen=True)
class GlobalAveragePool(Node):
    """The mean of each channel, (C, H, W) -> (C, 1, 1)."""

    inputs: One
    op: Literal["GlobalAveragePool"] = "GlobalAveragePool"

    def output(self, *shapes: Shape) -> Shape:
        """(C, 1, 1)."""
        (shape,) = shapes
        _expect_image(self, shape)
        return (shape[0], 1, 1)


@dataclass(frozen=True)
class DepthToSpace(Node):
    """Channels become pixels, (C · b², H, W) -> (C, b · H, b · W).

    CRD is PyTorch's pixel shuffle: channel c · b² + y · b + x is pixel (y, x) of its block. DCR: (y · b + x) · C + c.
    """

    inputs: One
    block: Step
    mode: Literal["CRD", "DCR"] = "CRD"
    op: Literal["DepthToSpace"] = "DepthToSpace"

    def output(self, *shapes: Shape) -> Shape:
        """Larger by the block, with fewer channels."""
        (shape,) = shapes
        _expect_image(self, shape)
        area = self.block**2
        _expect(shape[0] % area == 0, self, shape, f"channels that {area} divides")
        return _image(self, shape, shape[0] // area, [side * self.block for side in shape[1:]])


# --- helpers ----------------------------------------------------------------------------------------------------------


def _bias(there: bool, width: int) -> dict[str, Shape]:
    return {"bias": (width,)} if there else {}


def _expect(holds: bool, node: Node, found: Shape, expected: str) -> None:
    if not holds:
        raise ConfigError(f"{node.name} was given {_text(found)}, expected {expected}.")


def _expect_image(node: Node, shape: Shape, channels: int | None = None) -> None:
    fits = len(shape) == 3 and channels in (None, shape[0])
    _expect(fits, node, shape, f"an image ({'channels' if channels is None else channels}, H, W)")


def _expect_groups(node: Node, channels: int, outputs: int, group: int) -> None:
    fits = channels % group == 0 and outputs % group == 0
    _expect(fits, node, (channels, outputs), f"channels and outputs that {group} groups share evenly")


def _image(node: Node, found: Shape, channels: int, sides: list[int]) -> Shape:
    _expect(min(sides) >= 1, node, found, "an image that something is left of")
    _expect(max(sides) <= MOST_SIDE, node, found, f"one whose result has sides of at most {MOST_SIDE:,}")
    return (channels, *sides)


def _without(shape: Shape, axis: int) -> Shape:
    return shape[:axis] + shape[axis + 1 :]


def _with(shape: Shape, axis: int, side: int) -> Shape:
    return (*shape[:axis], side, *shape[axis + 1 :])


def _text(shape: Shape) -> str:
    return "×".join(map(str, shape)) or "a single number"
