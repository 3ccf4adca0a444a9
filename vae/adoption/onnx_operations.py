"""Operations of ONNX, one by one, as nodes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from vae.adoption.weighted_graph import Builder, Each, UnknownError
from vae.graph import nodes
from vae.graph.nodes import NO_PADS, Pads, Shape


def attributes_of(node: onnx.NodeProto) -> dict[str, Any]:
    """By name; texts as str."""
    values = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    return {name: v.decode("utf-8", "replace") if isinstance(v, bytes) else v for name, v in values.items()}


@dataclass(frozen=True)
class OnnxCall:
    """One operation: inputs are Each, arrays, or None where one is left out. `batch` stands for how many images."""

    builder: Builder
    inputs: list[Any]
    attributes: dict[str, Any]
    outputs: int
    opset: int
    batch: int

    def place(self, at: int = 0) -> int:
        """Of the node that an input is the output of. Raises UnknownError for a constant."""
        value = self.inputs[at] if at < len(self.inputs) else None
        if not isinstance(value, Each):
            raise UnknownError("with a constant where an image is expected")
        return value.place

    def shape(self, at: int = 0) -> Shape:
        """Of one image's input."""
        return self.builder.shape(self.place(at))

    def array(self, at: int) -> NDArray[Any] | None:
        """A constant input, None where there is none. Raises UnknownError for one that depends on the image."""
        value = self.inputs[at] if at < len(self.inputs) else None
        if isinstance(value, Each):
            raise UnknownError(f"whose input {at} depends on the image")
        return None if value is None else np.asarray(value)

    def needed(self, at: int) -> NDArray[Any]:
        """As `array`, where there must be one."""
        found = self.array(at)
        if found is None:
            raise UnknownError(f"without input {at}")
        return found

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute."""
        return self.attributes.get(name, default)

    def axis(self, axis: int, rank: int | None = None) -> int:
        """Of one image, from 0. Raises UnknownError for that of the images."""
        rank = len(self.shape()) if rank is None else rank
        found = int(axis) % (rank + 1) - 1
        if found < 0:
            raise UnknownError("along the axis of the images")
        return found

    def numbers(self, name: str, at: int) -> list[int] | None:
        """Whole numbers that older opsets have as an attribute and newer ones as an input."""
        found = self.array(at) if self.get(name) is None else self.get(name)
        return None if found is None else [int(v) for v in np.asarray(found).reshape(-1)]


Operation = Callable[[OnnxCall], Any]
FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16)
MOST_NORMALIZED = 2**24  # numbers that one weight may be repeated for


# --- layers -----------------------------------------------------------------------------------------------------------


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
    strides, dilations = _two(call.get("strides")), _two(call.get("dilations"))
    pads = _pads(call, call.shape()[1:], kernel, strides, dilations)
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
    strides, dilations = _two(call.get("strides")), _two(call.get("dilations"))
    extra = _two(call.get("output_padding"), 0)
    pads = _four(call.get("pads"))
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


# --- number by number -------------------------------------------------------------------------------------------------


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


# --- moving numbers about ---------------------------------------------------------------------------------------------


def _reshape(call: OnnxCall) -> Each:
    given = [call.batch, *call.shape()]
    wanted = call.numbers("shape", 1) or []
    sides = [given[k] if side == 0 and not call.get("allowzero", 0) else side for k, side in enumerate(wanted)]
    if -1 in sides:
        rest = math.prod(side for side in sides if side != -1)
        if rest <= 0 or math.prod(given) % rest:
            raise UnknownError(f"to {wanted}")
        sides[sides.index(-1)] = math.prod(given) // rest
    return _shaped(call, sides)


def _shaped(call: OnnxCall, sides: Sequence[int]) -> Each:
    """The first of the sides must be the images'."""
    if not sides or sides[0] != call.batch:
        raise UnknownError("that moves the axis of the images")
    return Each(call.builder.reshape(call.place(), tuple(sides[1:])))


def _flatten(call: OnnxCall) -> Each:
    if call.get("axis", 1) != 1:
        raise UnknownError("from another axis")
    return Each(call.builder.flat(call.place()))


def _squeeze(call: OnnxCall) -> Each:
    shape = call.shape()
    axes = call.numbers("axes", 1)
    gone = {k for k, side in enumerate(shape) if side == 1} if axes is None else {call.axis(a) for a in axes}
    return Each(call.builder.reshape(call.place(), tuple(side for k, side in enumerate(shape) if k not in gone)))


