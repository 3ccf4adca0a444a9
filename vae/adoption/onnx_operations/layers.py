"""What has learned weights."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.adoption.onnx_operations.call import OnnxCall, Operation, four, pads_of, two
from vae.adoption.weighted_graph import Each
from vae.foreign.unknown import UnknownError
from vae.graph import nodes

MOST_NORMALIZED = 2**24  # numbers that one weight may be repeated for


def _gemm(call: OnnxCall) -> Each:
    if call.get("transA", 0):
        raise UnknownError("that transposes the images")
    weight = call.needed(1).astype(np.float64) * call.get("alpha", 1.0)
    weight = weight if call.get("transB", 0) else weight.T
    bias = call.array(2)
    if bias is not None:
        bias = np.broadcast_to(bias.astype(np.float64).reshape(-1) * call.get("beta", 1.0), (weight.shape[0],))
    return Each(call.builder.gemm(call.place(), weight, bias))


def _matmul(call: OnnxCall) -> Each:
    weight = call.needed(1)
    if weight.ndim != 2:
        raise UnknownError(f"with a factor of {weight.ndim} axes")
    return Each(call.builder.gemm(call.place(), weight.T))


def _conv(call: OnnxCall) -> Each:
    weight, bias = _image_weight(call), call.array(2)
    group, kernel = int(call.get("group", 1)), (int(weight.shape[2]), int(weight.shape[3]))
    strides, dilations = two(call.get("strides")), two(call.get("dilations"))
    pads = pads_of(call, call.shape()[1:], kernel, strides, dilations)
    node = nodes.Conv(
        (call.place(),),
        weight.shape[1] * group,
        weight.shape[0],
        kernel,
        strides,
        pads,
        dilations,
        group,
        bias is not None,
    )
    return Each(call.builder.add(node, _owned(weight, bias)))


def _conv_transpose(call: OnnxCall) -> Each:
    weight, bias = _image_weight(call), call.array(2)
    group, kernel = int(call.get("group", 1)), (int(weight.shape[2]), int(weight.shape[3]))
    strides, dilations = two(call.get("strides")), two(call.get("dilations"))
    extra = two(call.get("output_padding"), 0)
    pads = four(call.get("pads"))
    auto, asked = call.get("auto_pad", "NOTSET"), call.get("output_shape")
    if asked or auto.startswith("SAME"):
        sides = call.shape()[1:]
        wanted = asked[-2:] if asked else [side * stride for side, stride in zip(sides, strides, strict=True)]
        total = [
            max(0, (side - 1) * s + d * (k - 1) + 1 + e - w)
            for side, s, d, k, e, w in zip(sides, strides, dilations, kernel, extra, wanted, strict=True)
        ]
        less = [t // 2 for t in total]
        more = [t - half for t, half in zip(total, less, strict=True)]
        first, last = (less, more) if auto == "SAME_UPPER" else (more, less)
        pads = (first[0], first[1], last[0], last[1])
    node = nodes.ConvTranspose(
        (call.place(),),
        weight.shape[0],
        weight.shape[1] * group,
        kernel,
        strides,
        pads,
        extra,
        dilations,
        group,
        bias is not None,
    )
    return Each(call.builder.add(node, _owned(weight, bias)))


def _image_weight(call: OnnxCall) -> NDArray[Any]:
    weight = call.needed(1)
    if weight.ndim != 4:
        raise UnknownError(f"of {weight.ndim - 2} dimensions")
    return weight


def _owned(weight: NDArray[Any], bias: NDArray[Any] | None) -> dict[str, NDArray[Any]]:
    return {"weight": weight} | ({} if bias is None else {"bias": bias})


def _batch_normalization(call: OnnxCall) -> Each:
    scale, shift, mean, variance = (call.needed(k).astype(np.float64) for k in range(1, 5))
    if call.get("training_mode", 0):
        raise UnknownError("in training mode, by the mean of the images that come together")
    factor = scale / np.sqrt(variance + call.get("epsilon", 1e-5))
    return Each(call.builder.by_channel(call.place(), factor, shift - mean * factor))


def _instance_normalization(call: OnnxCall) -> Each:
    owned = {"weight": call.needed(1), "bias": call.needed(2)}
    node = nodes.InstanceNormalization((call.place(),), call.shape()[0], float(call.get("epsilon", 1e-5)))
    return Each(call.builder.add(node, owned))


def _group_normalization(call: OnnxCall) -> Each:
    channels, groups = call.shape()[0], int(call.get("num_groups"))
    owned = {"weight": call.needed(1), "bias": call.needed(2)}
    if call.opset < 21 and all(array.shape == (groups,) for array in owned.values()):  # one of each for a group
        owned = {role: np.repeat(array, channels // groups) for role, array in owned.items()}
    node = nodes.GroupNormalization((call.place(),), channels, groups, float(call.get("epsilon", 1e-5)))
    return Each(call.builder.add(node, owned))


def _layer_normalization(call: OnnxCall) -> Each:
    shape = call.shape()
    normalized = shape[call.axis(call.get("axis", -1)) :]
    bias = call.array(2)
    if math.prod(normalized) > MOST_NORMALIZED:
        raise UnknownError(f"over {math.prod(normalized):,} numbers")
    owned = {
        "weight": np.broadcast_to(call.needed(1), normalized),
        "bias": np.zeros(normalized) if bias is None else np.broadcast_to(bias, normalized),
    }
    node = nodes.LayerNormalization((call.place(),), normalized, float(call.get("epsilon", 1e-5)))
    return Each(call.builder.add(node, owned))


OPERATIONS: dict[str, Operation] = {
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "BatchNormalization": _batch_normalization,
    "InstanceNormalization": _instance_normalization,
    "GroupNormalization": _group_normalization,
    "LayerNormalization": _layer_normalization,
}
