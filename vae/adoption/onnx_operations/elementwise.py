"""Number by number."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx

from vae.adoption.onnx_operations.call import OnnxCall, Operation
from vae.adoption.weighted_graph import Each
from vae.foreign.unknown import UnknownError
from vae.graph import nodes

FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16)


def _activation(name: str) -> Operation:
    return lambda call: Each(call.builder.activate(call.place(), name))


def _leaky_relu(call: OnnxCall) -> Each:
    return Each(call.builder.add(nodes.LeakyRelu((call.place(),), float(call.get("alpha", 0.01)))))


def _elu(call: OnnxCall) -> Each:
    return Each(call.builder.add(nodes.Elu((call.place(),), float(call.get("alpha", 1.0)))))


def _gelu(call: OnnxCall) -> Each:
    return Each(call.builder.activate(call.place(), "GeluTanh" if call.get("approximate") == "tanh" else "Gelu"))


def _swish(call: OnnxCall) -> Each:
    if call.get("alpha", 1.0) != 1.0:
        raise UnknownError("with an alpha")
    return Each(call.builder.activate(call.place(), "Silu"))


def _hard_sigmoid(call: OnnxCall) -> Each:
    alpha, beta = call.get("alpha", 0.2), call.get("beta", 0.5)
    place = call.builder.scaled(call.place(), alpha, beta)
    return Each(call.builder.clipped(place, 0.0, 1.0))


def _prelu(call: OnnxCall) -> Each:
    slope = call.needed(1)
    if slope.size not in (1, call.shape()[0]):
        raise UnknownError("with a slope for each pixel")
    flat = slope.reshape(-1)
    return Each(call.builder.add(nodes.PRelu((call.place(),), len(flat)), {"weight": flat}))


def _clip(call: OnnxCall) -> Each:
    low, high = call.get("min"), call.get("max")
    low = call.array(1) if low is None else low
    high = call.array(2) if high is None else high
    low, high = (None if v is None else float(np.asarray(v).reshape(-1)[0]) for v in (low, high))
    return Each(call.builder.clipped(call.place(), low, high))


def _arithmetic(op: Any) -> Operation:
    def made(call: OnnxCall) -> Each:
        if len(call.inputs) != 2:
            raise UnknownError(f"of {len(call.inputs)} inputs")
        first, second = call.inputs
        if isinstance(first, Each) and isinstance(second, Each):
            return Each(call.builder.add(nodes.Arithmetic((first.place, second.place), op)))
        reverse = not isinstance(first, Each)
        place = call.place(1 if reverse else 0)
        constant = call.needed(0 if reverse else 1)
        if constant.ndim > len(call.builder.shape(place)):
            if constant.shape[0] != 1:
                raise UnknownError("with a constant of its own for each of several images")
            constant = constant[0]
        return Each(call.builder.arithmetic(place, op, constant, reverse))

    return made


def _negated(call: OnnxCall) -> Each:
    return Each(call.builder.arithmetic(call.place(), "Mul", -1.0))


def _power(call: OnnxCall) -> Each:
    exponent = call.needed(1)
    if exponent.size != 1 or float(exponent.reshape(-1)[0]) != 2:
        raise UnknownError("other than the square")
    return Each(call.builder.add(nodes.Arithmetic((call.place(), call.place()), "Mul")))


def _same(call: OnnxCall) -> Each:
    return Each(call.place())


def _dropout(call: OnnxCall) -> Each:
    training = call.array(2)
    if training is not None and training.any():
        raise UnknownError("in training mode, at random")
    return Each(call.place())


def _cast(call: OnnxCall) -> Each:
    if call.get("to") not in FLOATS:
        raise UnknownError("to whole numbers")
    return Each(call.place())


OPERATIONS: dict[str, Operation] = {
    **{
        name: _activation(name)
        for name in ("Relu", "Softplus", "Tanh", "Sigmoid", "HardSwish", "Mish", "Selu", "Exp", "Log", "Sqrt", "Erf")
    },
    "Swish": _swish,
    "Gelu": _gelu,
    "LeakyRelu": _leaky_relu,
    "Elu": _elu,
    "HardSigmoid": _hard_sigmoid,
    "PRelu": _prelu,
    "Clip": _clip,
    "Add": _arithmetic("Add"),
    "Sub": _arithmetic("Sub"),
    "Mul": _arithmetic("Mul"),
    "Div": _arithmetic("Div"),
    "Neg": _negated,
    "Pow": _power,
    "Identity": _same,
    "Dropout": _dropout,
    "Cast": _cast,
}
