"""With learned weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

from vae.graph.nodes.base import (
    NO_PADS,
    Channels,
    Margin,
    Node,
    One,
    Pads,
    Shape,
    Sides,
    Steps,
    Width,
    bias_of,
    expect,
    expect_groups,
    expect_image,
    image_of,
    shape_text,
)
from vae.storage.schema import number


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
        return {"weight": (self.outputs, self.features), **bias_of(self.bias, self.outputs)}

    def output(self, *shapes: Shape) -> Shape:
        """(…, outputs)."""
        (shape,) = shapes
        expect(bool(shape) and shape[-1] == self.features, self, shape, f"(…, {self.features})")
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
            **bias_of(self.bias, self.outputs),
        }

    def output(self, *shapes: Shape) -> Shape:
        """(outputs, H', W')."""
        (shape,) = shapes
        expect_image(self, shape, self.channels)
        expect_groups(self, self.channels, self.outputs, self.group)
        sides = [
            (side + before + after - dilation * (kernel - 1) - 1) // stride + 1
            for side, kernel, stride, before, after, dilation in zip(
                shape[1:], self.kernel, self.strides, self.pads[:2], self.pads[2:], self.dilations, strict=True
            )
        ]
        return image_of(self, shape, self.outputs, sides)

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
            **bias_of(self.bias, self.outputs),
        }

    def output(self, *shapes: Shape) -> Shape:
        """(outputs, H', W')."""
        (shape,) = shapes
        expect_image(self, shape, self.channels)
        expect_groups(self, self.channels, self.outputs, self.group)
        for extra, stride, dilation in zip(self.output_padding, self.strides, self.dilations, strict=True):
            expect(extra < max(stride, dilation), self, shape, "an output padding below stride or dilation")
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
        return image_of(self, shape, self.outputs, sides)

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
        expect(len(shape) >= 1 and shape[0] == self.channels, self, shape, f"({self.channels}, …)")
        expect(self.channels % self.groups == 0, self, shape, f"channels that {self.groups} groups share evenly")
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
        expect(len(shape) >= 2 and shape[0] == self.channels, self, shape, f"({self.channels}, …, …)")
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
        expect(rank > 0 and shape[-rank:] == self.normalized, self, shape, f"(…, {shape_text(self.normalized)})")
        return shape
