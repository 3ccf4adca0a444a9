"""A graph with its numbers, and how one is put together node by node. numpy only."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.errors import ConfigError
from vae.foreign.unknown import UnknownError
from vae.graph import nodes
from vae.graph.foreign import Onnx
from vae.graph.graph import Graph
from vae.graph.nodes import Node, Shape
from vae.storage.reporting import storage_errors_as
from vae.storage.schema import read_as

FloatArray = NDArray[np.float32]
INPUT = -1
MOST_CLIP = 1e6  # what a Clip may hold


@dataclass(frozen=True, eq=False)
class WeightedGraph:
    """A network: `tensors` by the names that `graph.tensors()` gives."""

    graph: Graph
    tensors: Mapping[str, FloatArray]

    def owned(self, place: int) -> dict[str, FloatArray]:
        """The tensors of one node, by role."""
        return {role: self.tensors[f"{place}.{role}"] for role in self.graph.nodes[place].tensors()}


@dataclass(frozen=True)
class Each:
    """A value that each image has its own of: the output of a node."""

    place: int


class Builder:
    """A network in the making, for inputs of a shape (C, H, W) or (n,)."""

    def __init__(self, given: Shape) -> None:
        self.given = given
        self.nodes: list[Node] = []
        self.owned: list[dict[str, FloatArray]] = []
        self.shapes: list[Shape] = []

    def shape(self, place: int) -> Shape:
        """What comes out of a node."""
        return self.given if place == INPUT else self.shapes[place]

    def add(self, node: Node, tensors: Mapping[str, NDArray[Any]] | None = None) -> int:
        """Add a node with its tensors; its place.

        Raises ConfigError for shapes that it can't take and tensors that don't fit it.
        """
        shape = node.output(*map(self.shape, node.inputs))
        if not all(shape):
            raise ConfigError(f"{node.name} gives {shape}, which holds no number.")
        kind = np.uint8 if isinstance(node, Onnx) else np.float32
        owned: dict[str, Any] = {role: np.ascontiguousarray(a, kind) for role, a in (tensors or {}).items()}
        found = {role: array.shape for role, array in owned.items()}
        if found != node.tensors():
            raise ConfigError(f"{node.name} was given tensors {found}, expected {node.tensors()}.")
        self.nodes.append(node)
        self.owned.append(owned)
        self.shapes.append(shape)
        return len(self.nodes) - 1

    def gemm(self, place: int, weight: NDArray[Any], bias: NDArray[Any] | None = None) -> int:
        """y = W x + b; weight (outputs, features)."""
        outputs, features = weight.shape
        return self.add(nodes.Gemm((place,), features, outputs, bias is not None), _given(weight=weight, bias=bias))

    def arithmetic(self, place: int, op: Any, constant: Any, reverse: bool = False) -> int:
        """A stored constant and a node's output."""
        array = np.atleast_1d(np.asarray(constant, np.float32))
        return self.add(nodes.Arithmetic((place,), op, array.shape, reverse), {"constant": array})

    def scaled(self, place: int, scale: Any, shift: Any) -> int:
        """scale · x + shift, leaving out what changes nothing."""
        if np.any(np.asarray(scale) != 1):
            place = self.arithmetic(place, "Mul", scale)
        if np.any(np.asarray(shift) != 0):
            place = self.arithmetic(place, "Add", shift)
        return place

    def by_channel(self, place: int, scale: NDArray[Any], shift: NDArray[Any]) -> int:
        """scale · x + shift, one of each for every channel (the first axis): batch normalization, evaluated."""
        ones = (1,) * (len(self.shape(place)) - 1)
        return self.scaled(place, scale.reshape(-1, *ones), shift.reshape(-1, *ones))

    def activate(self, place: int, op: Any) -> int:
        """A function without settings."""
        return self.add(nodes.Activation((place,), op))

    def clipped(self, place: int, low: Any, high: Any) -> int:
        """Not below `low` and not above `high`, where there is such a limit: None and NaN are none."""
        least, most = (
            float(default if limit is None or math.isnan(limit) else min(max(limit, -MOST_CLIP), MOST_CLIP))
            for limit, default in ((low, -MOST_CLIP), (high, MOST_CLIP))
        )
        return self.add(nodes.Clip((place,), least, most))

    def reshape(self, place: int, shape: Shape) -> int:
        """Another shape of the same numbers; nothing where it is that already."""
        return place if self.shape(place) == shape else self.add(nodes.Reshape((place,), shape))

    def flat(self, place: int) -> int:
        """One axis."""
        return self.reshape(place, (math.prod(self.shape(place)),))

    def sliced(self, place: int, axis: int, taken: range) -> int:
        """Some numbers along an axis; nothing to do where these are all. Raises UnknownError for none."""
        if not len(taken):
            raise UnknownError("of nothing")
        if taken.start == 0 and len(taken) == self.shape(place)[axis]:
            return place
        return self.add(nodes.Slice((place,), axis, taken.start, taken[-1] + 1, taken.step))

    def cut(self, place: int, axis: int, sizes: Sequence[int]) -> list[int]:
        """Parts of these sizes, one after another along an axis."""
        ends = np.cumsum(sizes)
        return [self.sliced(place, axis, range(int(e) - size, int(e))) for size, e in zip(sizes, ends, strict=True)]

    def selected(self, place: int, axis: int, at: int) -> int:
        """One number along an axis (from the end where it is below 0), without that axis."""
        shape = self.shape(place)
        at %= shape[axis]
        return self.reshape(self.sliced(place, axis, range(at, at + 1)), shape[:axis] + shape[axis + 1 :])

    def constant(self, value: NDArray[Any]) -> int:
        """The same for every image: nothing of the input, and the constant added."""
        place = INPUT
        for axis, side in enumerate(self.given):
            if side > 1:
                place = self.add(nodes.Slice((place,), axis, 0, 1))
        place = self.reshape(place, (1,) * value.ndim)
        return self.arithmetic(self.arithmetic(place, "Mul", 0.0), "Add", value)

    def expanded(self, place: int, shape: Shape) -> int:
        """Repeated along axes of 1, which may be missing in front, by adding zeros. Raises ConfigError."""
        before = self.shape(place)
        whole = (*(1,) * (len(shape) - len(before)), *before)
        place = self.reshape(place, whole)
        zeros = tuple(new if old != new else 1 for old, new in zip(whole, shape, strict=True))
        return place if whole == shape else self.arithmetic(place, "Add", np.zeros(zeros, np.float32))

    def concat(self, places: Sequence[int], axis: int = 0) -> int:
        """One after another."""
        return self.add(nodes.Concat(tuple(places), axis))

    def append(self, other: WeightedGraph, place: int) -> int:
        """All nodes of another network, which reads the output of `place`; the place of its last one."""
        moved: dict[int, int] = {INPUT: place}
        for i, node in enumerate(other.graph.nodes):
            inputs = tuple(moved[j] for j in node.inputs)
            moved[i] = self.add(dataclasses.replace(node, inputs=inputs), other.owned(i))
        return moved[len(other.graph.nodes) - 1]

    def build(self, output: int) -> WeightedGraph:
        """The network up to `output`, without what that doesn't need."""
        needed, ahead = set[int](), [output]
        while ahead:
            place = ahead.pop()
            if place != INPUT and place not in needed:
                needed.add(place)
                ahead += self.nodes[place].inputs
        order = sorted(needed)
        if not order:  # the input itself
            order, moved = [self.activate(INPUT, "Identity")], {INPUT: INPUT}
        moved = {INPUT: INPUT} | {place: i for i, place in enumerate(order)}
        kept = tuple(
            dataclasses.replace(self.nodes[place], inputs=tuple(moved[i] for i in self.nodes[place].inputs))
            for place in order
        )
        for node in kept:
            _check(node)
        tensors = {f"{moved[place]}.{role}": array for place in order for role, array in self.owned[place].items()}
        return WeightedGraph(Graph(self.given, kept), tensors)


@storage_errors_as(ConfigError)
def _check(node: Node) -> None:
    """Raise ConfigError for what a checkpoint could not be read with: a stride of 1,000, a limit of 1e9."""
    read_as(dataclasses.asdict(node), type(node), node.name)


def builder_of(network: WeightedGraph) -> Builder:
    """To go on building at a network."""
    builder = Builder(network.graph.input)
    for place, node in enumerate(network.graph.nodes):
        builder.add(node, network.owned(place))
    return builder


def _given(**tensors: NDArray[Any] | None) -> dict[str, NDArray[Any]]:
    return {role: array for role, array in tensors.items() if array is not None}