def _unsqueeze(call: OnnxCall) -> Each:
    whole: list[int] = list(call.shape())
    axes = call.numbers("axes", 1) or []
    rank = len(whole) + 1 + len(axes)
    for axis in sorted(a % rank for a in axes):
        if axis == 0:
            raise UnknownError("before the axis of the images")
        whole.insert(axis - 1, 1)
    return Each(call.builder.reshape(call.place(), tuple(whole)))


def _transpose(call: OnnxCall) -> Each:
    perm = call.get("perm") or list(range(len(call.shape())))[::-1]
    if perm[0] != 0:
        raise UnknownError("that moves the axis of the images")
    return Each(call.builder.add(nodes.Transpose((call.place(),), tuple(int(p) - 1 for p in perm[1:]))))


def _concat(call: OnnxCall) -> Each:
    rank = next(len(call.builder.shape(value.place)) for value in call.inputs if isinstance(value, Each))
    axis = call.axis(call.get("axis", 0), rank)
    return Each(call.builder.concat([_place_of(call, value) for value in call.inputs], axis))


def _place_of(call: OnnxCall, value: Any) -> int:
    if isinstance(value, Each):
        return value.place
    array = np.asarray(value)
    if array.ndim < 2 or array.shape[0] not in (1, call.batch):
        raise UnknownError("with a constant that is not of every image")
    if not np.array_equal(array, np.broadcast_to(array[:1], array.shape)):
        raise UnknownError("with a constant of its own for each of several images")
    return call.builder.constant(array[0])


def _expand(call: OnnxCall) -> Each:
    shape = [int(side) for side in call.needed(1).reshape(-1)]
    before = [call.batch, *call.shape()]
    rank = max(len(shape), len(before))
    if len(shape) < rank:
        shape = [1] * (rank - len(shape)) + shape
    if rank > len(before) or shape[0] not in (1, call.batch):
        raise UnknownError("of the axis of the images")
    wanted = tuple(new if old == 1 else old for old, new in zip(before[1:], shape[1:], strict=True))
    return Each(call.builder.expanded(call.place(), wanted))


def _tile(call: OnnxCall) -> Each:
    counts = [int(count) for count in call.needed(1).reshape(-1)]
    if counts[0] != 1 or any(n > 1 and side > 1 for n, side in zip(counts[1:], call.shape(), strict=True)):
        raise UnknownError("of more than one")
    return Each(
        call.builder.expanded(call.place(), tuple(n * side for n, side in zip(counts[1:], call.shape(), strict=True)))
    )


def _split(call: OnnxCall) -> list[Each]:
    axis = call.axis(call.get("axis", 0))
    side = call.shape()[axis]
    sizes = call.numbers("split", 1)
    if sizes is None:
        each = math.ceil(side / call.outputs)
        sizes = [min(each, side - at) for at in range(0, side, each)]
    ends = np.cumsum(sizes)
    return [_taken(call, axis, range(int(end) - size, int(end))) for size, end in zip(sizes, ends, strict=True)]


def _slice(call: OnnxCall) -> Each:
    starts, ends = call.numbers("starts", 1) or [], call.numbers("ends", 2) or []
    axes = call.numbers("axes", 3) or list(range(len(starts)))
    steps = call.numbers("steps", 4) or [1] * len(starts)
    place = call.place()
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        rank = len(call.builder.shape(place))
        if axis % (rank + 1) == 0:
            if start == 0 and end >= call.batch and step == 1:
                continue  # all images
            raise UnknownError("of some images")
        if step < 1:
            raise UnknownError("backwards")
        here = OnnxCall(call.builder, [Each(place)], {}, 1, call.opset, call.batch)
        at = call.axis(axis, rank)
        place = _taken(here, at, range(*slice(start, end, step).indices(call.builder.shape(place)[at]))).place
    return Each(place)


def _taken(call: OnnxCall, axis: int, taken: range) -> Each:
    if not len(taken):
        raise UnknownError("of nothing")
    if taken.start == 0 and len(taken) == call.shape()[axis]:
        return Each(call.place())
    return Each(call.builder.add(nodes.Slice((call.place(),), axis, taken.start, taken[-1] + 1, taken.step)))


