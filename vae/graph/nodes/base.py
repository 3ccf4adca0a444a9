"""What a node is, and the numbers that it may have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from vae.errors import ConfigError
from vae.storage.schema import integer, number

Shape = tuple[int, ...]

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

    def held(self, output: Shape) -> int:
        """How many numbers it makes for an output of that shape, those on the way included."""
        return math.prod(output)

    def multiplications(self, output: Shape) -> int:
        """How many an output of that shape takes; 0 for what touches each number a few times at most."""
        return 0


def bias_of(there: bool, width: int) -> dict[str, Shape]:
    """The bias of a layer, if it has one."""
    return {"bias": (width,)} if there else {}


def expect(holds: bool, node: Node, found: Shape, expected: str) -> None:
    """Raise ConfigError for what a node was given, unless it holds."""
    if not holds:
        raise ConfigError(f"{node.name} was given {shape_text(found)}, expected {expected}.")


def expect_image(node: Node, shape: Shape, channels: int | None = None) -> None:
    """Raise ConfigError for what is no image, or one of other channels."""
    fits = len(shape) == 3 and channels in (None, shape[0])
    expect(fits, node, shape, f"an image ({'channels' if channels is None else channels}, H, W)")


def expect_groups(node: Node, channels: int, outputs: int, group: int) -> None:
    """Raise ConfigError for groups that don't share channels and outputs evenly."""
    fits = channels % group == 0 and outputs % group == 0
    expect(fits, node, (channels, outputs), f"channels and outputs that {group} groups share evenly")


def image_of(node: Node, found: Shape, channels: int, sides: list[int]) -> Shape:
    """(channels, *sides). Raises ConfigError for sides that no image has."""
    expect(min(sides) >= 1, node, found, "an image that something is left of")
    expect(max(sides) <= MOST_SIDE, node, found, f"one whose result has sides of at most {MOST_SIDE:,}")
    return (channels, *sides)


def without(shape: Shape, axis: int) -> Shape:
    """All sides but one."""
    return shape[:axis] + shape[axis + 1 :]


def with_side(shape: Shape, axis: int, side: int) -> Shape:
    """Another side along an axis."""
    return (*shape[:axis], side, *shape[axis + 1 :])


def shape_text(shape: Shape) -> str:
    """In a message."""
    return "×".join(map(str, shape)) or "a single number"
