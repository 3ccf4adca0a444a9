"""Operations of torch, one by one, as nodes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vae.adoption.weighted_graph import Builder, Each, UnknownError
from vae.errors import ConfigError
from vae.graph import nodes
from vae.graph.nodes import Shape


@dataclass(frozen=True)
class AtenCall:
    """One operation with its arguments by name; `shape` is what comes out for one image."""

    builder: Builder
    values: dict[str, Any]
    shape: Shape | None

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def place(self, name: str = "self") -> int:
        """Of the node that an argument is the output of. Raises UnknownError for a constant."""
        value = self.values[name]
        if not isinstance(value, Each):
            raise UnknownError(f"with a constant {name}")
        return value.place

    def array(self, name: str) -> NDArray[Any] | None:
        """A constant argument. Raises UnknownError for one that depends on the image."""
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, Each):
            raise UnknownError(f"with a {name} that depends on the image")
        return np.asarray(value.detach().cpu().numpy() if isinstance(value, Tensor) else value, np.float64)

    def given(self, name: str = "self") -> Shape:
        """The shape of one image's argument."""
        return self.builder.shape(self.place(name))

    def axis(self, dim: int, rank: int) -> int:
        """Of one image, counted from 0. Raises UnknownError for that of the batch."""
        axis = dim % (rank + 1) - 1
        if axis < 0:
            raise UnknownError("along the axis of the images")
        return axis


Operation = Callable[[AtenCall], Any]


# --- layers -----------------------------------------------------------------------------------------------------------


def _linear(call: AtenCall) -> Each:
    weight = _needed(call.array("weight"))
    return Each(call.builder.gemm(call.place("input"), weight, call.array("bias")))


def _addmm(call: AtenCall) -> Each:
    """bias + x · W."""
    if call.values.get("beta", 1) != 1 or call.values.get("alpha", 1) != 1:
        raise UnknownError("with factors")
    return Each(call.builder.gemm(call.place("mat1"), _needed(call.array("mat2")).T, call.array("self")))


def _mm(call: AtenCall) -> Each:
    other = "mat2" if "mat2" in call.values else "other"
    weight = _needed(call.array(other))
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
    weight, bias = _needed(call.array("weight")), call.array("bias")
    if weight.ndim != 4:
        raise UnknownError(f"of {weight.ndim - 2} dimensions")
    groups = int(call["groups"])
    kernel = (int(weight.shape[2]), int(weight.shape[3]))
    strides, dilations = _pair(call["stride"]), _pair(call["dilation"])
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
            _pair(call["output_padding"]),
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
    mean, variance = _needed(call.array("running_mean")), _needed(call.array("running_var"))
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


# --- number by number -------------------------------------------------------------------------------------------------


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
    weight = _needed(call.array("weight")).reshape(-1)
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
        constant = _needed(call.array("self" if reverse else "other"))
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
    constant = _needed(call.array("other"))
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


# --- moving numbers about ---------------------------------------------------------------------------------------------


def _reshape(call: AtenCall) -> Each:
    if call.shape is None:
        raise UnknownError("without a shape")
    return Each(call.builder.reshape(call.place(), call.shape))


def _permute(call: AtenCall) -> Each:
    dims = [d % len(call["dims"]) for d in call["dims"]]
    if dims[0] != 0:
        raise UnknownError("that moves the axis of the images")
    return Each(call.builder.add(nodes.Transpose((call.place(),), tuple(d - 1 for d in dims[1:]))))


def _transpose(call: AtenCall) -> Each:
    rank = len(call.given())
    a, b = call.axis(call["dim0"], rank), call.axis(call["dim1"], rank)
    perm = list(range(rank))
    perm[a], perm[b] = perm[b], perm[a]
    return Each(call.builder.add(nodes.Transpose((call.place(),), tuple(perm))))


def _cat(call: AtenCall) -> Each:
    parts = call["tensors"]
    rank = next(len(call.builder.shape(part.place)) for part in parts if isinstance(part, Each))
    axis = call.axis(call.values.get("dim", 0), rank)
    return Each(call.builder.concat([_place_of(call.builder, part) for part in parts], axis))


def _place_of(builder: Builder, part: Any) -> int:
    if isinstance(part, Each):
        return part.place
    value = part.detach().cpu().numpy()
    if not np.array_equal(value, np.broadcast_to(value[:1], value.shape)):
        raise UnknownError("with a constant of its own for each of several images")
    return builder.constant(value[0])


