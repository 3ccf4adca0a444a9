"""An ONNX file, its sizes checked before anything is allocated: operators of ONNX alone, all weights inside."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from vae.errors import ConfigError
from vae.storage.validation import short

MOST_BYTES = 2**29  # of a file
MOST_NODES = 10_000
MOST_OPERATIONS = 2_000  # of a part that ONNX Runtime runs
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
    if any(isinstance(node.op_type, bytes) for node in model.graph.node):  # what is no text comes as it is
        raise ConfigError(f"{what} is damaged: the name of an operation is no text.", "Export it again.")
    if len(model.graph.node) > MOST_NODES:
        raise ConfigError(f"{what} has {len(model.graph.node):,} operations, expected at most {MOST_NODES:,}.")
    if any(map(is_outside, model.graph.initializer)):
        raise ConfigError(
            f"{what} keeps its weights in another file, expected one file for everything.",
            "Save it again: onnx.save(onnx.load(path), path, save_as_external_data=False).",
        )
    own = {shown(f"{node.domain}.{node.op_type}") for node in model.graph.node if node.domain not in DOMAINS}
    own |= {shown(function.name) for function in model.functions}
    if own:
        raise ConfigError(
            f"{what} has operators of its own, expected those of ONNX alone: {', '.join(sorted(own))!s:.100}.",
            EXPORT_AGAIN,
        )
    if model.graph.sparse_initializer:
        raise ConfigError(f"{what} keeps weights as sparse tensors, expected plain ones.", EXPORT_AGAIN)
    return model


def stored(tensor: onnx.TensorProto, what: str) -> NDArray[Any]:
    """The numbers of a stored tensor. Raises ConfigError, naming `what`, for one too large or not as declared."""
    if min(tensor.dims, default=0) < 0 or math.prod(tensor.dims) > MOST_BYTES // 4:
        raise ConfigError(
            f"{what}: tensor {short(tensor.name)} is declared as {list(tensor.dims)[:8]}, expected at most "
            f"{MOST_BYTES // 4:,} numbers."
        )
    try:
        return np.asarray(numpy_helper.to_array(tensor))
    except Exception as error:  # fewer bytes than it declares, an unknown type
        raise ConfigError(f"{what}: tensor {short(tensor.name)} is damaged: {error!s:.150}") from error


def is_outside(tensor: onnx.TensorProto) -> bool:
    """Whether its numbers are said to be in another file."""
    return bool(tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data)


def attributes_of(node: onnx.NodeProto) -> dict[str, Any]:
    """Of an operation, by name; texts as str."""
    values = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    return {name: v.decode("utf-8", "replace") if isinstance(v, bytes) else v for name, v in values.items()}


def opset_of(model: onnx.ModelProto) -> int:
    """The version of ONNX's own operators that it is written in."""
    return max((int(one.version) for one in model.opset_import if one.domain in DOMAINS), default=1)


def input_of(model: onnx.ModelProto, what: str) -> onnx.ValueInfoProto:
    """Its only input that is no stored tensor. Raises ConfigError for several, and for none."""
    kept = {tensor.name for tensor in model.graph.initializer}
    inputs: list[onnx.ValueInfoProto] = [one for one in model.graph.input if one.name not in kept]
    if len(inputs) != 1:
        names = ", ".join(shown(one.name) for one in inputs)
        raise ConfigError(f"{what} has {len(inputs)} inputs ({names:.200}), expected one.", "Name the cut points.")
    return inputs[0]


def shown(name: str) -> str:
    """A name in a message."""
    return short(name)[1:-1]
