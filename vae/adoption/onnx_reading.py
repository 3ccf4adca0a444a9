"""An ONNX model as a graph: each operation becomes a node, what depends on no image is computed once.

The axis of the images is the first; an operation that mixes images is refused. Read with sizes checked before anything
is allocated; data outside the file and operators of other domains are refused.
Source: ONNX operator schemas, opsets 7 to 24 (https://onnx.ai/onnx/operators).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from vae.adoption import onnx_constants, onnx_operations
from vae.adoption.onnx_operations import OnnxCall
from vae.adoption.simplification import simplified
from vae.adoption.weighted_graph import INPUT, Builder, Each, UnknownError, WeightedGraph
from vae.errors import ConfigError
from vae.graph.nodes import Shape
from vae.storage.validation import short

MOST_BYTES = 2**29  # of a file
MOST_NODES = 10_000
BATCH = 7_919  # stands for the number of images, where the model leaves it open: no side is this prime
DOMAINS = ("", "ai.onnx")
EXPORT_AGAIN = "Export it again with fixed image sizes, or adopt the model from Python: vae.adopt."


def read(raw: bytes, what: str) -> onnx.ModelProto:
    """The model in a file's bytes. Raises ConfigError, naming `what`, for what is none, and for one that is too large,
    lies in several files or has operators of its own.
    """
    if len(raw) > MOST_BYTES:
        raise ConfigError(f"{what} has {len(raw):,} bytes, expected at most {MOST_BYTES:,}.")
    try:
        model: onnx.ModelProto = onnx.ModelProto.FromString(raw)
    except Exception as error:  # protobuf's own error has no public name
        raise ConfigError(f"{what} is no ONNX file, or damaged.", "Export it with torch.onnx.export.") from error
    if not model.graph.node or not model.graph.output:
        raise ConfigError(f"{what} is no ONNX model: it has no operations.", "Export it with torch.onnx.export.")
    if len(model.graph.node) > MOST_NODES:
        raise ConfigError(f"{what} has {len(model.graph.node):,} operations, expected at most {MOST_NODES:,}.")
    if any(map(onnx_constants.is_outside, model.graph.initializer)):
        raise ConfigError(
            f"{what} keeps its weights in another file, expected one file for everything.",
            "Save it again: onnx.save(onnx.load(path), path, save_as_external_data=False).",
        )
    own = {_shown(f"{node.domain}.{node.op_type}") for node in model.graph.node if node.domain not in DOMAINS}
    own |= {_shown(function.name) for function in model.functions}
    if own:
        raise ConfigError(
            f"{what} has operators of its own, expected those of ONNX alone: {', '.join(sorted(own))!s:.100}.",
            EXPORT_AGAIN,
        )
    if model.graph.sparse_initializer:
        raise ConfigError(f"{what} keeps weights as sparse tensors, expected plain ones.", EXPORT_AGAIN)
    return model


def network_of(
    model: onnx.ModelProto,
    what: str,
    shape: Shape | None = None,
    start: str | None = None,
    ends: Sequence[str] | None = None,
) -> WeightedGraph:
    """The way from the input (or the value named `start`) to the first output (or the values named by `ends`).

    Several are joined, each as one axis, in their order. `shape` is that of one image or latent vector, where the file
    leaves it open. Raises ConfigError.
    """
    return _Reader(model, what).read(shape, start, ends)


def input_of(model: onnx.ModelProto, what: str) -> tuple[str, int | None, Shape | None]:
    """The name of its only input, how many images it takes at once (None: any), and the shape of one where it is told.

    Raises ConfigError for a model with several.
    """
    stored = {tensor.name for tensor in model.graph.initializer}
    inputs = [one for one in model.graph.input if one.name not in stored]
    if len(inputs) != 1:
        names = ", ".join(_shown(one.name) for one in inputs)
        raise ConfigError(f"{what} has {len(inputs)} inputs ({names:.200}), expected one.", "Name the cut points.")
    sides = [d.dim_value if d.HasField("dim_value") else 0 for d in inputs[0].type.tensor_type.shape.dim]
    if not sides:
        return inputs[0].name, None, None
    shape = tuple(sides[1:]) if all(side > 0 for side in sides[1:]) and len(sides) > 1 else None
    return inputs[0].name, sides[0] or None, shape


def _images_of(model: onnx.ModelProto) -> int | None:
    """How many images a model takes at once, None for any."""
    stored = {tensor.name for tensor in model.graph.initializer}
    given = [one.type.tensor_type.shape.dim for one in model.graph.input if one.name not in stored]
    return int(given[0][0].dim_value) or None if given and given[0] else None


def _shown(name: str) -> str:
    """A name in a message."""
    return short(name)[1:-1]


class _Reader:
    def __init__(self, model: onnx.ModelProto, what: str) -> None:
        self.model, self.what = model, what
        self.opset = max((one.version for one in model.opset_import if one.domain in DOMAINS), default=1)
        self.found: dict[str, Any] = {}

    def read(self, shape: Shape | None, start: str | None, ends: Sequence[str] | None) -> WeightedGraph:
        known: Shape | None = None
        batch: int | None = None
        if start is None:
            start, batch, known = input_of(self.model, self.what)
        else:  # a cut: as many as at the model's beginning
            batch = _images_of(self.model)
        given = shape or known
        if given is None:
            raise ConfigError(f"{self.what} leaves the shape of its input open.", "Say which images it takes.")
        if shape is not None and known is not None and known != shape:
            raise ConfigError(f"{self.what} takes {known}, expected {shape}.")
        builder = Builder(given)
        self.batch = batch or BATCH
        self.found = {"": None, start: Each(INPUT)}
        for tensor in self.model.graph.initializer:
            if tensor.name != start:
                self.found[tensor.name] = self._stored(tensor)
        for node in self.model.graph.node:
            self._node(builder, node)
        places = [self._place(name) for name in (ends or [self.model.graph.output[0].name])]
        end = places[0] if len(places) == 1 else builder.concat([builder.flat(place) for place in places])
        return simplified(builder.build(end))

    def _stored(self, tensor: onnx.TensorProto) -> NDArray[Any]:
        if min(tensor.dims, default=0) < 0 or math.prod(tensor.dims) > MOST_BYTES // 4:
            raise ConfigError(
                f"{self.what}: tensor {short(tensor.name)} is declared as {list(tensor.dims)[:8]}, expected at most "
                f"{MOST_BYTES // 4:,} numbers."
            )
        try:
            return np.asarray(numpy_helper.to_array(tensor))
        except Exception as error:  # fewer bytes than it declares, an unknown type
            raise ConfigError(f"{self.what}: tensor {short(tensor.name)} is damaged: {error!s:.150}") from error

    def _place(self, name: str) -> int:
        value = self.found.get(name)
        if isinstance(value, ConfigError):
            raise value
        if not isinstance(value, Each):
            known = ", ".join(_shown(k) for k, v in self.found.items() if isinstance(v, Each))
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
                f"{self.what}: {_shown(node.op_type)} reads {short(missing[0])}, which nothing before it makes.",
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
            said = ConfigError(
                f"{self.what} uses {_shown(node.op_type)} {error}, which this app does not know.", EXPORT_AGAIN
            )
            self._set(node, [said] * len(node.output))
        except ConfigError as error:
            said = ConfigError(f"{self.what}, {_shown(node.op_type)}: {error.message}", error.hint)
            self._set(node, [said] * len(node.output))

    def _set(self, node: onnx.NodeProto, values: Sequence[Any]) -> None:
        for name, value in zip(node.output, values, strict=False):
            if name and name not in self.found:
                self.found[name] = value

    def _called(self, builder: Builder, node: onnx.NodeProto, inputs: list[Any]) -> Sequence[Any]:
        if node.op_type == "Shape" and isinstance(inputs[0], Each):
            whole = [self.batch, *builder.shape(inputs[0].place)]
            attributes = onnx_operations.attributes_of(node)
            return [np.array(whole[attributes.get("start", 0) : attributes.get("end")], np.int64)]
        if not any(isinstance(value, Each) for value in inputs):
            return onnx_constants.computed(node, inputs, self.opset)
        operation = onnx_operations.OPERATIONS.get(node.op_type)
        if operation is None:
            raise UnknownError("on the way to an output")
        call = OnnxCall(builder, inputs, onnx_operations.attributes_of(node), len(node.output), self.opset, self.batch)
        try:
            answer = operation(call)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise UnknownError(f"with settings that don't fit ({type(error).__name__}: {error!s:.100})") from error
        return answer if isinstance(answer, list) else [answer]
