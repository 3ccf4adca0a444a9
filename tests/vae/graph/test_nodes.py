"""What nodes say of their results is what torch makes; what they can't take is refused before anything is computed."""

from __future__ import annotations

import json

import pytest
import torch
from hypothesis import given, settings

from tests.vae.graph.drawn import graphs
from vae.errors import ConfigError
from vae.graph import nodes
from vae.graph.graph import Graph, by_name, graph_of
from vae.graph.nodes import Node
from vae.model import networks

DRAWN = settings(max_examples=8, derandomize=True, deadline=None, database=None)


@pytest.mark.parametrize("op", sorted(by_name()))
def test_shapes_and_tensors_are_those_of_torch(op: str) -> None:
    met: set[str] = set()

    @DRAWN
    @given(graphs(op))
    def compare(graph: Graph) -> None:
        met.update(node.name for node in graph.nodes)
        network = networks.build(graph)
        assert {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} == graph.tensors()
        for end in range(1, len(graph.nodes) + 1):
            part = Graph(graph.input, graph.nodes[:end])
            with torch.inference_mode():
                found = networks.build(part)(torch.zeros(2, *graph.input))
            assert found.shape == (2, *part.output) == (2, *graph.shapes[end - 1])

    compare()
    assert op in met


@pytest.mark.parametrize("op", sorted(by_name()))
def test_a_graph_comes_back_from_its_json(op: str) -> None:
    @DRAWN
    @given(graphs(op))
    def compare(graph: Graph) -> None:
        assert graph_of(json.loads(json.dumps(graph.to_dict())), "a graph") == graph

    compare()


ONE = (-1,)
REFUSED: dict[str, tuple[nodes.Shape, Node]] = {
    "a matrix for more features": ((5,), nodes.Gemm(ONE, 4, 2)),
    "a convolution of more channels": ((3, 8, 8), nodes.Conv(ONE, 2, 4, (3, 3))),
    "a convolution of a vector": ((8,), nodes.Conv(ONE, 8, 4, (3, 3))),
    "a kernel that is larger than the image": ((3, 4, 4), nodes.Conv(ONE, 3, 4, (5, 1))),
    "a kernel that its dilation makes larger": ((3, 4, 4), nodes.Conv(ONE, 3, 4, (3, 3), dilations=(2, 2))),
    "groups that don't divide the channels": ((3, 4, 4), nodes.Conv(ONE, 3, 4, (1, 1), group=2)),
    "an image that is cut away": ((3, 1, 1), nodes.ConvTranspose(ONE, 3, 4, (2, 2), pads=(1, 0, 1, 0))),
    "more output padding than a stride": ((3, 4, 4), nodes.ConvTranspose(ONE, 3, 4, (2, 2), output_padding=(1, 0))),
    "an image without end": ((1, 64, 64), nodes.ConvTranspose(ONE, 1, 1, (1, 1), (256, 256))),
    "groups that don't divide what is normalized": ((3, 4, 4), nodes.GroupNormalization(ONE, 3, 2)),
    "a normalization of instances of a vector": ((3,), nodes.InstanceNormalization(ONE, 3)),
    "a normalization of other axes": ((3, 4, 5), nodes.LayerNormalization(ONE, (4, 4))),
    "slopes for other channels": ((3, 4, 4), nodes.PRelu(ONE, 4)),
    "a constant that fits nowhere": ((3, 4, 4), nodes.Arithmetic(ONE, "Add", (2, 1, 1))),
    "arithmetic of one value": ((3,), nodes.Arithmetic(ONE, "Mul")),
    "other numbers in another shape": ((3, 4, 4), nodes.Reshape(ONE, (47,))),
    "an axis that is named twice": ((3, 4), nodes.Transpose(ONE, (0, 0))),
    "values that differ along two axes": ((3, 4), nodes.Concat((-1, -1), 2)),
    "a slice beyond the end": ((3, 4), nodes.Slice(ONE, 1, 2, 5)),
    "a slice of nothing": ((3, 4), nodes.Slice(ONE, 1, 2, 2)),
    "a mirror that is too small": ((1, 2, 2), nodes.Pad(ONE, (2, 0, 0, 0), "reflect")),
    "corners that the nearest has not": ((1, 2, 2), nodes.Resize(ONE, (4, 4), "nearest", "half_pixel")),
    "a border wider than half a window": ((1, 4, 4), nodes.Pool(ONE, (3, 3), "MaxPool", pads=(2, 0, 0, 0))),
    "channels that make no blocks": ((6, 2, 2), nodes.DepthToSpace(ONE, 2)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_node_cannot_take_is_refused_by_its_name(name: str) -> None:
    given, node = REFUSED[name]
    with pytest.raises(ConfigError, match=node.name):
        Graph(given, (node,))


def test_a_node_reads_only_what_comes_before_it() -> None:
    for place in (0, 1, -2):
        with pytest.raises(ConfigError, match="reads"):
            Graph((2,), (nodes.Activation((place,), "Relu"),))


@pytest.mark.parametrize("values", [None, [], {"input": [2]}, {"input": [2], "nodes": [{"op": "Attention"}]}])
def test_what_is_no_graph_is_refused(values: object) -> None:
    with pytest.raises(ConfigError, match="a graph"):
        graph_of(values, "a graph")
