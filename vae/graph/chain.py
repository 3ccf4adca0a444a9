"""Building a graph node by node, each reading the one before it unless told otherwise."""

from __future__ import annotations

from typing import Any, Self

from vae.graph import nodes
from vae.graph.graph import Graph
from vae.graph.nodes import Node, Shape


class Chain:
    """A network in the making, for inputs of a shape (C, H, W) or (n,)."""

    def __init__(self, given: Shape) -> None:
        self.given = given
        self.nodes: list[Node] = []

    @property
    def end(self) -> int:
        """The place of the last node; −1 while there is none."""
        return len(self.nodes) - 1

    def add(self, kind: type[Node], *arguments: Any, **named: Any) -> Self:
        """A node that reads the last one."""
        return self.append(kind((self.end,), *arguments, **named))

    def append(self, node: Node) -> Self:
        """A node that says itself what it reads."""
        self.nodes.append(node)
        return self

    def activate(self, name: str) -> Self:
        """A function without settings, of the last node."""
        return self.append(nodes.Activation((self.end,), name))  # type: ignore[arg-type] # a literal

    def graph(self) -> Graph:
        """The network. Raises ConfigError as Graph does."""
        return Graph(self.given, tuple(self.nodes))
