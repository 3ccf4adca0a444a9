"""An ONNX model as a graph: each operation becomes a node, what depends on no image is computed once.

The axis of the images is the first; an operation that mixes images is refused. Read with sizes checked before anything
is allocated; data outside the file and operators of other domains are refused.
Source: ONNX operator schemas, opsets 7 to 24 (https://onnx.ai/onnx/operators).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from vae.adoption.onnx_operations.call import OnnxCall
from vae.adoption.onnx_operations.operations import OPERATIONS
from vae.adoption.simplification import simplified
from vae.adoption.weighted_graph import INPUT, Builder, Each, WeightedGraph
from vae.errors import ConfigError
from vae.foreign import constants, onnx_file
from vae.foreign.onnx_file import EXPORT_AGAIN, attributes_of, shown
from vae.foreign.unknown import UnknownError
from vae.graph.nodes import Shape
from vae.storage.validation import short

WHOLE = (onnx.TensorProto.UINT8, onnx.TensorProto.INT8, onnx.TensorProto.INT32, onnx.TensorProto.INT64)
BATCH = 7_919  # stands for the number of images, where the model leaves it open: no side is this prime


class UnknownOperationError(ConfigError):
    """An operation on the way to an output has no node."""


def network_of(
    model: onnx.ModelProto,
    what: str,
    shape: Shape | None = None,
    start: str | None = None,
    ends: Sequence[str] | None = None,
) -> WeightedGraph:
    """The way from the input (or the value named `start`) to the first output (or the values named by `ends`).

    Several are joined, each as one axis, in their order. `shape` is that of one image or latent vector, where the file
    leaves it open. Raises ConfigError; UnknownOperationError where the way leads through what has no node.
    """
    way = way_of(model, what, shape, start, ends)
    builder = Builder(way.given)
    return simplified(builder.build(continued(model, what, way, builder, INPUT)))


@dataclass(frozen=True)
class Way:
    """From the value named `start` to those named by `ends`, for `given` (C, H, W) or (n,); `together` images at once,
    any number where that is 0.
    """

    start: str
    given: Shape
    together: int
    ends: tuple[str, ...]


def way_of(
    model: onnx.ModelProto, what: str, shape: Shape | None, start: str | None, ends: Sequence[str] | None
) -> Way:
    """Which way `network_of` means. Raises ConfigError where the model doesn't tell, or tells otherwise."""
    known: Shape | None = None
    if start is None:
        told = input_of(model, what)
        start, together, known = told.name, told.together, told.shape
    else:  # a cut: as many as at the model's beginning
        together = _images_of(model)
    given = shape or known
    if given is None:
        raise ConfigError(f"{what} leaves the shape of its input open.", "Say which images it takes.")
    if shape is not None and known is not None and known != shape:
        raise ConfigError(f"{what} takes {known}, expected {shape}.")
    return Way(start, given, together, tuple(ends or [model.graph.output[0].name]))


def continued(model: onnx.ModelProto, what: str, way: Way, builder: Builder, place: int) -> int:
    """The place where the way ends that begins at a node of `builder`. Raises as `network_of` does."""
    return _Reader(model, what, way.together or BATCH).read(builder, way, place)


@dataclass(frozen=True)
class OnnxInput:
    """A model's only input: its name, how many images it takes at once (0: any), the shape of one where it is told, and
    whether it takes whole numbers.
    """

    name: str
    together: int
    shape: Shape | None
    whole: bool


def input_of(model: onnx.ModelProto, what: str) -> OnnxInput:
    """What a model takes. Raises ConfigError for one with several inputs."""
    one = onnx_file.input_of(model, what)
    kind = one.type.tensor_type
    sides = [d.dim_value if d.HasField("dim_value") else 0 for d in kind.shape.dim]
    shape = tuple(sides[1:]) if all(side > 0 for side in sides[1:]) and len(sides) > 1 else None
    return OnnxInput(one.name, sides[0] if sides else 0, shape, kind.elem_type in WHOLE)


