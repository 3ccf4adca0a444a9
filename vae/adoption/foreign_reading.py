"""An ONNX model with operations that have no node: kept as it is, a node that ONNX Runtime evaluates.

What is known at its end, a sigmoid before all, is read into nodes as ever: a decoder's logits are found there.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import onnx
from numpy.typing import NDArray

from vae.adoption import onnx_reading
from vae.adoption.onnx_reading import UnknownOperationError, Way
from vae.adoption.simplification import simplified
from vae.adoption.weighted_graph import INPUT, Builder, WeightedGraph
from vae.errors import ConfigError
from vae.foreign import cutting, sizes
from vae.foreign.onnx_file import EXPORT_AGAIN
from vae.foreign.running import ForeignRunner
from vae.foreign.sizes import ForeignSizes
from vae.graph.foreign import ROLE, Onnx
from vae.graph.nodes import Shape

FUNCTIONS = ("Sigmoid", "Tanh")  # a decoder's last one, which tells how its pixels are meant
MOVES = ("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Identity")
TRIED = 3  # images that it is tried with
AGREES = 1e-4  # of the largest answer: so near an image's own must be to what it gets among others


def network_of(
    model: onnx.ModelProto,
    what: str,
    shape: Shape | None = None,
    start: str | None = None,
    ends: Sequence[str] | None = None,
) -> WeightedGraph:
    """As `onnx_reading.network_of`, whose way this takes wherever it can: else ONNX Runtime does.

    Raises ConfigError for what ONNX Runtime can't, and for images that depend on each other.
    """
    try:
        return onnx_reading.network_of(model, what, shape, start, ends)
    except UnknownOperationError as unknown:
        way = onnx_reading.way_of(model, what, shape, start, ends)
        try:
            return _kept(model, what, way)
        except ConfigError as error:
            raise ConfigError(f"{unknown.message} ONNX Runtime can't run it: {error.message}", EXPORT_AGAIN) from error
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise ConfigError(f"{unknown.message} It is damaged ({type(error).__name__}).", EXPORT_AGAIN) from error


def _kept(model: onnx.ModelProto, what: str, way: Way) -> WeightedGraph:
    if inner := _before_the_last_function(model, way):
        try:
            builder = Builder(way.given)
            place = _foreign(builder, model, what, dataclasses.replace(way, ends=(inner,)))
            rest = dataclasses.replace(way, start=inner)
            return simplified(builder.build(onnx_reading.continued(model, what, rest, builder, place)))
        except UnknownOperationError:  # what comes after turns the axes of images, say
            pass
    builder = Builder(way.given)
    return builder.build(_foreign(builder, model, what, way))


def _foreign(builder: Builder, model: onnx.ModelProto, what: str, way: Way) -> int:
    """The place of a node that is the way, tried out."""
    problem: ConfigError | None = None
    for together in dict.fromkeys((way.together, way.together or 1)):  # one that says any number may mean one
        part = cutting.part(model, way.start, way.ends, way.given, together, what)
        found = sizes.sizes_of(part, what)
        raw = part.SerializeToString()
        node = Onnx((INPUT,), found.given, found.shape, len(raw), found.values, found.work, found.parameters, together)
        try:
            own, among_others = _tried(raw, found)
        except ConfigError as error:
            problem = problem or error
            continue
        if together != 1 and not np.abs(among_others - own).max() <= AGREES * max(1.0, float(np.abs(own).max())):
            raise ConfigError(f"{what} gives an image other answers when others come with it.")
        return builder.add(node, {ROLE: np.frombuffer(raw, np.uint8)})
    raise problem or ConfigError(f"{what} can't be evaluated.")


def _tried(raw: bytes, found: ForeignSizes) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What an image gets among some, and among others. Raises ConfigError where it can't be evaluated."""
    run = ForeignRunner(raw, found.given, found.shape, together=found.together, values=found.values, threads=1)
    random = np.random.default_rng(0)
    x: NDArray[np.float32] = random.random((max(TRIED, found.together), *found.given), np.float32)
    others = np.concatenate([x[:1], random.random((len(x) - 1, *found.given), np.float32)])
    return run(x)[0], run(others)[0]


def _before_the_last_function(model: onnx.ModelProto, way: Way) -> str:
    """The value that the last function is given, where nothing but moves come after it; "" where that is not so."""
    makers = {name: node for node in model.graph.node for name in node.output if name}
    name = way.ends[0] if len(way.ends) == 1 else ""
    while name in makers and makers[name].op_type in MOVES:
        name = makers[name].input[0]
    made = makers.get(name)
    return str(made.input[0]) if made and made.op_type in FUNCTIONS and made.input[0] in makers else ""