def _gather(call: OnnxCall) -> Each:
    index = call.needed(1)
    axis = call.axis(call.get("axis", 0))
    if index.size != 1:
        raise UnknownError("of several places")
    shape = call.shape()
    at = int(index.reshape(-1)[0])
    if not -shape[axis] <= at < shape[axis]:
        raise UnknownError(f"of place {at} among {shape[axis]}")
    at %= shape[axis]
    place = _taken(call, axis, range(at, at + 1)).place
    return Each(place if index.ndim else call.builder.reshape(place, shape[:axis] + shape[axis + 1 :]))


def _pad(call: OnnxCall) -> Each:
    mode, rank = call.get("mode", "constant"), len(call.shape())
    amounts = call.numbers("pads", 1) or []
    value = call.array(2)
    axes = call.array(3)
    if rank != 3 or mode not in ("constant", "reflect", "edge") or axes is not None or min(amounts, default=0) < 0:
        raise UnknownError(f"with {mode} and {amounts}")
    if any(amounts[k] for k in (0, 1, 4, 5)):
        raise UnknownError("of channels")
    pads = (amounts[2], amounts[3], amounts[6], amounts[7])
    filled = call.get("value", 0.0) if value is None else float(value.reshape(-1)[0])
    return Each(call.builder.add(nodes.Pad((call.place(),), pads, mode, filled)))