def _images_of(model: onnx.ModelProto) -> int:
    """How many images a model takes at once, 0 for any."""
    stored = {tensor.name for tensor in model.graph.initializer}
    given = [one.type.tensor_type.shape.dim for one in model.graph.input if one.name not in stored]
    return int(given[0][0].dim_value) if given and given[0] else 0


class _Reader:
    def __init__(self, model: onnx.ModelProto, what: str, batch: int) -> None:
        self.model, self.what, self.batch = model, what, batch
        self.opset = onnx_file.opset_of(model)
        self.found: dict[str, Any] = {}

    def read(self, builder: Builder, way: Way, place: int) -> int:
        self.found = {"": None, way.start: Each(place)}
        for tensor in self.model.graph.initializer:
            if tensor.name != way.start:
                self.found[tensor.name] = onnx_file.stored(tensor, self.what)
        for node in self.model.graph.node:
            self._node(builder, node)
        places = [self._place(name) for name in way.ends]
        return places[0] if len(places) == 1 else builder.concat([builder.flat(place) for place in places])

    def _place(self, name: str) -> int:
        value = self.found.get(name)
        if isinstance(value, ConfigError):
            raise value
        if not isinstance(value, Each):
            known = ", ".join(shown(k) for k, v in self.found.items() if isinstance(v, Each))
            raise ConfigError(
                f"{self.what} has no value {short(name)} that depends on its input.", f"It has {known:.500}"
            )
        return value.place

    def _node(self, builder: Builder, node: onnx.NodeProto) -> None:
        """Set the outputs of one operation; where it has no node, they become the error, unless nobody needs them."""
        if any(name in self.found for name in node.output if name):
            outputs = [name for name in node.output if name and name not in self.found]
            if not outputs:
                return  # a cut point: the network begins here
        missing = [name for name in node.input if name not in self.found]
        if missing:
            error = ConfigError(
                f"{self.what}: {shown(node.op_type)} reads {short(missing[0])}, which nothing before it makes.",
                "The file is damaged, or its operations are not in order.",
            )
            self._set(node, [error] * len(node.output))
            return
        inputs = [self.found[name] for name in node.input]
        for value in inputs:
            if isinstance(value, ConfigError):
                self._set(node, [value] * len(node.output))
                return
        try:
            self._set(node, self._called(builder, node, inputs))
        except UnknownError as error:
            unknown = UnknownOperationError(
                f"{self.what} uses {shown(node.op_type)} {error}, which this app does not know.", EXPORT_AGAIN
            )
            self._set(node, [unknown] * len(node.output))
        except ConfigError as error:
            said = ConfigError(f"{self.what}, {shown(node.op_type)}: {error.message}", error.hint)
            self._set(node, [said] * len(node.output))

    def _set(self, node: onnx.NodeProto, values: Sequence[Any]) -> None:
        for name, value in zip(node.output, values, strict=False):
            if name and name not in self.found:
                self.found[name] = value

    def _called(self, builder: Builder, node: onnx.NodeProto, inputs: list[Any]) -> Sequence[Any]:
        if node.op_type == "Shape" and isinstance(inputs[0], Each):
            whole = [self.batch, *builder.shape(inputs[0].place)]
            attributes = attributes_of(node)
            return [np.array(whole[attributes.get("start", 0) : attributes.get("end")], np.int64)]
        if not any(isinstance(value, Each) for value in inputs):
            return constants.computed(node, inputs, self.opset)
        operation = OPERATIONS.get(node.op_type)
        if operation is None:
            raise UnknownError("on the way to an output")
        call = OnnxCall(builder, inputs, attributes_of(node), len(node.output), self.opset, self.batch)
        try:
            answer = operation(call)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise UnknownError(f"with settings that don't fit ({type(error).__name__}: {error!s:.100})") from error
        return answer if isinstance(answer, list) else [answer]
