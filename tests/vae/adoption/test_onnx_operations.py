"""ONNX models as graphs: each operation gives what onnxruntime gives, in old and new opsets; others are refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped]
import pytest
import torch

from tests.vae.adoption.onnx_models import Arrays, call, f32, i64, model_of
from vae.adoption import onnx_reading
from vae.adoption.judging import module_of
from vae.adoption.onnx_operations.operations import OPERATIONS
from vae.errors import ConfigError
from vae.foreign import onnx_file

IMAGE: tuple[int | str, ...] = ("N", 4, 6, 8)
VECTOR: tuple[int | str, ...] = ("N", 12)
Case = tuple[Sequence[onnx.NodeProto], tuple[int | str, ...], Arrays, int]
F = np.float32


def one(
    op: str, inputs: str = "x", given: Any = IMAGE, stored: Arrays | None = None, opset: int = 18, **a: Any
) -> Case:
    """A model of one operation."""
    return ([call(op, inputs, **a)], given, stored or {}, opset)


CONV = {"w": f32(6, 2, 3, 2), "b": f32(6)}
TURNED = {"w": f32(4, 3, 3, 4), "b": f32(6)}
BY_CHANNEL = {"s": f32(4), "b": f32(4, seed=1), "m": f32(4, seed=2), "v": f32(4, seed=3) ** 2 + F(0.1)}
CASES: dict[str, Case] = {
    "Gemm": one("Gemm", "x w b", VECTOR, {"w": f32(7, 12), "b": f32(7)}, transB=1, alpha=0.5, beta=2.0),
    "Gemm, one bias": one("Gemm", "x w b", VECTOR, {"w": f32(12, 7), "b": f32(1)}),
    "MatMul": one("MatMul", "x w", IMAGE, {"w": f32(8, 5)}),
    "Conv": one("Conv", "x w b", IMAGE, CONV, group=2, strides=[2, 1], pads=[1, 2, 0, 1], dilations=[1, 2]),
    "Conv, same": one("Conv", "x w", IMAGE, {"w": f32(3, 4, 2, 4)}, auto_pad="SAME_UPPER", strides=[1, 2]),
    "Conv, same, lower": one("Conv", "x w", IMAGE, {"w": f32(3, 4, 2, 4)}, auto_pad="SAME_LOWER"),
    "Conv, valid": one("Conv", "x w", IMAGE, {"w": f32(3, 4, 3, 3)}, auto_pad="VALID"),
    "ConvTranspose": one(
        "ConvTranspose", "x w b", IMAGE, TURNED, group=2, strides=[2, 3], pads=[1, 2, 0, 1], output_padding=[1, 0]
    ),
    "ConvTranspose, same": one(
        "ConvTranspose", "x w", IMAGE, {"w": f32(4, 3, 3, 3)}, auto_pad="SAME_UPPER", strides=[2, 2]
    ),
    "ConvTranspose, same, lower": one(
        "ConvTranspose", "x w", IMAGE, {"w": f32(4, 3, 3, 3)}, auto_pad="SAME_LOWER", strides=[2, 2]
    ),
    "ConvTranspose, a size": one(
        "ConvTranspose", "x w", IMAGE, {"w": f32(4, 3, 3, 3)}, output_shape=[12, 16], strides=[2, 2]
    ),
    "BatchNormalization": one("BatchNormalization", "x s b m v", IMAGE, BY_CHANNEL, epsilon=1e-3),
    "InstanceNormalization": one("InstanceNormalization", "x s b", IMAGE, BY_CHANNEL, epsilon=1e-3),
    "GroupNormalization, of 18": one(
        "GroupNormalization", "x s b", IMAGE, {"s": f32(2), "b": f32(2, seed=1)}, 18, num_groups=2
    ),
    "GroupNormalization, of 21": one("GroupNormalization", "x s b", IMAGE, BY_CHANNEL, 21, num_groups=2),
    "LayerNormalization": one("LayerNormalization", "x w b", IMAGE, {"w": f32(6, 8), "b": f32(6, 8)}, axis=2),
    "LayerNormalization, no bias": one("LayerNormalization", "x w", IMAGE, {"w": f32(8)}),
    **{
        name: one(name)
        for name in ("Relu", "Softplus", "Tanh", "Sigmoid", "HardSwish", "Mish", "Selu", "Exp", "Erf", "Neg", "Elu")
    },
    "Log, Sqrt": (
        [call("Mul", "x x", "a"), call("Add", "a c", "b"), call("Log", "b", "d"), call("Sqrt", "b", "e"),
         call("Add", "d e")], IMAGE, {"c": F(0.5)}, 18,
    ),
    "LeakyRelu": one("LeakyRelu", alpha=0.2),
    "LeakyRelu, as it is": one("LeakyRelu"),
    "Elu, alpha": one("Elu", alpha=0.5),
    "Gelu": one("Gelu", opset=20),
    "Gelu, tanh": one("Gelu", opset=20, approximate="tanh"),
    "HardSigmoid": one("HardSigmoid", alpha=0.3, beta=0.4),
    "PRelu": one("PRelu", "x s", IMAGE, {"s": f32(4, 1, 1)}),
    "Clip, of 9": one("Clip", opset=9, min=-0.2, max=0.3),
    "Clip, of 13": one("Clip", "x a b", stored={"a": F(-0.2), "b": F(0.3)}, opset=13),
    "Clip, from above": one("Clip", "x - b", stored={"b": F(0.3)}, opset=13),
    "Add, Sub, Mul, Div": (
        [call("Add", "x a", "b"), call("Sub", "c b", "d"), call("Mul", "d x", "e"), call("Div", "e f")], IMAGE,
        {"a": f32(4, 1, 1), "c": F(1.5), "f": np.abs(f32(1, 4, 6, 8)) + F(1)}, 18,
    ),
    "Pow": one("Pow", "x e", stored={"e": F(2)}),
    "Identity, Dropout, Cast": (
        [call("Identity", "x", "a"), call("Dropout", "a", "b"), call("Cast", "b", "c", to=1), call("Neg", "c")], IMAGE,
        {}, 13,
    ),
    "Swish, of 24": one("Swish", opset=24),
    "Reshape": one("Reshape", "x s", stored={"s": i64(-1, 24, 8)}),
    "Reshape, as it was": one("Reshape", "x s", stored={"s": i64(0, 0, -1)}),
    "Reshape, with a symbolic number of images": (
        [call("Shape", "x", "s"), call("Gather", "s zero", "n"), call("Unsqueeze", "n zeros", "n1"),
         call("Concat", "n1 rest", "sides", axis=0), call("Reshape", "x sides")], IMAGE,
        {"zero": np.array(0, np.int64), "zeros": i64(0), "rest": i64(-1)}, 13,
    ),
    "Flatten": one("Flatten"),
    "Squeeze, of 11": (
        [call("Unsqueeze", "x", "a", axes=[1, 4]), call("Squeeze", "a", "y", axes=[1, 4])], IMAGE, {}, 11,
    ),
    "Squeeze, of 13": (
        [call("Unsqueeze", "x s", "a"), call("Squeeze", "a t", "b"), call("Relu", "b")], IMAGE,
        {"s": i64(-1, 2), "t": i64(2)}, 13,
    ),
    "Transpose": one("Transpose", perm=[0, 2, 3, 1]),
    "Concat": ([call("Relu", "x", "a"), call("Concat", "a x k", axis=-2)], (1, 4, 6, 8), {"k": f32(1, 4, 2, 8)}, 13),
    "Split, of 9": (
        [call("Split", "x", "a b", axis=1, split=[1, 3]), call("Mul", "a b")], IMAGE, {}, 9,
    ),
    "Split, of 13": (
        [call("Split", "x s", "a b", axis=-1), call("Concat", "b a", axis=3)], IMAGE, {"s": i64(3, 5)}, 13,
    ),
    "Split, of 18": (
        [call("Split", "x", "a b c", axis=3, num_outputs=3), call("Concat", "c a", axis=3)], IMAGE, {}, 18,
    ),
    "Slice, of 9": one("Slice", opset=9, starts=[1, -4], ends=[3, 2**31 - 1], axes=[1, 3]),
    "Slice, of 13": one(
        "Slice", "x a b c d", stored={"a": i64(0, 1), "b": i64(2**62, -1), "c": i64(0, 2), "d": i64(1, 2)}, opset=13
    ),
    "Gather": one("Gather", "x i", stored={"i": np.array(-2, np.int64)}, axis=1),
    "Gather, keeping": one("Gather", "x i", stored={"i": i64(3)}, axis=2),
    "Expand": ([call("Unsqueeze", "x u", "a"), call("Expand", "a s")], VECTOR, {"u": i64(2), "s": i64(1, 1, 5)}, 13),
    "Tile": ([call("Unsqueeze", "x u", "a"), call("Tile", "a s")], VECTOR, {"u": i64(2), "s": i64(1, 1, 5)}, 13),
    "Pad, of 9": one("Pad", opset=9, pads=[0, 0, 1, 2, 0, 0, 0, 1], value=0.5),
    "Pad, of 13": one("Pad", "x p v", stored={"p": i64(0, 0, 1, 2, 0, 0, 0, 1), "v": F(0.5)}, opset=13),
    "Pad, mirrored": one("Pad", "x p", stored={"p": i64(0, 0, 1, 2, 0, 0, 0, 1)}, mode="reflect"),
    "Pad, its edge": one("Pad", "x p", stored={"p": i64(0, 0, 1, 2, 0, 0, 0, 1)}, mode="edge"),
    "Upsample": one("Upsample", "x s", stored={"s": np.array([1, 1, 2, 3], F)}, opset=9),
    "Resize, of 10": one("Resize", "x s", stored={"s": np.array([1, 1, 2, 3], F)}, opset=10),
    "Resize, of 11": one(
        "Resize", "x r s", stored={"r": np.zeros(0, F), "s": np.array([1, 1, 2, 2], F)}, opset=11,
        coordinate_transformation_mode="asymmetric", nearest_mode="floor",
    ),
    "Resize, as it is": one("Resize", "x - s", stored={"s": np.array([1, 1, 2, 3], F)}),
    "Resize, to sizes": one(
        "Resize", "x - - z", (2, 4, 6, 8), {"z": i64(2, 4, 9, 12)}, coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    ),
    "Resize, linear": one("Resize", "x - s", stored={"s": np.array([1, 1, 1.5, 2], F)}, mode="linear"),
    "Resize, by corners": one(
        "Resize", "x - s", stored={"s": np.array([1, 1, 1.5, 2], F)}, mode="linear",
        coordinate_transformation_mode="align_corners",
    ),
    "MaxPool": one("MaxPool", kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1]),
    "MaxPool, same": one("MaxPool", kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER"),
    "AveragePool": one("AveragePool", kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1]),
    "AveragePool, with its border": one("AveragePool", kernel_shape=[3, 2], pads=[1, 0, 1, 1], count_include_pad=1),
    "GlobalAveragePool": one("GlobalAveragePool"),
    "ReduceMean, of 13": one("ReduceMean", opset=13, axes=[2, 3], keepdims=0),
    "ReduceMean, of 18": one("ReduceMean", "x a", stored={"a": i64(-1, -2)}),
    "DepthToSpace": one("DepthToSpace", blocksize=2),
    "DepthToSpace, as torch": one("DepthToSpace", blocksize=2, mode="CRD"),
}  # fmt: skip


def _expected(model: onnx.ModelProto, x: Any) -> Any:
    """By onnxruntime, or by ONNX's own reference where that has no such operation yet."""
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        return session.run(None, {"x": x})[0]
    except Exception:  # it names its errors privately
        from onnx.reference import ReferenceEvaluator

        return ReferenceEvaluator(model).run(None, {"x": x})[0]


