"""What moves numbers about, pools them and resizes images."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from vae.adoption.aten.call import AtenCall, Operation, pair
from vae.adoption.weighted_graph import Builder, Each
from vae.foreign.unknown import UnknownError
from vae.graph import nodes


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
    return Each(call.builder.sliced(call.place(), axis, taken))


def _split(call: AtenCall) -> tuple[Each, ...]:
    shape = call.given()
    axis = call.axis(int(call.values.get("dim", 0)), len(shape))
    sizes = call.values.get("split_size", call.values.get("split_sizes"))
    if isinstance(sizes, int):
        sizes = [min(sizes, shape[axis] - at) for at in range(0, shape[axis], sizes)]
    return tuple(map(Each, call.builder.cut(call.place(), axis, list(sizes or ()))))


def _select(call: AtenCall) -> Each:
    shape = call.given()
    return Each(call.builder.selected(call.place(), call.axis(int(call["dim"]), len(shape)), int(call["index"])))


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
    if any(d != 1 for d in pair(call["dilation"])) or call["ceil_mode"]:
        raise UnknownError("with dilation or ceil_mode")
    return _pooled(call, "MaxPool")


def _average_pool(call: AtenCall) -> Each:
    if call["ceil_mode"] or call.values.get("divisor_override"):
        raise UnknownError("with ceil_mode or a divisor")
    return _pooled(call, "AveragePool", bool(call["count_include_pad"]))


def _pooled(call: AtenCall, op: Any, count_pads: bool = False) -> Each:
    kernel = pair(call["kernel_size"])
    strides = pair(call["stride"]) if call["stride"] else kernel
    vertical, horizontal = pair(call["padding"])
    pads = (vertical, horizontal, vertical, horizontal)
    return Each(call.builder.add(nodes.Pool((call.place(),), kernel, op, strides, pads, count_pads)))


def _adaptive_average_pool(call: AtenCall) -> Each:
    _, height, width = call.given()
    rows, columns = pair(call["output_size"])
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


RESHAPES = ("view", "_unsafe_view", "squeeze", "unsqueeze", "view_copy")
OPERATIONS: dict[str, Operation] = {
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
