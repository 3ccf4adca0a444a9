"""What evaluating an ONNX model takes, told from its shapes before it is run: a file of a few bytes can ask for any.

Every value's shape must be known beforehand (shapes.py), nothing may run a network inside it (If, Loop, Scan) or draw
random numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import onnx

from vae.errors import ConfigError
from vae.foreign import shapes
from vae.foreign.onnx_file import EXPORT_AGAIN, MOST_OPERATIONS, input_of, is_outside, shown, stored
from vae.foreign.shapes import Value
from vae.graph.nodes import Shape

MOST_VALUES = 2**26  # held at once for one image
MOST_WORK = 10**11  # multiplications
RANDOM = ("Random", "Bernoulli", "Multinomial")
FLOAT = 4


@dataclass(frozen=True)
class ForeignSizes:
    """Of one image: the shapes of input and outputs without the axis of the images; `values` float32 numbers are held
    at once, and it takes about `work` multiplications. `parameters` numbers are stored; `together` images are taken at
    once, 0 for any number.
    """

    given: Shape
    outputs: tuple[Shape, ...]
    values: int
    work: int
    parameters: int
    together: int

    @property
    def shape(self) -> Shape:
        """Of what comes out of it: several outputs are joined, each as one axis."""
        return self.outputs[0] if len(self.outputs) == 1 else (sum(map(math.prod, self.outputs)),)


def sizes_of(model: onnx.ModelProto, what: str) -> ForeignSizes:
    """What the model takes. Raises ConfigError, naming `what`, for one that nobody has memory or time for, whose sizes
    can't be told beforehand, and whose stored tensors are damaged.
    """
    _check_operations(model, what)
    parameters = sum(stored(tensor, what).size for tensor in model.graph.initializer)
    first = input_of(model, what)
    sides = [int(d.dim_value) for d in first.type.tensor_type.shape.dim]
    together = sides[0] if sides else 0
    images = together or 1
    values = shapes.values_of(model, what, first.name, (images, *sides[1:]))
    held, work = 0, 0
    last = _last_readers(model)
    alive: dict[str, int] = {}
    for place, node in enumerate(model.graph.node):
        for name in filter(None, node.output):
            alive[name] = values[name].bytes
            if alive[name] > MOST_VALUES * FLOAT * images:
                raise ConfigError(
                    f"{what}: {shown(node.op_type)} makes {math.prod(values[name].shape):,} numbers, expected at most "
                    f"{MOST_VALUES:,}."
                )
        held = max(held, sum(alive.values()))
        work += _work(node, values)
        for name in [name for name in alive if last.get(name, -1) <= place]:
            del alive[name]
    outputs = tuple(_of_one(values[one.name].shape, images, one.name, what) for one in model.graph.output)
    found = ForeignSizes(
        tuple(sides[1:]), outputs, -(-held // (FLOAT * images)) or 1, work // images, parameters, together
    )
    if found.values > MOST_VALUES or found.work > MOST_WORK:
        raise ConfigError(
            f"{what} holds {found.values:,} numbers at once and takes {found.work:,} multiplications an image, "
            f"expected at most {MOST_VALUES:,} and {MOST_WORK:,}."
        )
    return found


def _check_operations(model: onnx.ModelProto, what: str) -> None:
    if (count := len(model.graph.node)) > MOST_OPERATIONS:
        raise ConfigError(f"{what} has {count:,} operations, expected at most {MOST_OPERATIONS:,}.")
    for node in model.graph.node:
        name = shown(node.op_type)
        if node.op_type.startswith(RANDOM):
            raise ConfigError(f"{what} uses {name}, which draws random numbers.", "Leave the sampling out.")
        for attribute in node.attribute:
            if attribute.HasField("g") or attribute.graphs or attribute.HasField("sparse_tensor"):
                raise ConfigError(f"{what} uses {name}, which has a network inside (or a sparse tensor).", EXPORT_AGAIN)
            for tensor in (attribute.t, *attribute.tensors):
                if is_outside(tensor):
                    raise ConfigError(f"{what} uses {name}, whose numbers are in another file.", EXPORT_AGAIN)
                if tensor.data_type:
                    stored(tensor, what)


def _of_one(shape: Shape, images: int, name: str, what: str) -> Shape:
    if not shape or shape[0] != images or math.prod(shape) == 0:
        raise ConfigError(f"{what}: {shown(name)} has shape {shape}, expected one for each of {images} images.")
    return shape[1:] or (1,)


def _last_readers(model: onnx.ModelProto) -> dict[str, int]:
    last = {name: place for place, node in enumerate(model.graph.node) for name in node.input}
    return last | {one.name: len(model.graph.node) for one in model.graph.output}


# --- multiplications --------------------------------------------------------------------------------------------------

Values = Mapping[str, Value]


def _work(node: onnx.NodeProto, values: Values) -> int:
    given = [values[name].shape for name in node.input if name in values]
    made = [values[name].shape for name in node.output if name in values]
    numbers = sum(map(math.prod, (*given, *made)))
    return max(numbers, WORK.get(node.op_type, _by_number)(node, given, made))


def _by_number(node: onnx.NodeProto, given: list[Shape], made: list[Shape]) -> int:
    return 16 * max(map(math.prod, (*given, *made)), default=0)


def _by_kernel(node: onnx.NodeProto, given: list[Shape], made: list[Shape]) -> int:
    """Each output gathers a kernel; weights (outputs, channels / group, …)."""
    weight = next((shape for shape in given[1:] if len(shape) == len(given[0])), (1,))
    return math.prod(made[0]) * math.prod(weight[1:])


def _by_sent_kernel(node: onnx.NodeProto, given: list[Shape], made: list[Shape]) -> int:
    """Each input is sent through a kernel; weights (channels, outputs / group, …)."""
    return math.prod(given[0]) * math.prod(given[1][1:])


def _by_window(node: onnx.NodeProto, given: list[Shape], made: list[Shape]) -> int:
    sides = [math.prod(a.ints) for a in node.attribute if a.name == "kernel_shape"]
    return math.prod(made[0]) * max(sides, default=1)


def _by_product(node: onnx.NodeProto, given: list[Shape], made: list[Shape]) -> int:
    """Each output sums over the longest side that may be the one summed over."""
    return math.prod(made[0]) * max((side for shape in given[:2] for side in shape[-2:]), default=1)


def _by_all_pairs(node: onnx.NodeProto, given: list[Shape], made: list[Shape]) -> int:
    """No more than each output reading every input."""
    return max(map(math.prod, made), default=0) * max(map(math.prod, given), default=0)


def _by_step(node: onnx.NodeProto, given: list[Shape], made: list[Shape]) -> int:
    """A recurrent layer: all its weights for each step of each sequence."""
    return math.prod(given[0][:2]) * sum(map(math.prod, given[1:3]))


WORK: dict[str, Callable[[onnx.NodeProto, list[Shape], list[Shape]], int]] = {
    **dict.fromkeys(("Conv", "ConvInteger", "QLinearConv", "DeformConv"), _by_kernel),
    "ConvTranspose": _by_sent_kernel,
    **dict.fromkeys(("MaxPool", "AveragePool", "LpPool"), _by_window),
    **dict.fromkeys(("Gemm", "MatMul", "MatMulInteger"), _by_product),
    **dict.fromkeys(("LSTM", "GRU", "RNN"), _by_step),
    **dict.fromkeys(("Einsum", "Det", "DFT", "STFT", "Attention", "QLinearMatMul", "Hardmax", "LRN"), _by_all_pairs),
}
