"""What moves numbers about, pools them and resizes images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.adoption.onnx_operations.call import OnnxCall, Operation, pads_of, two
from vae.adoption.weighted_graph import Each
from vae.foreign.unknown import UnknownError
from vae.graph import nodes
from vae.graph.nodes import Shape


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
    return list(map(Each, call.builder.cut(call.place(), axis, sizes)))


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
        at = call.axis(axis, rank)
        taken = range(*slice(start, end, step).indices(call.builder.shape(place)[at]))
        place = call.builder.sliced(place, at, taken)
    return Each(place)


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
    if index.ndim:
        return Each(call.builder.sliced(call.place(), axis, range(at, at + 1)))
    return Each(call.builder.selected(call.place(), axis, at))


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
        kernel, strides = two(call.get("kernel_shape")), two(call.get("strides"))
        if call.get("ceil_mode", 0) or any(d != 1 for d in two(call.get("dilations"))):
            raise UnknownError("with ceil_mode or dilations")
        pads = pads_of(call, call.shape()[1:], kernel, strides, (1, 1))
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


OPERATIONS: dict[str, Operation] = {
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
