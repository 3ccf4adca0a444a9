"""The same network with less to compute: no-ops go, factors and summands move into the weights before them."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from vae.adoption.weighted_graph import INPUT, Builder, FloatArray, WeightedGraph
from vae.graph import nodes
from vae.graph.nodes import Node, Shape

LINEAR = (nodes.Gemm, nodes.Conv, nodes.ConvTranspose)


def simplified(network: WeightedGraph) -> WeightedGraph:
    """Equal up to rounding. A batch normalization, read as a factor and a summand by channel, disappears so."""
    graph = network.graph
    readers = Counter(i for node in graph.nodes for i in node.inputs)
    builder, moved = Builder(graph.input), {INPUT: INPUT}
    for place, node in enumerate(graph.nodes):
        inputs = tuple(moved[i] for i in node.inputs)
        if node.name == "Identity" or (isinstance(node, nodes.Reshape) and node.shape == builder.shape(inputs[0])):
            moved[place] = inputs[0]
            readers[node.inputs[0]] += readers[place] - 1
            continue
        owned = network.owned(place)
        if readers[node.inputs[0]] == 1 and _folded(builder, inputs[0], node, owned):
            moved[place] = inputs[0]
            continue
        moved[place] = builder.add(dataclasses.replace(node, inputs=inputs), owned)
    return builder.build(moved[len(graph.nodes) - 1])


def _folded(builder: Builder, before: int, node: Node, owned: dict[str, FloatArray]) -> bool:
    """Whether `node` scales or shifts the channels of a linear one `before` it, which does so by itself from now on."""
    if before == INPUT or not isinstance(node, nodes.Arithmetic) or node.constant is None:
        return False
    linear = builder.nodes[before]
    if not isinstance(linear, LINEAR) or (node.op == "Div" and node.reversed):
        return False
    constant = _by_channel(owned["constant"], builder.shape(before))
    if constant is None:
        return False
    scale, shift = np.ones_like(constant), np.zeros_like(constant)
    match node.op:
        case "Mul":
            scale = constant
        case "Div":
            scale = 1 / constant
        case "Add":
            shift = constant
        case "Sub":
            scale, shift = (-scale, constant) if node.reversed else (scale, -constant)
    _rescale(builder, before, scale, shift)
    return True


def _by_channel(constant: FloatArray, shape: Shape) -> NDArray[np.float64] | None:
    """One number for each channel of a result of `shape`, (C, H, W) or (n,); None where it is not the same all over."""
    if len(shape) not in (1, 3) or constant.ndim > len(shape):
        return None
    whole = constant.reshape((1,) * (len(shape) - constant.ndim) + constant.shape)
    if math.prod(whole.shape[1:]) != 1:
        return None
    return np.broadcast_to(whole.reshape(-1), (shape[0],)).astype(np.float64)


def _rescale(builder: Builder, place: int, scale: NDArray[np.float64], shift: NDArray[np.float64]) -> None:
    node, owned = builder.nodes[place], builder.owned[place]
    weight = owned["weight"].astype(np.float64)
    bias = owned.get("bias", np.zeros(len(scale))).astype(np.float64)
    if isinstance(node, nodes.ConvTranspose):  # (channels, outputs / group, kh, kw)
        each = weight.shape[1]
        blocks = weight.reshape(node.group, -1, *weight.shape[1:]) * scale.reshape(node.group, 1, each, 1, 1)
        weight = blocks.reshape(weight.shape)
    else:
        weight = weight * scale.reshape(-1, *(1,) * (weight.ndim - 1))
    builder.nodes[place] = dataclasses.replace(node, bias=True)  # type: ignore[call-arg] # all linear ones have it
    builder.owned[place] = {
        "weight": np.ascontiguousarray(weight, np.float32),
        "bias": np.ascontiguousarray(bias * scale + shift, np.float32),
    }