@pytest.mark.parametrize("name", CASES)
def test_the_graph_gives_what_onnxruntime_gives(name: str) -> None:
    nodes, given, stored, opset = CASES[name]
    model = model_of(nodes, given, stored, opset)
    network = onnx_reading.network_of(onnx_file.read(model.SerializeToString(), name), name)
    count = given[0] if isinstance(given[0], int) else 3
    x = np.random.default_rng(5).normal(size=(count, *map(int, given[1:]))).astype(F)
    found = module_of(network)(torch.tensor(x)).numpy()
    np.testing.assert_allclose(found, _expected(model, x), atol=1e-5, rtol=1e-4)


def test_every_operation_is_met() -> None:
    met = {node.op_type for nodes, *_ in CASES.values() for node in nodes}
    assert met >= set(OPERATIONS), sorted(set(OPERATIONS) - met)


REFUSED: dict[str, tuple[Case, str]] = {
    "dropout in training": (
        one("Dropout", "x r t", stored={"r": F(0.5), "t": np.array(True)}, opset=13), "Dropout in training mode"
    ),
    "batch statistics": (
        one("BatchNormalization", "x s b m v", IMAGE, BY_CHANNEL, training_mode=1), "BatchNormalization in training"
    ),
    "the batch's mean": (one("ReduceMean", opset=13, axes=[0]), "ReduceMean along the axis of the images"),
    "a sample": (
        ([call("RandomNormalLike", "x", "e"), call("Add", "x e")], IMAGE, {}, 13), "RandomNormalLike"
    ),
    "random numbers": (
        ([call("RandomNormal", "", "e", shape=[4, 6, 8]), call("Add", "x e")], IMAGE, {}, 13), "RandomNormal.*random"
    ),
    "softmax": (one("Softmax"), "Softmax"),
    "images turned": (one("Transpose", perm=[1, 0, 2, 3]), "Transpose that moves the axis of the images"),
    "some images": (one("Slice", "x a b", stored={"a": i64(0), "b": i64(1)}, opset=13), "Slice of some images"),
    "whole numbers": (one("Cast", to=7), "Cast to whole numbers"),
    "nearest, rounded up": (
        one("Resize", "x - s", stored={"s": np.array([1, 1, 2, 2], F)}, nearest_mode="ceil"), "Resize of 6 to 12"
    ),
    "nearest by three, asymmetric": (
        one("Resize", "x - s", stored={"s": np.array([1, 1, 3, 3], F)}, coordinate_transformation_mode="asymmetric"),
        "Resize of 6 to 18 with asymmetric",
    ),
    "cubic": (one("Resize", "x - s", stored={"s": np.array([1, 1, 2, 2], F)}, mode="cubic"), "Resize as cubic"),
    "other channels": (
        one("Resize", "x - s", stored={"s": np.array([1, 2, 2, 2], F)}), "Resize of channels"
    ),
    "a place that isn't there": (one("Gather", "x i", stored={"i": i64(9)}, axis=1), "Gather of place 9 among 4"),
    "one dimension": (one("Conv", "x w", ("N", 4, 8), {"w": f32(2, 4, 3)}), "Conv of 1 dimensions"),
    "a ceiling": (one("MaxPool", kernel_shape=[3, 3], ceil_mode=1), "MaxPool with ceil_mode"),
    "a cube": (one("Pow", "x e", stored={"e": F(3)}), "Pow other than the square"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_known_is_refused_by_name(name: str) -> None:
    (nodes, given, stored, opset), said = REFUSED[name]
    model = onnx_file.read(model_of(nodes, given, stored, opset).SerializeToString(), "a.onnx")
    with pytest.raises(ConfigError, match=said):
        onnx_reading.network_of(model, "a.onnx")


def test_what_is_not_on_the_way_is_passed_over() -> None:
    """A sample beside mu and the log variance disturbs nobody."""
    nodes = [call("RandomNormalLike", "x", "e"), call("Add", "x e", "z"), call("Relu", "x", "mu")]
    model = model_of(nodes, VECTOR, outputs=("z", "mu"))
    network = onnx_reading.network_of(model, "a.onnx", ends=["mu"])
    assert [node.name for node in network.graph.nodes] == ["Relu"]
    with pytest.raises(ConfigError, match="RandomNormalLike"):
        onnx_reading.network_of(model, "a.onnx", ends=["z"])


def test_constants_are_computed_once() -> None:
    """As of weights that an exporter normalizes by operations."""
    nodes = [
        call("ReduceL2", "v", "n", axes=[1], keepdims=1), call("Div", "v n", "u"), call("Mul", "u g", "w"),
        call("Transpose", "w", "t", perm=[1, 0]), call("MatMul", "x t"),
    ]  # fmt: skip
    stored = {"v": f32(7, 12), "g": f32(7, 1)}
    model = model_of(nodes, VECTOR, stored, 13)
    network = onnx_reading.network_of(model, "a.onnx")
    assert [node.name for node in network.graph.nodes] == ["Gemm"]
    x = f32(3, 12, seed=9)
    np.testing.assert_allclose(module_of(network)(torch.tensor(x)).numpy(), _expected(model, x), atol=1e-5)