def _resize(call: OnnxCall) -> Each:
    shape, mode = call.shape(), call.get("mode", "nearest")
    if len(shape) != 3:
        raise UnknownError("of something that is no image")
    if call.get("axes") is not None or call.get("antialias", 0):
        raise UnknownError("with axes or antialias")
    if call.get("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise UnknownError("that keeps proportions")
    size, factors = _new_size(call, shape)
    corners = call.get("coordinate_transformation_mode", "asymmetric" if call.opset < 11 else "half_pixel")
    if mode == "nearest":
        rounding = call.get("nearest_mode", "floor" if call.opset < 11 else "round_prefer_floor")
        for new, old, factor in zip(size, shape[1:], factors, strict=True):
            places = np.arange(new) * old // new  # as the node has it
            if not np.array_equal(_nearest(corners, rounding, old, new, factor), places):
                raise UnknownError(f"of {old} to {new} with {corners} and {rounding}")
        return Each(call.builder.add(nodes.Resize((call.place(),), size)))
    if mode not in ("linear", "bilinear") or corners not in ("half_pixel", "pytorch_half_pixel", "align_corners"):
        raise UnknownError(f"as {mode} with {corners}")
    if corners == "pytorch_half_pixel" and 1 in size:
        raise UnknownError(f"to {size} with {corners}")
    inexact = any(abs(f * old - new) > 1e-3 for new, old, f in zip(size, shape[1:], factors, strict=True))
    if inexact and corners != "align_corners":
        raise UnknownError("by a factor that gives no integer size")
    kind: Any = "align_corners" if corners == "align_corners" else "half_pixel"
    return Each(call.builder.add(nodes.Resize((call.place(),), size, "linear", kind)))


def _new_size(call: OnnxCall, shape: Shape) -> tuple[tuple[int, int], tuple[float, float]]:
    """Height and width, and by what they grow."""
    scales, sizes = (call.array(1), None) if len(call.inputs) < 3 else (call.array(2), call.array(3))
    if call.get("scales") is not None:
        scales = np.asarray(call.get("scales"))
    if sizes is not None and sizes.size == 4:
        if int(sizes[0]) != call.batch or int(sizes[1]) != shape[0]:
            raise UnknownError("of channels or the axis of the images")
        rows, columns = int(sizes[2]), int(sizes[3])
        return (rows, columns), (rows / shape[1], columns / shape[2])
    if scales is not None and scales.size == 4:
        if tuple(map(float, scales[:2])) != (1.0, 1.0):
            raise UnknownError("of channels or the axis of the images")
        vertical, horizontal = float(scales[2]), float(scales[3])
        return (math.floor(shape[1] * vertical), math.floor(shape[2] * horizontal)), (vertical, horizontal)
    raise UnknownError("without a size")


def _nearest(corners: str, rounding: str, old: int, new: int, factor: float) -> NDArray[Any]:
    """Which of `old` places each of `new` takes its number from. Source: ONNX, Resize-19."""
    i = np.arange(new, dtype=np.float64)
    step = old / new if abs(factor - new / old) < 1e-6 else 1 / factor
    if corners in ("half_pixel", "pytorch_half_pixel") and not (corners.startswith("p") and new == 1):
        x = (i + 0.5) * step - 0.5
    elif corners == "tf_half_pixel_for_nn":
        x = (i + 0.5) * step
    elif corners == "align_corners":
        x = i * (old - 1) / max(1, new - 1)
    elif corners == "asymmetric":
        x = i * step
    else:
        raise UnknownError(f"with {corners}")
    rounded = {"floor": np.floor(x), "ceil": np.ceil(x), "round_prefer_floor": np.ceil(x - 0.5)}
    places = rounded.get(rounding, np.floor(x + 0.5))
    return np.clip(places, 0, old - 1).astype(np.int64)


def _pool(op: Any) -> Operation:
    def made(call: OnnxCall) -> Each:
        kernel, strides = _two(call.get("kernel_shape")), _two(call.get("strides"))
        if call.get("ceil_mode", 0) or any(d != 1 for d in _two(call.get("dilations"))):
            raise UnknownError("with ceil_mode or dilations")
        pads = _pads(call, call.shape()[1:], kernel, strides, (1, 1))
        counted = bool(call.get("count_include_pad", 0))
        return Each(call.builder.add(nodes.Pool((call.place(),), kernel, op, strides, pads, counted)))

    return made


def _global_average(call: OnnxCall) -> Each:
    return Each(call.builder.add(nodes.GlobalAveragePool((call.place(),))))


def _reduce_mean(call: OnnxCall) -> Each:
    shape = call.shape()
    axes = call.numbers("axes", 1)
    if len(shape) != 3 or axes is None or {call.axis(a) for a in axes} != {1, 2}:
        raise UnknownError("over other axes than height and width")
    place = call.builder.add(nodes.GlobalAveragePool((call.place(),)))
    return Each(place if call.get("keepdims", 1) else call.builder.reshape(place, (shape[0],)))


def _depth_to_space(call: OnnxCall) -> Each:
    node = nodes.DepthToSpace((call.place(),), int(call.get("blocksize")), call.get("mode", "DCR"))
    return Each(call.builder.add(node))


def _pads(call: OnnxCall, sides: Shape, kernel: nodes.Steps, strides: nodes.Steps, dilations: nodes.Steps) -> Pads:
    auto = call.get("auto_pad", "NOTSET")
    if auto == "NOTSET":
        return _four(call.get("pads"))
    if auto == "VALID":
        return NO_PADS
    total = [
        max(0, (math.ceil(side / s) - 1) * s + d * (k - 1) + 1 - side)
        for side, k, s, d in zip(sides, kernel, strides, dilations, strict=True)
    ]
    less = [t // 2 for t in total]
    more = [t - half for t, half in zip(total, less, strict=True)]
    first, last = (more, less) if auto == "SAME_LOWER" else (less, more)
    return (first[0], first[1], last[0], last[1])


def _four(value: Any) -> Pads:
    amounts = [int(v) for v in value] if value else [0, 0, 0, 0]
    if len(amounts) != 4 or min(amounts) < 0:
        raise UnknownError(f"with pads {amounts}")
    return (amounts[0], amounts[1], amounts[2], amounts[3])


def _two(value: Any, usual: int = 1) -> tuple[int, int]:
    amounts = [int(v) for v in value] if value else [usual, usual]
    if len(amounts) != 2:
        raise UnknownError(f"of {len(amounts)} dimensions")
    return (amounts[0], amounts[1])


OPERATIONS: dict[str, Operation] = {
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "BatchNormalization": _batch_normalization,
    "InstanceNormalization": _instance_normalization,
    "GroupNormalization": _group_normalization,
    "LayerNormalization": _layer_normalization,
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
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Transpose": _transpose,
    "Concat": _concat,
    "Expand": _expand,
    "Tile": _tile,
    "Split": _split,
    "Slice": _slice,
    "Gather": _gather,
    "Pad": _pad,
    "Resize": _resize,
    "Upsample": _resize,
    "MaxPool": _pool("MaxPool"),
    "AveragePool": _pool("AveragePool"),
    "GlobalAveragePool": _global_average,
    "ReduceMean": _reduce_mean,
    "DepthToSpace": _depth_to_space,
}