def _expand(call: AtenCall) -> Each:
    if call.shape is None:
        raise UnknownError("without a shape")
    before = call.given()
    if math.prod(before) == math.prod(call.shape):
        return Each(call.builder.reshape(call.place(), call.shape))
    return Each(call.builder.expanded(call.place(), call.shape))


def _broadcast(call: AtenCall) -> tuple[Any, ...]:
    """Several in one shape, as distributions ask of their parameters; constants stay as they are."""
    parts = call["tensors"]
    shapes = [call.builder.shape(part.place) for part in parts if isinstance(part, Each)]
    whole = np.broadcast_shapes(*shapes)
    return tuple(Each(call.builder.expanded(p.place, whole)) if isinstance(p, Each) else p for p in parts)


def _repeat(call: AtenCall) -> Each:
    counts = list(call["repeats"])
    if len(counts) != len(call.given()) + 1 or counts[0] != 1:
        raise UnknownError("of images")
    if any(count > 1 and side > 1 for count, side in zip(counts[1:], call.given(), strict=True)):
        raise UnknownError("of more than one")
    return _expand(call)


def _filled(value: float) -> Operation:
    return lambda call: torch.full((1, *(call.shape or ())), value)


def _slice(call: AtenCall) -> Each:
    shape = call.given()
    dim = int(call.values.get("dim", 0))
    start, end = call.values.get("start") or 0, call.values.get("end")
    if dim % (len(shape) + 1) == 0 and start == 0 and (end is None or end > 2**31):
        return Each(call.place())  # all images
    axis = call.axis(dim, len(shape))
    taken = range(*slice(start, end, call.values.get("step", 1)).indices(shape[axis]))
    return _taken(call, axis, taken)


def _taken(call: AtenCall, axis: int, taken: range) -> Each:
    if taken.start == 0 and len(taken) == call.given()[axis]:
        return Each(call.place())
    return Each(call.builder.add(nodes.Slice((call.place(),), axis, taken.start, taken[-1] + 1, taken.step)))


def _split(call: AtenCall) -> tuple[Each, ...]:
    shape = call.given()
    axis = call.axis(int(call.values.get("dim", 0)), len(shape))
    sizes = call.values.get("split_size", call.values.get("split_sizes"))
    if isinstance(sizes, int):
        sizes = [min(sizes, shape[axis] - at) for at in range(0, shape[axis], sizes)]
    return _cut(call, axis, list(sizes or ()))


def _cut(call: AtenCall, axis: int, sizes: Sequence[int]) -> tuple[Each, ...]:
    ends = np.cumsum(sizes)
    return tuple(_taken(call, axis, range(int(end) - size, int(end))) for size, end in zip(sizes, ends, strict=True))


def _select(call: AtenCall) -> Each:
    shape = call.given()
    axis = call.axis(int(call["dim"]), len(shape))
    at = int(call["index"]) % shape[axis]
    place = _taken(call, axis, range(at, at + 1)).place
    return Each(call.builder.reshape(place, shape[:axis] + shape[axis + 1 :]))


def _pad(call: AtenCall) -> Each:
    mode = {"constant": "constant", "reflect": "reflect", "replicate": "edge"}.get(call.values.get("mode", "constant"))
    amounts = list(call["pad"] if "pad" in call.values else call["padding"])
    if mode is None or len(amounts) > 4 or min(amounts) < 0:
        raise UnknownError(f"with {call.values.get('mode')!r} and {amounts}")
    return _padded(call, amounts, mode, float(call.values.get("value") or 0.0))


def _padded(call: AtenCall, amounts: list[int], mode: str, value: float = 0.0) -> Each:
    left, right, top, bottom = (*amounts, 0, 0)[:4]
    return Each(
        call.builder.add(nodes.Pad((call.place(),), (top, left, bottom, right), mode, value))  # type: ignore[arg-type]
    )


def _reflection_pad(call: AtenCall) -> Each:
    return _padded(call, list(call["padding"]), "reflect")


def _replication_pad(call: AtenCall) -> Each:
    return _padded(call, list(call["padding"]), "edge")


def _nearest(call: AtenCall) -> Each:
    return _resized(call, "nearest", "asymmetric")


def _bilinear(call: AtenCall) -> Each:
    return _resized(call, "linear", "align_corners" if call["align_corners"] else "half_pixel")


