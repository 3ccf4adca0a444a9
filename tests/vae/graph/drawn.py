"""Random graphs for hypothesis: any kinds of nodes in any order, with odd sizes, uneven borders and branches.

Numbers stay near 1, so that what two evaluators make of them may be compared: weights are small, and nothing is
divided by what may be nearly 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from vae.errors import ConfigError
from vae.graph import nodes
from vae.graph.graph import Graph, by_name
from vae.graph.nodes import Node, Shape

Draw = Callable[[st.SearchStrategy[Any]], Any]
KERNELS, STRIDES, BORDERS = st.integers(1, 4), st.integers(1, 3), st.integers(0, 2)
IMAGES = st.tuples(st.integers(1, 9), st.integers(1, 7), st.integers(1, 7))
OTHERS = st.lists(st.integers(1, 7), min_size=1, max_size=4).map(tuple)
FOR_IMAGES = {"Conv", "ConvTranspose", "Pad", "Resize", "MaxPool", "AveragePool", "GlobalAveragePool", "DepthToSpace"}
LEARNED = ("Gemm", "Conv", "ConvTranspose")
NORMALIZATIONS = ("GroupNormalization", "InstanceNormalization", "LayerNormalization")
EPSILON = 0.1


@st.composite
def graphs(draw: Draw, op: str, around: int = 2) -> Graph:
    """A graph in which one node is `op`, with at most `around` others before it and after it."""
    given = draw(IMAGES if op in FOR_IMAGES or op == "InstanceNormalization" else st.one_of(IMAGES, OTHERS))
    shapes, made = [given], list[Node]()
    others = st.lists(st.sampled_from(sorted(by_name())), max_size=around)
    for name in (*draw(others), op, *draw(others)):
        places = [place for place, shape in enumerate(shapes) if _takes(name, shape)]
        if not places:
            continue
        place = draw(st.sampled_from(places[-3:] if places[-1] == len(shapes) - 1 else places))
        for node in _nodes(draw, name, place - 1, shapes):
            try:
                shape = node.output(*(shapes[i + 1] for i in node.inputs))
            except ConfigError:  # nothing would be left of the image
                break
            made.append(node)
            shapes.append(shape)
    return Graph(given, tuple(made or [nodes.Activation((-1,), "Identity")]))


def _takes(name: str, shape: Shape) -> bool:
    if math.prod(shape) > 4_000:
        return name in ("GlobalAveragePool", "Slice")
    if name == "InstanceNormalization":
        return len(shape) >= 2
    return len(shape) == 3 or name not in FOR_IMAGES


def _nodes(draw: Draw, name: str, place: int, shapes: list[Shape]) -> list[Node]:
    """The node, and before it another one where it can't take just any numbers."""
    shape = shapes[place + 1]
    if name in ("Exp", "Log", "Sqrt", "Div"):  # a large exponent, a small divisor, what has no logarithm
        mild = nodes.Activation((place,), "Tanh" if name == "Exp" else "Sigmoid")
        after = len(shapes) - 1
        if name == "Div":
            return [mild, nodes.Arithmetic((place, after), "Div")]
        return [mild, nodes.Activation((after,), name)]  # type: ignore[arg-type] # a literal
    if name in by_name() and by_name()[name] is nodes.Arithmetic:
        return [_arithmetic(draw, name, place, shapes)]
    if name in LEARNED or name in NORMALIZATIONS:
        return [_learned(draw, name, place, shape)]
    if name in ("Reshape", "Transpose", "Concat", "Slice"):
        return [_moving(draw, name, place, shapes)]
    return [_sampling(draw, name, place, shape) if name in FOR_IMAGES else _elementwise(draw, name, place, shape)]


def _learned(draw: Draw, name: str, place: int, shape: Shape) -> Node:
    bias, one = draw(st.booleans()), (place,)
    if name == "Gemm":
        return nodes.Gemm(one, shape[-1], draw(st.integers(1, 19)), bias)
    if name == "GroupNormalization":
        return nodes.GroupNormalization(one, shape[0], draw(st.sampled_from(_divisors(shape[0]))), EPSILON, bias)
    if name == "InstanceNormalization":
        return nodes.InstanceNormalization(one, shape[0], EPSILON, bias)
    if name == "LayerNormalization":
        return nodes.LayerNormalization(one, shape[draw(st.integers(0, len(shape) - 1)) :], EPSILON, bias)
    group = draw(st.sampled_from(_divisors(shape[0])))
    outputs = group * draw(st.integers(1, 13 if group == 1 else 3))
    kernel, strides, dilations = ((draw(some), draw(some)) for some in (KERNELS, STRIDES, st.sampled_from([1, 1, 2])))
    pads = _pads(draw)
    if name == "Conv":
        return nodes.Conv(one, shape[0], outputs, kernel, strides, pads, dilations, group, bias)
    extra = tuple(draw(st.integers(0, max(both) - 1)) for both in zip(strides, dilations, strict=True))
    return nodes.ConvTranspose(one, shape[0], outputs, kernel, strides, pads, extra, dilations, group, bias)


