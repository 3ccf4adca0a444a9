"""What has learned weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.adoption.aten.call import AtenCall, Operation, needed, pair
from vae.adoption.weighted_graph import Each
from vae.foreign.unknown import UnknownError
from vae.graph import nodes
from vae.graph.nodes import Shape


def _linear(call: AtenCall) -> Each:
    weight = needed(call.array("weight"))
    return Each(call.builder.gemm(call.place("input"), weight, call.array("bias")))


def _addmm(call: AtenCall) -> Each:
    """bias + x · W."""
    if call.values.get("beta", 1) != 1 or call.values.get("alpha", 1) != 1:
        raise UnknownError("with factors")
    return Each(call.builder.gemm(call.place("mat1"), needed(call.array("mat2")).T, call.array("self")))


def _mm(call: AtenCall) -> Each:
    other = "mat2" if "mat2" in call.values else "other"
    weight = needed(call.array(other))
    if weight.ndim != 2:
        raise UnknownError(f"with a factor of {weight.ndim} axes")
    return Each(call.builder.gemm(call.place(), weight.T))


def _conv2d(call: AtenCall) -> Each:
    return _convolved(call, call.place("input"), transposed=False)


def _conv_transpose2d(call: AtenCall) -> Each:
    return _convolved(call, call.place("input"), transposed=True)


def _convolution(call: AtenCall) -> Each:
    return _convolved(call, call.place("input"), transposed=bool(call["transposed"]))


def _convolved(call: AtenCall, place: int, transposed: bool) -> Each:
    weight, bias = needed(call.array("weight")), call.array("bias")
    if weight.ndim != 4:
        raise UnknownError(f"of {weight.ndim - 2} dimensions")
    groups = int(call["groups"])
    kernel = (int(weight.shape[2]), int(weight.shape[3]))
    strides, dilations = pair(call["stride"]), pair(call["dilation"])
    pads = _pads(call["padding"], kernel, dilations)
    tensors = {"weight": weight} | ({} if bias is None else {"bias": bias})
    node: nodes.Node
    if transposed:
        channels, outputs = weight.shape[0], weight.shape[1] * groups
        node = nodes.ConvTranspose(
            (place,),
            channels,
            outputs,
            kernel,
            strides,
            pads,
            pair(call["output_padding"]),
            dilations,
            groups,
            bias is not None,
        )
    else:
        channels, outputs = weight.shape[1] * groups, weight.shape[0]
        node = nodes.Conv((place,), channels, outputs, kernel, strides, pads, dilations, groups, bias is not None)
    return Each(call.builder.add(node, tensors))


def _batch_norm(call: AtenCall) -> tuple[Each, None, None]:
    """With its running statistics: a factor and a summand by channel."""
    mean, variance = needed(call.array("running_mean")), needed(call.array("running_var"))
    weight, bias = call.array("weight"), call.array("bias")
    scale = (1.0 if weight is None else weight) / np.sqrt(variance + call["eps"])
    shift = (0.0 if bias is None else bias) - mean * scale
    return Each(call.builder.by_channel(call.place("input"), scale, shift)), None, None


def _group_norm(call: AtenCall) -> Each:
    place = call.place("input")
    channels = call.builder.shape(place)[0]
    return Each(_normalized_groups(call, place, channels, int(call["num_groups"])))


def _native_group_norm(call: AtenCall) -> tuple[Each, None, None]:
    place = call.place("input")
    return Each(_normalized_groups(call, place, int(call["C"]), int(call["group"]))), None, None


def _normalized_groups(call: AtenCall, place: int, channels: int, groups: int) -> int:
    owned = _affine(call, (channels,))
    return call.builder.add(
        nodes.GroupNormalization((place,), channels, groups, float(call["eps"]), bool(owned)), owned
    )


def _instance_norm(call: AtenCall) -> Each:
    if not call["use_input_stats"]:
        raise UnknownError("with running statistics")
    place = call.place("input")
    channels = call.builder.shape(place)[0]
    owned = _affine(call, (channels,))
    return Each(
        call.builder.add(nodes.InstanceNormalization((place,), channels, float(call["eps"]), bool(owned)), owned)
    )


def _layer_norm(call: AtenCall) -> Each:
    shape = tuple(call["normalized_shape"])
    owned = _affine(call, shape)
    return Each(
        call.builder.add(
            nodes.LayerNormalization((call.place("input"),), shape, float(call["eps"]), bool(owned)), owned
        )
    )


def _native_layer_norm(call: AtenCall) -> tuple[Each, None, None]:
    return _layer_norm(call), None, None


def _affine(call: AtenCall, shape: Shape) -> dict[str, NDArray[Any]]:
    """Weight and bias, or neither; one that is missing is filled in."""
    weight, bias = call.array("weight"), call.array("bias")
    if weight is None and bias is None:
        return {}
    return {
        "weight": np.ones(shape) if weight is None else weight,
        "bias": np.zeros(shape) if bias is None else bias,
    }


def _pads(padding: Any, kernel: nodes.Steps, dilations: nodes.Steps) -> nodes.Pads:
    """Top, left, bottom, right. `same` puts an odd one below and at the right."""
    if padding == "valid":
        return nodes.NO_PADS
    if padding == "same":
        rows, columns = (dilation * (side - 1) for dilation, side in zip(dilations, kernel, strict=True))
        return (rows // 2, columns // 2, rows - rows // 2, columns - columns // 2)
    vertical, horizontal = pair(padding)
    return (vertical, horizontal, vertical, horizontal)


OPERATIONS: dict[str, Operation] = {
    "linear": _linear,
    "addmm": _addmm,
    "mm": _mm,
    "matmul": _mm,
    "conv2d": _conv2d,
    "conv_transpose2d": _conv_transpose2d,
    "convolution": _convolution,
    "_native_batch_norm_legit_no_training": _batch_norm,
    "group_norm": _group_norm,
    "native_group_norm": _native_group_norm,
    "instance_norm": _instance_norm,
    "layer_norm": _layer_norm,
    "native_layer_norm": _native_layer_norm,
}