def _resized(call: AtenCall, mode: str, coordinates: str) -> Each:
    place = call.place("input") if "input" in call.values else call.place()
    if call.shape is None or len(call.shape) != 3:
        raise UnknownError("of something that is no image")
    size = (call.shape[1], call.shape[2])
    return Each(call.builder.add(nodes.Resize((place,), size, mode, coordinates)))  # type: ignore[arg-type]


def _max_pool(call: AtenCall) -> Each:
    if any(d != 1 for d in _pair(call["dilation"])) or call["ceil_mode"]:
        raise UnknownError("with dilation or ceil_mode")
    return _pooled(call, "MaxPool")


def _average_pool(call: AtenCall) -> Each:
    if call["ceil_mode"] or call.values.get("divisor_override"):
        raise UnknownError("with ceil_mode or a divisor")
    return _pooled(call, "AveragePool", bool(call["count_include_pad"]))


def _pooled(call: AtenCall, op: Any, count_pads: bool = False) -> Each:
    kernel = _pair(call["kernel_size"])
    strides = _pair(call["stride"]) if call["stride"] else kernel
    vertical, horizontal = _pair(call["padding"])
    pads = (vertical, horizontal, vertical, horizontal)
    return Each(call.builder.add(nodes.Pool((call.place(),), kernel, op, strides, pads, count_pads)))


def _adaptive_average_pool(call: AtenCall) -> Each:
    _, height, width = call.given()
    rows, columns = _pair(call["output_size"])
    if height % rows or width % columns:
        raise UnknownError("of sizes that don't divide the image")
    kernel = (height // rows, width // columns)
    return Each(call.builder.add(nodes.Pool((call.place(),), kernel, "AveragePool", kernel)))


def _mean(call: AtenCall) -> Each:
    shape, place = call.given(), call.place()
    dims = {d % (len(shape) + 1) for d in (call["dim"] or ())}
    if len(shape) != 3 or dims != {2, 3}:
        raise UnknownError("over other axes than height and width")
    place = call.builder.add(nodes.GlobalAveragePool((place,)))
    return Each(place if call["keepdim"] else call.builder.reshape(place, (shape[0],)))


def _pixel_shuffle(call: AtenCall) -> Each:
    return Each(call.builder.add(nodes.DepthToSpace((call.place(),), int(call["upscale_factor"]))))


def _random(call: AtenCall) -> Each:
    raise UnknownError("of random numbers: give an encoder that answers mu and logvar, not a sample")


def _pads(padding: Any, kernel: nodes.Steps, dilations: nodes.Steps) -> nodes.Pads:
    """Top, left, bottom, right. `same` puts an odd one below and at the right."""
    if padding == "valid":
        return nodes.NO_PADS
    if padding == "same":
        rows, columns = (dilation * (side - 1) for dilation, side in zip(dilations, kernel, strict=True))
        return (rows // 2, columns // 2, rows - rows // 2, columns - columns // 2)
    vertical, horizontal = _pair(padding)
    return (vertical, horizontal, vertical, horizontal)


def _pair(value: Any) -> tuple[int, int]:
    both = [int(v) for v in (value if isinstance(value, Sequence) else (value, value))]
    return (both[0], both[-1])


def _needed(array: NDArray[Any] | None) -> NDArray[Any]:
    if array is None:
        raise ConfigError("A weight is missing.")
    return array


RESHAPES = ("view", "_unsafe_view", "squeeze", "unsqueeze", "view_copy")
SAMES = ("clone", "alias", "detach", "_to_copy")
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
    **dict.fromkeys(RESHAPES, _reshape),
    "permute": _permute,
    "transpose": _transpose,
    "cat": _cat,
    "expand": _expand,
    "broadcast_tensors": _broadcast,
    "repeat": _repeat,
    "slice": _slice,
    "split": _split,
    "split_with_sizes": _split,
    "select": _select,
    "pad": _pad,
    "constant_pad_nd": _pad,
    "reflection_pad2d": _reflection_pad,
    "replication_pad2d": _replication_pad,
    "upsample_nearest2d": _nearest,
    "upsample_bilinear2d": _bilinear,
    "max_pool2d": _max_pool,
    "avg_pool2d": _average_pool,
    "adaptive_avg_pool2d": _adaptive_average_pool,
    "mean": _mean,
    "pixel_shuffle": _pixel_shuffle,
    "ones_like": _filled(1.0),
    "zeros_like": _filled(0.0),
    **dict.fromkeys(("randn_like", "normal"), _random),
}
