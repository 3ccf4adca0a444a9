"""What in an ONNX model depends on no image, computed once by ONNX's own reference.

Only operations are, of which it is known beforehand how many numbers they give: a file of a few bytes can ask for any.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator

from vae.foreign.onnx_file import attributes_of, is_outside
from vae.foreign.unknown import UnknownError

MOST_NUMBERS = 2**25  # of one constant
Arrays = Sequence[NDArray[Any]]
Size = Callable[[Arrays, dict[str, Any]], int]


def computed(node: onnx.NodeProto, inputs: Sequence[NDArray[Any] | None], opset: int) -> list[NDArray[Any]]:
    """The outputs of one operation on constants. Raises UnknownError for one that is not done, or too large."""
    if node.op_type not in SIZES:
        raise UnknownError(f"of constants{_why(node.op_type)}")
    _check_attributes(node)
    given = [np.asarray(value) for value in inputs if value is not None]
    try:
        size = SIZES[node.op_type](given, attributes_of(node))
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise UnknownError(f"of constants that don't fit ({error!s:.100})") from error
    if not 0 <= size <= MOST_NUMBERS:
        raise UnknownError(f"to make {size:,} numbers, more than the {MOST_NUMBERS:,} that a constant may have")
    names = [f"i{k}" if value is not None else "" for k, value in enumerate(inputs)]
    alone = onnx.NodeProto()
    alone.CopyFrom(node)
    del alone.input[:], alone.output[:]
    alone.input.extend(names)
    alone.output.extend(f"o{k}" for k in range(len(node.output)))
    made = onnx.helper.make_graph(
        [alone],
        "constant",
        [_told(name, value) for name, value in zip(filter(None, names), given, strict=True)],
        [onnx.helper.make_tensor_value_info(name, 0, None) for name in alone.output],
    )
    model = onnx.helper.make_model(made, opset_imports=[onnx.helper.make_opsetid("", opset)])
    try:
        with np.errstate(all="ignore"):
            answers = ReferenceEvaluator(model).run(None, dict(zip(filter(None, names), given, strict=True)))
    except Exception as error:  # the reference raises whatever numpy raises
        raise UnknownError(f"of constants ({type(error).__name__}: {error!s:.100})") from error
    if any(np.asarray(answer).dtype.kind not in "biuf" for answer in answers):
        raise UnknownError("of what are no numbers")
    return [np.asarray(answer) for answer in answers]


def _check_attributes(node: onnx.NodeProto) -> None:
    for attribute in node.attribute:
        tensors = [attribute.t, *attribute.tensors]
        if any(map(is_outside, tensors)):
            raise UnknownError("whose numbers are in another file")
        if any(math.prod(max(0, side) for side in tensor.dims) > MOST_NUMBERS for tensor in tensors):
            raise UnknownError("of more numbers than a constant may have")
        if attribute.HasField("sparse_tensor") or attribute.HasField("g") or attribute.graphs:
            raise UnknownError("(sparse, or with a network inside)")


def _told(name: str, value: NDArray[Any]) -> onnx.ValueInfoProto:
    return onnx.helper.make_tensor_value_info(name, onnx.helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)


def _why(op: str) -> str:
    return " (random numbers)" if op.startswith(("Random", "Bernoulli", "Multinomial")) else ""


# --- how many numbers come out ----------------------------------------------------------------------------------------


def _as_given(given: Arrays, _: dict[str, Any]) -> int:
    return sum(array.size for array in given)


def _few(given: Arrays, _: dict[str, Any]) -> int:
    return 16


def _repeated(given: Arrays, _: dict[str, Any]) -> int:
    return math.prod(np.broadcast_shapes(*(array.shape for array in given)))


def _gathered(given: Arrays, attributes: dict[str, Any]) -> int:
    data, index = given
    return int(data.size) * int(index.size) // max(1, int(data.shape[attributes.get("axis", 0)]))


def _shape(given: Arrays, _: dict[str, Any]) -> int:
    return math.prod(int(side) for side in given[0].reshape(-1))


def _expanded(given: Arrays, _: dict[str, Any]) -> int:
    return math.prod(np.broadcast_shapes(given[0].shape, tuple(int(side) for side in given[1].reshape(-1))))


def _tiled(given: Arrays, _: dict[str, Any]) -> int:
    return int(given[0].size) * math.prod(int(count) for count in given[1].reshape(-1))


def _range(given: Arrays, _: dict[str, Any]) -> int:
    start, limit, step = (float(array.reshape(-1)[0]) for array in given)
    return max(0, math.ceil((limit - start) / step))


def _product(given: Arrays, _: dict[str, Any]) -> int:
    first, second = given
    if first.ndim > 2 or second.ndim > 2:
        raise ValueError("more than two axes")
    return math.prod(first.shape[:-1]) * math.prod(second.shape[1:])


SIZES: dict[str, Size] = {
    "Constant": _few,  # its attribute has been looked at
    "Shape": _few,
    "Size": _few,
    **dict.fromkeys(
        ("Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Concat", "Slice", "Split"),
        _as_given,
    ),
    **dict.fromkeys(("Neg", "Abs", "Sqrt", "Exp", "Log", "Floor", "Ceil", "Round", "Reciprocal", "Sign"), _as_given),
    **dict.fromkeys(("Relu", "Sigmoid", "Tanh", "Softplus", "Erf", "Clip", "Not"), _as_given),
    **dict.fromkeys(
        ("ReduceMean", "ReduceSum", "ReduceProd", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceSumSquare"), _as_given
    ),
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "Pow", "Mod", "Min", "Max", "Where", "And", "Or"), _repeated),
    **dict.fromkeys(("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"), _repeated),
    "Gather": _gathered,
    "ConstantOfShape": _shape,
    "Expand": _expanded,
    "Tile": _tiled,
    "Range": _range,
    "MatMul": _product,
}
