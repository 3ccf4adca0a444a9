"""ONNX models by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Arrays = Mapping[str, Any]


def model_of(
    nodes: Sequence[onnx.NodeProto],
    given: Sequence[int | str],
    stored: Arrays | None = None,
    opset: int = 18,
    outputs: Sequence[str] = ("y",),
    input_name: str = "x",
) -> onnx.ModelProto:
    """A model from `x`, of shape `given`, to `outputs`."""
    graph = helper.make_graph(
        list(nodes),
        "made by a test",
        [helper.make_tensor_value_info(input_name, TensorProto.FLOAT, list(given))],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(np.array(array, order="C"), name) for name, array in (stored or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8
    return model


def call(op: str, inputs: str, outputs: str = "y", **attributes: Any) -> onnx.NodeProto:
    """One operation; names apart by spaces, a `-` is one that is left out."""
    names = ["" if name == "-" else name for name in inputs.split()]
    return helper.make_node(op, names, outputs.split(), **attributes)


def f32(*shape: int, seed: int = 0) -> NDArray[np.float32]:
    """Numbers around 0."""
    return (np.random.default_rng(seed).normal(size=shape) * 0.5).astype(np.float32)


def i64(*values: int) -> NDArray[np.int64]:
    """Whole numbers."""
    return np.array(values, np.int64)


def foreign_pair(image: tuple[int, int, int] = (1, 16, 16), d: int = 3) -> list[tuple[str, bytes]]:
    """Encoder and decoder with operations that have no node (Softmax, Sin): their file names and contents."""
    channels, height, width = image
    count = channels * height * width
    encoder = model_of(
        [
            call("Flatten", "x", "f"), call("Gemm", "f w c", "h"), call("Softmax", "h", "s", axis=1),
            call("Gemm", "s m mb", "mu"), call("Gemm", "s v vb", "logvar"),
        ],
        ("N", *image),
        {"w": f32(count, 12), "c": f32(12), "m": f32(12, d) * 8, "mb": f32(d), "v": f32(12, d, seed=1), "vb": f32(d)},
        outputs=("mu", "logvar"),
    )  # fmt: skip
    decoder = model_of(
        [
            call("Gemm", "x w c", "h"), call("Sin", "h", "s"), call("Gemm", "s o ob", "p"), call("Sigmoid", "p", "q"),
            call("Reshape", "q shape"),
        ],
        ("N", d),
        {"w": f32(d, 24), "c": f32(24), "o": f32(24, count), "ob": f32(count), "shape": i64(-1, *image)},
    )  # fmt: skip
    return [("encoder.onnx", encoder.SerializeToString()), ("decoder.onnx", decoder.SerializeToString())]
