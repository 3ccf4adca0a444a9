"""A network that was kept in ONNX, written into an export again: its operations and weights as they came.

What stands around it here (the range of pixels, the order of an answer) is written as ever, so that the exported file
does what the app does, and not only what the file that came in did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import onnx
from numpy.typing import NDArray
from onnx import TensorProto, version_converter

from vae.errors import CheckpointError, ConfigError
from vae.foreign import onnx_file
from vae.graph.foreign import ROLE, Onnx
from vae.graph.graph import Graph

WHAT = "The network in ONNX"
INSTEAD = "The files in the model's folder (encoder.onnx, decoder.onnx) are the networks as they came."


def read_all(graph: Graph, tensors: Mapping[str, NDArray[Any]], opset: int) -> dict[int, onnx.ModelProto]:
    """The kept networks by their node's place, all in one version of ONNX's operators: `opset`, or the newest that any
    of them is in. Raises CheckpointError where one can't be brought to it.
    """
    places = [place for place, node in enumerate(graph.nodes) if isinstance(node, Onnx)]
    try:
        found = {at: onnx_file.read(tensors[f"{at}.{ROLE}"].tobytes(), WHAT) for at in places}
    except ConfigError as error:
        raise CheckpointError(error.message, error.hint) from error
    newest = max([opset, *map(onnx_file.opset_of, found.values())])
    return {at: _converted(model, newest) for at, model in found.items()}


def together(graph: Graph) -> int:
    """How many images the networks of this graph take at once; 0 for any number."""
    return max((node.together for node in graph.nodes if isinstance(node, Onnx)), default=0)


def _converted(model: onnx.ModelProto, opset: int) -> onnx.ModelProto:
    known = onnx_file.opset_of(model)
    if known == opset:
        return model
    try:
        converted: onnx.ModelProto = version_converter.convert_version(model, opset)
    except Exception as error:  # ONNX's own, and RuntimeErrors of its C++
        raise CheckpointError(
            f"A network of this model is written in version {known} of ONNX's operators and can't be brought to "
            f"version {opset}: {' '.join(str(error).split())[:200]}",
            INSTEAD,
        ) from error
    return converted


class Inlined:
    """A kept network's operations, renamed so that they meet no other node's: `nodes`, `stored`, and the names of
    `outputs`, for a value called `x`.
    """

    def __init__(self, place: int, model: onnx.ModelProto, x: str) -> None:
        given = onnx_file.input_of(model, WHAT)
        names = {"": "", given.name: x}
        self.nodes: list[onnx.NodeProto] = []
        self.stored: list[onnx.TensorProto] = []
        kind = given.type.tensor_type.elem_type
        if kind not in (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16):
            raise CheckpointError(
                f"A network of this model takes {TensorProto.DataType.Name(kind).lower()} numbers, expected "
                "floating-point ones.",
                INSTEAD,
            )
        if kind != TensorProto.FLOAT:
            names[given.name] = f"{place}.typed"
            self.nodes.append(onnx.helper.make_node("Cast", [x], [f"{place}.typed"], to=kind))

        def renamed(name: str) -> str:
            return names.get(name, f"{place}/{name}")

        for tensor in model.graph.initializer:
            copy = onnx.TensorProto()
            copy.CopyFrom(tensor)
            copy.name = renamed(tensor.name)
            self.stored.append(copy)
        for node in model.graph.node:
            own = onnx.NodeProto()
            own.CopyFrom(node)
            own.name = ""
            own.input[:] = [renamed(name) for name in node.input]
            own.output[:] = [renamed(name) for name in node.output]
            self.nodes.append(own)
        self.outputs = [renamed(one.name) for one in model.graph.output]
