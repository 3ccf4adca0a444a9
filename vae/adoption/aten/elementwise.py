"""Number by number."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from vae.adoption.aten.call import AtenCall, Operation, needed
from vae.adoption.weighted_graph import Each
from vae.foreign.unknown import UnknownError
from vae.graph import nodes


def _activation(name: str) -> Operation:
    def made(call: AtenCall) -> Each:
        return Each(call.builder.activate(call.place(), name))

    return made


def _leaky_relu(call: AtenCall) -> Each:
    return Each(call.builder.add(nodes.LeakyRelu((call.place(),), float(call["negative_slope"]))))


def _elu(call: AtenCall) -> Each:
    scale, input_scale = float(call.values.get("scale", 1)), float(call.values.get("input_scale", 1))
    if input_scale != 1:
        raise UnknownError("with an input_scale")
    place = call.builder.add(nodes.Elu((call.place(),), float(call["alpha"])))
    return Each(call.builder.scaled(place, scale, 0.0))


def _gelu(call: AtenCall) -> Each:
    exact = call["approximate"] == "none"
    return Each(call.builder.activate(call.place(), "Gelu" if exact else "GeluTanh"))


def _softplus(call: AtenCall) -> Each:
    if call["beta"] != 1:
        raise UnknownError("with a beta")
    return Each(call.builder.activate(call.place(), "Softplus"))


def _prelu(call: AtenCall) -> Each:
    weight = needed(call.array("weight")).reshape(-1)
    return Each(call.builder.add(nodes.PRelu((call.place(),), len(weight)), {"weight": weight}))


def _clamp(call: AtenCall) -> Each:
    low, high = (call.values.get(name) for name in ("min", "max"))
    if "min_val" in call.values:
        low, high = call["min_val"], call["max_val"]
    return Each(call.builder.clipped(call.place(), low, high))


def _arithmetic(op: str) -> Operation:
    def made(call: AtenCall) -> Each:
        if call.values.get("rounding_mode"):
            raise UnknownError("with rounding")
        alpha = float(call.values.get("alpha", 1))
        first, second = call["self"], call["other"]
        if isinstance(first, Each) and isinstance(second, Each):
            place = second.place if alpha == 1 else call.builder.arithmetic(second.place, "Mul", alpha)
            return Each(call.builder.add(nodes.Arithmetic((first.place, place), op)))  # type: ignore[arg-type]
        reverse = not isinstance(first, Each)
        constant = needed(call.array("self" if reverse else "other"))
        if alpha != 1:
            if reverse:
                raise UnknownError("with an alpha")
            constant = constant * alpha
        place = call.place("other" if reverse else "self")
        return Each(call.builder.arithmetic(place, op, _of_one(constant, len(call.builder.shape(place))), reverse))

    return made


def _of_one(constant: NDArray[Any], rank: int) -> NDArray[Any]:
    """Without the axis of the images, along which it must be one."""
    if constant.ndim <= rank:
        return constant
    if constant.shape[0] != 1:
        raise UnknownError("with a constant of its own for each of several images")
    found: NDArray[Any] = constant[0]
    return found


def _rsub(call: AtenCall) -> Each:
    constant = needed(call.array("other"))
    return Each(call.builder.arithmetic(call.place(), "Sub", constant, reverse=True))


def _reciprocal(call: AtenCall) -> Each:
    return Each(call.builder.arithmetic(call.place(), "Div", 1.0, reverse=True))


def _neg(call: AtenCall) -> Each:
    return Each(call.builder.arithmetic(call.place(), "Mul", -1.0))


def _square(call: AtenCall) -> Each:
    return Each(call.builder.add(nodes.Arithmetic((call.place(), call.place()), "Mul")))


def _power(call: AtenCall) -> Each:
    if call["exponent"] != 2:
        raise UnknownError(f"of {call['exponent']}")
    return _square(call)


def _same(call: AtenCall) -> Any:
    return call["input"] if "input" in call.values else call["self"]


SAMES = ("clone", "alias", "detach", "_to_copy")
OPERATIONS: dict[str, Operation] = {
    **{
        name: _activation(op)
        for name, op in {
            "relu": "Relu",
            "silu": "Silu",
            "tanh": "Tanh",
            "sigmoid": "Sigmoid",
            "hardswish": "HardSwish",
            "hardsigmoid": "HardSigmoid",
            "mish": "Mish",
            "selu": "Selu",
            "exp": "Exp",
            "log": "Log",
            "sqrt": "Sqrt",
            "erf": "Erf",
        }.items()
    },
    "gelu": _gelu,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "softplus": _softplus,
    "prelu": _prelu,
    "clamp": _clamp,
    "hardtanh": _clamp,
    "relu6": lambda call: Each(call.builder.clipped(call.place(), 0.0, 6.0)),
    "add": _arithmetic("Add"),
    "sub": _arithmetic("Sub"),
    "mul": _arithmetic("Mul"),
    "div": _arithmetic("Div"),
    "rsub": _rsub,
    "neg": _neg,
    "reciprocal": _reciprocal,
    "square": _square,
    "pow": _power,
    **dict.fromkeys(SAMES, _same),
}
