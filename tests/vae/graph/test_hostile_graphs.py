"""Graphs in a checkpoint's config.json that are made to break whoever evaluates them: each a ConfigError in words."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

import pytest
import torch

from vae.config import ADOPTED, ModelConfig
from vae.errors import ConfigError
from vae.graph.graph import Graph
from vae.graph.nodes import GroupNormalization
from vae.model import networks

Values = dict[str, Any]
GOOD: Values = {
    "architecture": ADOPTED,
    "image_shape": [1, 8, 8],
    "latent_dim": 2,
    "networks": {
        "encoder": {
            "input": [1, 8, 8],
            "nodes": [
                {"op": "Conv", "inputs": [-1], "channels": 1, "outputs": 4, "kernel": [3, 3], "strides": [2, 2],
                 "pads": [1, 1, 1, 1]},
                {"op": "Relu", "inputs": [0]},
                {"op": "Reshape", "inputs": [1], "shape": [64]},
                {"op": "Gemm", "inputs": [2], "features": 64, "outputs": 4},
            ],
        },
        "decoder": {
            "input": [2],
            "nodes": [
                {"op": "Gemm", "inputs": [-1], "features": 2, "outputs": 64},
                {"op": "Reshape", "inputs": [0], "shape": [1, 8, 8]},
            ],
        },
    },
}  # fmt: skip


def node(place: int, **values: Any) -> Callable[[Values], None]:
    """Some of what a node of the encoder says."""
    return lambda encoder: encoder["nodes"][place].update(values)


def instead(place: int, **values: Any) -> Callable[[Values], None]:
    """Another node."""

    def apply(encoder: Values) -> None:
        encoder["nodes"][place] = values

    return apply


def more(*nodes: Values) -> Callable[[Values], None]:
    """Nodes behind the others."""
    return lambda encoder: encoder["nodes"].extend(nodes)


def named(**values: Any) -> Callable[[Values], None]:
    """What the encoder says of itself."""
    return lambda encoder: encoder.update(values)


def single(input_shape: list[int], *nodes: Values) -> Callable[[Values], None]:
    """Another network."""
    return named(input=input_shape, nodes=list(nodes))


HOSTILE: dict[str, Callable[[Values], None]] = {
    "no nodes": named(nodes=[]),
    "nodes that are text": named(nodes="x"),
    "nodes that are numbers": named(nodes=[1, 2]),
    "2,000 nodes": named(nodes=[{"op": "Relu", "inputs": [k - 1]} for k in range(2_000)]),
    "no input": lambda encoder: encoder.pop("input"),
    "an input of a billion": named(input=[10**9, 10**9]),
    "an input below 0": named(input=[-1, 8, 8]),
    "an input of 40 axes": named(input=[1] * 40),
    "an input of text": named(input="x"),
    "an unknown operation": instead(1, op="Exec", inputs=[0]),
    "an operation that steers a terminal": instead(1, op="\x1b[2J\u202e" * 50, inputs=[0]),
    "an operation that is a list": instead(1, op=["Relu"], inputs=[0]),
    "no operation": instead(1, inputs=[0]),
    "a node that reads itself": node(1, inputs=[1]),
    "a circle": node(0, inputs=[3]),
    "a node that reads what isn't there": node(1, inputs=[999]),
    "a node before all": node(1, inputs=[-2]),
    "a node without inputs": node(1, inputs=[]),
    "an activation of two": node(1, inputs=[0, 0]),
    "a Gemm of two": node(3, inputs=[2, 2]),
    "inputs of text": node(1, inputs="x"),
    "inputs of fractions": node(1, inputs=[0.5]),
    "10,000 inputs": instead(1, op="Concat", inputs=[0] * 10_000, axis=0),
    "a kernel of a million": node(0, kernel=[10**6, 10**6]),
    "a kernel of nothing": node(0, kernel=[0, 0]),
    "a kernel larger than the image": node(0, kernel=[200, 200]),
    "a kernel of one side": node(0, kernel=[3]),
    "strides of nothing": node(0, strides=[0, 0]),
    "strides of a million": node(0, strides=[10**6, 10**6]),
    "pads below 0": node(0, pads=[-1, 0, 0, 0]),
    "pads of a billion": node(0, pads=[10**9] * 4),
    "a terabyte of pads": single([1, 8, 8], {"op": "Pad", "inputs": [-1], "pads": [4096] * 4}),
    "minutes of work an image": single(
        [1, 8, 8],
        {"op": "Resize", "inputs": [-1], "size": [1024, 1024]},
        {"op": "Conv", "inputs": [0], "channels": 1, "outputs": 64, "kernel": [33, 33], "pads": [16] * 4},
        {"op": "Conv", "inputs": [1], "channels": 64, "outputs": 1, "kernel": [33, 33], "pads": [16] * 4},
    ),
    "no groups": node(0, group=0),
    "groups that don't divide": node(0, group=3),
    "dilations of a million": node(0, dilations=[10**6, 10**6]),
    "a million channels": node(0, outputs=10**6),
    "other channels": node(0, channels=2),
    "a billion weights": node(3, outputs=2**24),
    "more weights than can be counted": node(3, outputs=10**30),
    "other features": node(3, features=65),
    "endless weights": node(3, features="Infinity"),
    "a shape of another size": node(2, shape=[65]),
    "a shape of a billion": node(2, shape=[10**9]),
    "a shape below 0": node(2, shape=[-64, -1]),
    "a shape of 40 axes": node(2, shape=[64, *[1] * 39]),
    "a slope of a billion": instead(1, op="LeakyRelu", inputs=[0], alpha=1e30),
    "a slope of text": instead(1, op="LeakyRelu", inputs=[0], alpha="x"),
    "a slope of true": instead(1, op="LeakyRelu", inputs=[0], alpha=True),
    "slopes of a single number": single(
        [1], {"op": "Reshape", "inputs": [-1], "shape": []}, {"op": "PRelu", "inputs": [0], "slopes": 2}
    ),
    "groups of no channel": single([3], {"op": "GroupNormalization", "inputs": [-1], "channels": 3, "groups": 0}),
    "normalized nothing": single([3], {"op": "LayerNormalization", "inputs": [-1], "normalized": []}),
    "an image of three axes less": single([3], {"op": "MaxPool", "inputs": [-1], "kernel": [2, 2]}),
    "windows all of border": single(
        [1, 8, 8], {"op": "MaxPool", "inputs": [-1], "kernel": [1, 1], "pads": [3, 3, 3, 3]}
    ),
    "axes named twice": single([1, 8, 8], {"op": "Transpose", "inputs": [-1], "perm": [0, 0, 1]}),
    "axes of somewhere": single([1, 8, 8], {"op": "Concat", "inputs": [-1, -1], "axis": 6}),
    "a slice of nothing": single([8], {"op": "Slice", "inputs": [-1], "axis": 0, "start": 5, "end": 5}),
    "a slice behind the end": single([8], {"op": "Slice", "inputs": [-1], "axis": 0, "start": 5, "end": 500}),
    "a picture of a terabyte": single([1, 8, 8], {"op": "Resize", "inputs": [-1], "size": [10**6, 10**6]}),
    "a doubled picture, ten times": single(
        [1, 8, 8],
        *({"op": "Resize", "inputs": [k - 1], "size": [4096, 4096]} for k in range(2)),
        {"op": "Concat", "inputs": [1] * 64, "axis": 0},
    ),
    "numbers doubled 60 times": single(
        [8], *({"op": "Concat", "inputs": [k - 1, k - 1], "axis": 0} for k in range(60))
    ),
    "blocks of 256": single([1, 8, 8], {"op": "DepthToSpace", "inputs": [-1], "block": 256}),
    "a sum of what doesn't fit": single([3], {"op": "Add", "inputs": [-1], "constant": [5]}),
    "a sum of one": single([3], {"op": "Add", "inputs": [-1]}),
    "a sum of three": single([3], {"op": "Add", "inputs": [-1, -1, -1]}),
    "a constant of a terabyte": single([3], {"op": "Add", "inputs": [-1], "constant": [10**6, 10**6, 3]}),
    "another answer": more({"op": "Slice", "inputs": [3], "axis": 0, "start": 0, "end": 3}),
    "another image": named(input=[1, 9, 9]),
}


def _config(change: Callable[[Values], object]) -> Values:
    values = copy.deepcopy(GOOD)
    change(values["networks"]["encoder"])
    return values


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused(name: str) -> None:
    values, began = _config(HOSTILE[name]), time.process_time()
    with pytest.raises(ConfigError) as refused:
        ModelConfig.from_dict(values)
    assert time.process_time() - began < 2
    said = str(refused.value)
    assert 20 <= len(said) < 1_500
    assert "\x1b" not in said and "\u202e" not in said


def test_the_good_one_is_read_and_evaluated() -> None:
    config = ModelConfig.from_dict(copy.deepcopy(GOOD))
    assert networks.build(config.networks.encoder)(torch.zeros(2, 1, 8, 8)).shape == (2, 4)
    assert ModelConfig.from_dict(config.to_dict()) == config


@pytest.mark.parametrize("shape", [(4,), (4, 1, 1)])
def test_a_group_of_one_number_is_its_bias(shape: tuple[int, ...]) -> None:
    """For a single latent, too, which torch's own module refuses."""
    network = networks.build(Graph(shape, (GroupNormalization((-1,), 4, 4),)))
    torch.testing.assert_close(network(torch.rand(1, *shape)), torch.zeros(1, *shape), atol=1e-3, rtol=0)
