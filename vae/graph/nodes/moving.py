"""Moving numbers about."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from vae.graph.nodes.base import (
    MOST_RANK,
    MOST_SIDE,
    NO_PADS,
    Node,
    Number,
    One,
    Pads,
    Shape,
    Sides,
    Step,
    Steps,
    expect,
    expect_image,
    image_of,
    shape_text,
    with_side,
    without,
)
from vae.storage.schema import integer


@dataclass(frozen=True)
class Reshape(Node):
    """The same numbers in the same order (channels first) under another shape."""

    inputs: One
    shape: Sides
    op: Literal["Reshape"] = "Reshape"

    def output(self, *shapes: Shape) -> Shape:
        """Its `shape`."""
        (shape,) = shapes
        expect(
            math.prod(shape) == math.prod(self.shape), self, shape, f"as many numbers as {shape_text(self.shape)} has"
        )
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
        expect(sorted(self.perm) == list(range(len(shape))), self, shape, f"{len(self.perm)} axes, each named once")
        return tuple(shape[axis] for axis in self.perm)


@dataclass(frozen=True)
class Concat(Node):
    """Inputs one after another along `axis`."""

    axis: Annotated[int, integer(0, MOST_RANK)]
    op: Literal["Concat"] = "Concat"

    def output(self, *shapes: Shape) -> Shape:
        """The sum along the axis."""
        first = shapes[0]
        expect(self.axis < len(first), self, first, f"more than {self.axis} axes")
        for shape in shapes[1:]:
            alike = len(shape) == len(first) and without(shape, self.axis) == without(first, self.axis)
            expect(alike, self, shape, f"one that differs from {shape_text(first)} along axis {self.axis} only")
        return with_side(first, self.axis, sum(shape[self.axis] for shape in shapes))


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
        expect(self.axis < len(shape), self, shape, f"more than {self.axis} axes")
        inside = self.start < self.end <= shape[self.axis]
        expect(inside, self, shape, f"numbers {self.start} to {self.end} along axis {self.axis}")
        return with_side(shape, self.axis, len(range(self.start, self.end, self.step)))


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
        expect_image(self, shape)
        top, left, bottom, right = self.pads
        if self.mode == "reflect":
            fits = max(top, bottom) < shape[1] and max(left, right) < shape[2]
            expect(fits, self, shape, "an image larger than the border")
        return image_of(self, shape, shape[0], [shape[1] + top + bottom, shape[2] + left + right])


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
        expect_image(self, shape)
        linear = self.mode == "linear"
        known = self.coordinates != "asymmetric" if linear else self.coordinates == "asymmetric"
        expect(known, self, shape, "corners that its mode has: linear half_pixel or align_corners, nearest asymmetric")
        return image_of(self, shape, shape[0], list(self.size))


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
        expect_image(self, shape)
        smaller = all(2 * pad <= kernel for pad, kernel in zip(self.pads, self.kernel * 2, strict=True))
        expect(smaller, self, shape, "a border of at most half the window")
        sides = [
            (side + before + after - kernel) // stride + 1
            for side, kernel, stride, before, after in zip(
                shape[1:], self.kernel, self.strides, self.pads[:2], self.pads[2:], strict=True
            )
        ]
        return image_of(self, shape, shape[0], sides)


@dataclass(frozen=True)
class GlobalAveragePool(Node):
    """The mean of each channel, (C, H, W) -> (C, 1, 1)."""

    inputs: One
    op: Literal["GlobalAveragePool"] = "GlobalAveragePool"

    def output(self, *shapes: Shape) -> Shape:
        """(C, 1, 1)."""
        (shape,) = shapes
        expect_image(self, shape)
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
        expect_image(self, shape)
        area = self.block**2
        expect(shape[0] % area == 0, self, shape, f"channels that {area} divides")
        return image_of(self, shape, shape[0] // area, [side * self.block for side in shape[1:]])
