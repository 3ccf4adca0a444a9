"""A network: nodes in the order in which they are evaluated, the last one's output is the network's."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from typing import Annotated, Any, get_args, get_type_hints

from msgspec import Meta

from vae.errors import ConfigError, StorageError
from vae.graph import nodes
from vae.graph.foreign import Onnx
from vae.graph.nodes import Node, Shape
from vae.storage.schema import integer, read_as

MOST_NODES = 1_000
MOST_VALUES = 2**26  # of one node for one image: 256 MB
MOST_PARAMETERS = 2**30
MOST_MULTIPLICATIONS = 10**11  # seconds an image on any processor: nobody explores that

FOREIGN = "Onnx"  # run by ONNX Runtime: no browser, no gradients

KINDS: tuple[type[Node], ...] = (
    nodes.Gemm,
    nodes.Conv,
    nodes.ConvTranspose,
    nodes.GroupNormalization,
    nodes.InstanceNormalization,
    nodes.LayerNormalization,
    nodes.Activation,
    nodes.LeakyRelu,
    nodes.Elu,
    nodes.Clip,
    nodes.PRelu,
    nodes.Arithmetic,
    nodes.Reshape,
    nodes.Transpose,
    nodes.Concat,
    nodes.Slice,
    nodes.Pad,
    nodes.Resize,
    nodes.Pool,
    nodes.GlobalAveragePool,
    nodes.DepthToSpace,
)


@cache
def by_name() -> dict[str, type[Node]]:
    """The kind of node for each name of an operation that torch and the browser evaluate."""
    return {name: kind for kind in KINDS for name in get_args(get_type_hints(kind)["op"])}


@dataclass(frozen=True)
class Graph:
    """A network for inputs of shape `input`, (C, H, W) or (n,).

    Raises
    ------
    ConfigError
        For nodes that read what comes after them, or are given a shape that they can't take; for none or too many.
    """

    input: Shape
    nodes: tuple[Node, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.nodes) <= MOST_NODES:
            raise ConfigError(f"The network has {len(self.nodes):,} nodes, expected 1 to {MOST_NODES:,}.")
        if sum(isinstance(node, Onnx) for node in self.nodes) > 1:
            raise ConfigError("The network has several parts in ONNX, expected at most one.")
        self.shapes  # noqa: B018 # works them out, and refuses what doesn't fit

    @cached_property
    def shapes(self) -> tuple[Shape, ...]:
        """What comes out of each node."""
        found: list[Shape] = []
        for place, node in enumerate(self.nodes):
            if not all(-1 <= i < place for i in node.inputs):
                raise ConfigError(
                    f"Node {place} ({node.name}) reads {node.inputs}, expected places from -1 to {place - 1}.",
                    "A node may read only what comes before it.",
                )
            given = (self.input if i < 0 else found[i] for i in node.inputs)
            try:
                shape = node.output(*given)
            except ConfigError as error:
                raise ConfigError(f"Node {place}: {error.message}", error.hint) from error
            found.append(shape)
        return tuple(found)

    def check_size(self) -> None:
        """Raise ConfigError for numbers and weights that nobody has memory for: of a network from elsewhere."""
        for place, (node, shape) in enumerate(zip(self.nodes, self.shapes, strict=True)):
            if (count := node.held(shape)) > MOST_VALUES:
                raise ConfigError(
                    f"Node {place} ({node.name}) makes {count:,} numbers, expected at most {MOST_VALUES:,}."
                )
        if (count := sum(map(math.prod, self.tensors().values()))) > MOST_PARAMETERS:
            raise ConfigError(f"The network has {count:,} weights, expected at most {MOST_PARAMETERS:,}.")
        if (work := self.multiplications()) > MOST_MULTIPLICATIONS:
            raise ConfigError(
                f"The network takes {work:,} multiplications an image, expected at most {MOST_MULTIPLICATIONS:,}."
            )

    @property
    def foreign(self) -> int | None:
        """The place of the part that stays in ONNX; None where all is evaluated node by node."""
        return next((place for place, node in enumerate(self.nodes) if isinstance(node, Onnx)), None)

    @property
    def output(self) -> Shape:
        """What comes out of the last node."""
        return self.shapes[-1]

    def tensors(self) -> dict[str, Shape]:
        """The shape of every tensor by its name, `<place of its node>.<role>`."""
        return {
            f"{place}.{role}": shape for place, node in enumerate(self.nodes) for role, shape in node.tensors().items()
        }

    def multiplications(self) -> int:
        """How many one input takes."""
        return sum(node.multiplications(shape) for node, shape in zip(self.nodes, self.shapes, strict=True))

    def last_readers(self) -> tuple[int, ...]:
        """For each node the place of the last one that reads it; its own where none does."""
        last = list(range(len(self.nodes)))
        for place, node in enumerate(self.nodes):
            for i in node.inputs:
                if i >= 0:
                    last[i] = place
        return tuple(last)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `graph_of` restores an equal graph."""
        return {"input": self.input, "nodes": [asdict(node) for node in self.nodes]}


def describe(graph: Graph) -> dict[str, Any]:
    """What the browser reads: as `to_dict`, with the `shape` that comes out of each node as `output`."""
    plain = graph.to_dict()
    for node, shape in zip(plain["nodes"], graph.shapes, strict=True):
        node["output"] = shape
    return plain


@dataclass(frozen=True)
class _Frame:
    input: Annotated[tuple[Annotated[int, integer(1, 2**24)], ...], Meta(min_length=1, max_length=nodes.MOST_RANK)]
    nodes: Annotated[tuple[dict[str, Any], ...], Meta(max_length=MOST_NODES)]


def graph_of(values: Any, what: str) -> Graph:
    """The graph that `to_dict` wrote. Raises ConfigError, naming `what`, for anything else."""
    try:
        frame = read_as(values, _Frame, what)
        return Graph(frame.input, tuple(_node_of(node, f"{what}: node {i}") for i, node in enumerate(frame.nodes)))
    except StorageError as error:
        raise ConfigError(error.message, error.hint) from error


def _node_of(values: dict[str, Any], what: str) -> Node:
    name = values.get("op")
    kind = {**by_name(), FOREIGN: Onnx}.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ConfigError(f"{what} is {str(name)[:40]!r}, expected one of {', '.join(sorted(by_name()))}.")
    return read_as(values, kind, what)
