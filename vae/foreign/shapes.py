"""What every value of an ONNX model is like before it is run: ONNX's own shape inference, one operation at a time.

What is made of constants alone is computed on the way where it is small, for shapes come from it; of nothing more is
known than its shape, so no file can ask for memory here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import numpy_helper

from vae.errors import ConfigError
from vae.foreign import constants
from vae.foreign.onnx_file import DOMAINS, EXPORT_AGAIN, attributes_of, opset_of, shown
from vae.foreign.unknown import UnknownError
from vae.graph.nodes import Shape
from vae.storage.printing import visible
from vae.storage.validation import short

KNOWN = 1_024  # numbers of a constant that is computed with
AS_FIRST = ("GroupNormalization", "MeanVarianceNormalization")  # ONNX infers nothing for them alone
BYTES: dict[int, int] = {  # of one number
    onnx.TensorProto.FLOAT: 4,
    onnx.TensorProto.DOUBLE: 8,
    onnx.TensorProto.FLOAT16: 2,
    onnx.TensorProto.BFLOAT16: 2,
    onnx.TensorProto.INT64: 8,
    onnx.TensorProto.UINT64: 8,
    onnx.TensorProto.INT32: 4,
    onnx.TensorProto.UINT32: 4,
    onnx.TensorProto.INT16: 2,
    onnx.TensorProto.UINT16: 2,
    onnx.TensorProto.INT8: 1,
    onnx.TensorProto.UINT8: 1,
    onnx.TensorProto.BOOL: 1,
}


@dataclass(frozen=True)
class Value:
    """Its shape, the axis of the images included, and how many bytes it takes."""

    shape: Shape
    bytes: int


def values_of(model: onnx.ModelProto, what: str, start: str, given: Shape) -> dict[str, Value]:
    """Every value by its name, for an input `start` of shape `given`, (images, …).

    Raises ConfigError, naming `what`, for operations that don't fit together, or whose sizes depend on what they are
    given.
    """
    return _Inference(model, what).through(start, given)


class _Inference:
    def __init__(self, model: onnx.ModelProto, what: str) -> None:
        self.model, self.what, self.opset = model, what, opset_of(model)
        self.types: dict[str, onnx.TypeProto] = {}
        self.data: dict[str, onnx.TensorProto] = {}

    def through(self, start: str, given: Shape) -> dict[str, Value]:
        for tensor in self.model.graph.initializer:
            self.types[tensor.name] = onnx.helper.make_tensor_type_proto(tensor.data_type, list(tensor.dims))
            if math.prod(tensor.dims) <= KNOWN:
                self.data[tensor.name] = tensor
        kind = next(one.type.tensor_type.elem_type for one in self.model.graph.input if one.name == start)
        self.types[start] = onnx.helper.make_tensor_type_proto(kind, list(given))
        for node in self.model.graph.node:
            self._infer(node)
        return {name: self._value(name, kind) for name, kind in self.types.items()}

    def _infer(self, node: onnx.NodeProto) -> None:
        missing = [name for name in node.input if name and name not in self.types]
        if missing:
            raise ConfigError(
                f"{self.what}: {shown(node.op_type)} reads {short(missing[0])}, which nothing before it makes.",
                "The file is damaged, or its operations are not in order.",
            )
        if self._computed(node):
            return
        names = set(filter(None, node.input))
        try:
            schema = onnx.defs.get_schema(node.op_type, self.opset, DOMAINS[0])
            made = onnx.shape_inference.infer_node_outputs(
                schema,
                node,
                {name: self.types[name] for name in names},
                {name: self.data[name] for name in names & self.data.keys()},
                opset_imports=[onnx.helper.make_opsetid(DOMAINS[0], self.opset)],
                ir_version=int(self.model.ir_version),
            )
        except Exception as error:  # whatever a schema finds
            said = visible(" ".join(str(error).split()))
            raise ConfigError(f"{self.what}: {shown(node.op_type)} doesn't fit: {said:.200}", EXPORT_AGAIN) from error
        for name in filter(None, node.output):
            kind = made.get(name)
            if (kind is None or not kind.tensor_type.HasField("shape")) and node.op_type in AS_FIRST:
                kind = self.types[node.input[0]]
            if kind is None:
                raise self._untold(node.op_type)
            self.types[name] = kind
            self._value(name, kind, node.op_type)

    def _computed(self, node: onnx.NodeProto) -> bool:
        """Whether the outputs depend on small constants alone, or a shape; they are then known."""
        given = list(node.input)
        if node.op_type == "Shape":
            shape = self._value(given[0], self.types[given[0]]).shape
            attributes = attributes_of(node)
            answers = [np.array(shape[attributes.get("start", 0) : attributes.get("end")], np.int64)]
        elif all(not name or name in self.data for name in given):
            try:
                arrays = [numpy_helper.to_array(self.data[name]) if name else None for name in given]
                answers = constants.computed(node, arrays, self.opset)
            except UnknownError:
                return False
        else:
            return False
        for name, answer in zip(node.output, answers, strict=False):
            tensor = numpy_helper.from_array(np.array(answer, order="C"), name)
            self.types[name] = onnx.helper.make_tensor_type_proto(tensor.data_type, list(tensor.dims))
            if answer.size <= KNOWN:
                self.data[name] = tensor
        return True

    def _value(self, name: str, kind: onnx.TypeProto, maker: str = "") -> Value:
        tensor = kind.tensor_type
        sides = list(tensor.shape.dim)
        told = tensor.HasField("shape") and all(d.HasField("dim_value") and d.dim_value >= 0 for d in sides)
        if not told or tensor.elem_type not in BYTES:
            raise self._untold(maker or name)
        shape = tuple(int(d.dim_value) for d in sides)
        return Value(shape, math.prod(shape) * BYTES[tensor.elem_type])

    def _untold(self, maker: str) -> ConfigError:
        return ConfigError(
            f"{self.what}: how many numbers {shown(maker)} gives can't be told before it is run.", EXPORT_AGAIN
        )