def _elementwise(draw: Draw, name: str, place: int, shape: Shape) -> Node:
    one, slope = (place,), st.floats(-1, 2, width=32)
    if name == "LeakyRelu":
        return nodes.LeakyRelu(one, draw(slope))
    if name == "Elu":
        return nodes.Elu(one, draw(slope))
    if name == "Clip":
        return nodes.Clip(one, *sorted((draw(slope), draw(slope))))
    if name == "PRelu":
        return nodes.PRelu(one, draw(st.sampled_from([1, shape[0]])))
    return nodes.Activation(one, name)  # type: ignore[arg-type] # a literal


def _arithmetic(draw: Draw, name: str, place: int, shapes: list[Shape]) -> Node:
    shape, backwards = shapes[place + 1], draw(st.booleans())
    others = [i - 1 for i, other in enumerate(shapes) if _fit(shape, other)]
    if draw(st.booleans()):
        return nodes.Arithmetic((place, draw(st.sampled_from(others))), name, None, backwards)  # type: ignore[arg-type]
    constant = tuple(draw(st.sampled_from([1, side])) for side in shape)[draw(st.integers(0, len(shape))) :]
    return nodes.Arithmetic((place,), name, constant, backwards)  # type: ignore[arg-type] # a literal


def _moving(draw: Draw, name: str, place: int, shapes: list[Shape]) -> Node:
    shape, one = shapes[place + 1], (place,)
    axis = draw(st.integers(0, len(shape) - 1))
    if name == "Reshape":
        first = draw(st.sampled_from(_divisors(math.prod(shape))))
        second = draw(st.sampled_from(_divisors(math.prod(shape) // first)))
        rest = math.prod(shape) // first
        sides = [(first, second, rest // second), (first, rest), (first * rest,)]
        return nodes.Reshape(one, draw(st.sampled_from(sides)))
    if name == "Transpose":
        return nodes.Transpose(one, tuple(draw(st.permutations(range(len(shape))))))
    if name == "Slice":
        start = draw(st.integers(0, shape[axis] - 1))
        return nodes.Slice(one, axis, start, draw(st.integers(start + 1, shape[axis])), draw(st.integers(1, 3)))
    alike = [
        i - 1
        for i, other in enumerate(shapes)
        if len(other) == len(shape) and other[:axis] + other[axis + 1 :] == shape[:axis] + shape[axis + 1 :]
    ]
    return nodes.Concat((place, *draw(st.lists(st.sampled_from(alike), min_size=1, max_size=2))), axis)


def _sampling(draw: Draw, name: str, place: int, shape: Shape) -> Node:
    one = (place,)
    if name == "Pad":
        mode = draw(st.sampled_from(["constant", "edge", "reflect"]))
        return nodes.Pad(one, _pads(draw), mode, draw(st.floats(-1, 1, width=32)))
    if name == "Resize":
        size = (draw(st.integers(1, 11)), draw(st.integers(1, 11)))
        corners = draw(st.sampled_from(["asymmetric", "half_pixel", "align_corners"]))
        return nodes.Resize(one, size, "nearest" if corners == "asymmetric" else "linear", corners)
    if name == "GlobalAveragePool":
        return nodes.GlobalAveragePool(one)
    if name == "DepthToSpace":
        blocks = [block for block in (1, 2, 3) if shape[0] % block**2 == 0]
        return nodes.DepthToSpace(one, draw(st.sampled_from(blocks)), draw(st.sampled_from(["CRD", "DCR"])))
    kernel = (draw(KERNELS), draw(KERNELS))
    pads = tuple(draw(st.integers(0, side // 2)) for side in kernel * 2)
    strides = (draw(STRIDES), draw(STRIDES))
    return nodes.Pool(one, kernel, name, strides, pads, draw(st.booleans()))  # type: ignore[arg-type] # a literal


def _pads(draw: Draw) -> tuple[int, int, int, int]:
    return (draw(BORDERS), draw(BORDERS), draw(BORDERS), draw(BORDERS))


def _divisors(number: int) -> list[int]:
    return [divisor for divisor in range(1, number + 1) if number % divisor == 0]


def _fit(first: Shape, second: Shape) -> bool:
    return all(1 in both or both[0] == both[1] for both in zip(reversed(first), reversed(second), strict=False))
