"""A graph as an ONNX model, opset 20 or that of a network kept in ONNX, for any number of images at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from vae.export import kept_network
from vae.export.kept_network import Inlined
from vae.foreign import onnx_file
from vae.graph import nodes
from vae.graph.foreign import Onnx
from vae.graph.graph import Graph
from vae.graph.nodes import Node, Shape

OPSET, IR_VERSION = 20, 9
IMAGES = "N"  # the name of the open axis
SAME_NAME = {
    "Relu",
    "Softplus",
    "Tanh",
    "Sigmoid",
    "HardSwish",
    "Mish",
    "Selu",
    "Exp",
    "Log",
    "Sqrt",
    "Erf",
    "Identity",
}


class _Writer:
    def __init__(self, tensors: Mapping[str, NDArray[Any]], kept: Mapping[int, onnx.ModelProto]) -> None:
        self.tensors = tensors
        self.kept = kept
        self.made: list[onnx.NodeProto] = []
        self.stored: list[onnx.TensorProto] = []

    def constant(self, name: str, array: NDArray[Any] | np.floating) -> str:
        """A stored tensor; its name."""
        self.stored.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def call(self, op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """An operation with one output; its name."""
        self.made.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def node(self, place: int, node: Node, inputs: list[str], shapes: list[Shape], output: str) -> None:
        """Write one node so that it gives `output`."""
        if isinstance(node, Onnx):
            self._kept(place, node, inputs[0], output)
            return
        owned = {role: self.constant(f"{place}.{role}", self.tensors[f"{place}.{role}"]) for role in node.tensors()}
        x = inputs[0]
        match node:
            case nodes.Gemm():
                self._gemm(place, node, x, owned, len(shapes[0]), output)
            case nodes.Conv() | nodes.ConvTranspose():
                extra = {"output_padding": node.output_padding} if isinstance(node, nodes.ConvTranspose) else {}
                self.call(
                    node.op,
                    [x, *owned.values()],
                    output,
                    kernel_shape=node.kernel,
                    strides=node.strides,
                    pads=node.pads,
                    dilations=node.dilations,
                    group=node.group,
                    **extra,
                )
            case nodes.GroupNormalization() | nodes.InstanceNormalization():
                groups = node.groups if isinstance(node, nodes.GroupNormalization) else node.channels
                self._group_normalization(place, node, groups, x, owned, shapes[0], output)
            case nodes.LayerNormalization():
                weight = owned.get("weight") or self.constant(f"{place}.weight", np.ones(node.normalized, np.float32))
                bias = [owned["bias"]] if "bias" in owned else []
                axis = -len(node.normalized)
                self.call(node.op, [x, weight, *bias], output, axis=axis, epsilon=node.epsilon)
            case nodes.Arithmetic():
                both = [*inputs, *owned.values()]
                self.call(node.op, both[::-1] if node.reversed else both, output)
            case nodes.PRelu():
                slope = self.tensors[f"{place}.weight"].reshape(-1, *(1,) * (len(shapes[0]) - 1))
                self.call("PRelu", [x, self.constant(f"{place}.slope", slope)], output)
            case _:
                self._without_tensors(place, node, inputs, shapes, output)

    def _kept(self, place: int, node: Onnx, x: str, output: str) -> None:
        """A network as it came; all that it answers for an image is one row of numbers, which gets the node's shape."""
        inlined = Inlined(place, self.kept[place], x)
        self.made += inlined.nodes
        self.stored += inlined.stored
        rows = self.constant(f"{place}.rows", np.array([0, -1], np.int64))
        back = self.constant(f"{place}.back", np.array([-1, *node.shape], np.int64))
        flat = []
        for k, name in enumerate(inlined.outputs):
            numbers = self.call("Cast", [name], f"{place}.float {k}", to=TensorProto.FLOAT)
            flat.append(self.call("Reshape", [numbers, rows], f"{place}.flat {k}"))
        joined = self.call("Concat", flat, f"{place}.joined", axis=1) if len(flat) > 1 else flat[0]
        self.call("Reshape", [joined, back], output)

    def _gemm(self, place: int, node: nodes.Gemm, x: str, owned: dict[str, str], rank: int, output: str) -> None:
        if rank == 1:
            self.call("Gemm", [x, *owned.values()], output, transB=1)
            return
        turned = self.constant(f"{place}.turned", self.tensors[f"{place}.weight"].T)
        product = self.call("MatMul", [x, turned], f"{output}.product" if node.bias else output)
        if node.bias:
            self.call("Add", [product, owned["bias"]], output)

    def _group_normalization(
        self, place: int, node: Node, groups: int, x: str, owned: dict[str, str], shape: Shape, output: str
    ) -> None:
        """As InstanceNormalization of the groups: ONNX's own changed its meaning between opsets."""
        epsilon = float(getattr(node, "epsilon"))  # noqa: B009 # both kinds have it
        apart = self.constant(f"{place}.apart", np.array([0, groups, -1], np.int64))
        back = self.constant(f"{place}.back", np.array([-1, *shape], np.int64))
        ones = self.constant(f"{place}.ones", np.ones(groups, np.float32))
        zeros = self.constant(f"{place}.zeros", np.zeros(groups, np.float32))
        grouped = self.call("Reshape", [x, apart], f"{output}.grouped")
        normal = self.call("InstanceNormalization", [grouped, ones, zeros], f"{output}.normal", epsilon=epsilon)
        if not owned:
            self.call("Reshape", [normal, back], output)
            return
        whole = self.call("Reshape", [normal, back], f"{output}.joined")
        tall = (-1, *(1,) * (len(shape) - 1))
        scale = self.constant(f"{place}.scale", self.tensors[f"{place}.weight"].reshape(tall))
        shift = self.constant(f"{place}.shift", self.tensors[f"{place}.bias"].reshape(tall))
        scaled = self.call("Mul", [whole, scale], f"{output}.scaled")
        self.call("Add", [scaled, shift], output)

    def _without_tensors(self, place: int, node: Node, inputs: list[str], shapes: list[Shape], output: str) -> None:
        x = inputs[0]
        match node:
            case nodes.Activation():
                self._activation(node.op, x, output)
            case nodes.LeakyRelu() | nodes.Elu():
                self.call(node.op, [x], output, alpha=node.alpha)
            case nodes.Clip():
                low = self.constant(f"{place}.low", np.float32(node.low))
                high = self.constant(f"{place}.high", np.float32(node.high))
                self.call("Clip", [x, low, high], output)
            case nodes.Reshape():
                shape = self.constant(f"{place}.shape", np.array([-1, *node.shape], np.int64))
                self.call("Reshape", [x, shape], output)
            case nodes.Transpose():
                self.call("Transpose", [x], output, perm=[0, *(axis + 1 for axis in node.perm)])
            case nodes.Concat():
                self.call("Concat", inputs, output, axis=node.axis + 1)
            case nodes.Slice():
                numbers = {"starts": node.start, "ends": node.end, "axes": node.axis + 1, "steps": node.step}
                given = [self.constant(f"{place}.{k}", np.array([v], np.int64)) for k, v in numbers.items()]
                self.call("Slice", [x, *given], output)
            case nodes.Pad():
                top, left, bottom, right = node.pads
                pads = self.constant(f"{place}.pads", np.array([0, 0, top, left, 0, 0, bottom, right], np.int64))
                value = self.constant(f"{place}.value", np.float32(node.value))
                self.call("Pad", [x, pads, value], output, mode=node.mode)
            case nodes.Resize():
                self._resize(place, node, x, shapes[0], output)
            case nodes.Pool():
                counted = {"count_include_pad": int(node.count_pads)} if node.op == "AveragePool" else {}
                self.call(
                    node.op,
                    [x],
                    output,
                    kernel_shape=node.kernel,
                    strides=node.strides,
                    pads=node.pads,
                    **counted,
                )
            case nodes.DepthToSpace():
                self.call("DepthToSpace", [x], output, blocksize=node.block, mode=node.mode)
            case _:
                self.call(node.name, [x], output)

    def _activation(self, op: str, x: str, output: str) -> None:
        if op in SAME_NAME:
            self.call(op, [x], output)
        elif op in ("Gelu", "GeluTanh"):
            self.call("Gelu", [x], output, approximate="tanh" if op == "GeluTanh" else "none")
        elif op == "HardSigmoid":
            self.call("HardSigmoid", [x], output, alpha=1 / 6, beta=0.5)
        else:  # Silu
            self.call("Mul", [x, self.call("Sigmoid", [x], f"{output}.sigmoid")], output)

    def _resize(self, place: int, node: nodes.Resize, x: str, shape: Shape, output: str) -> None:
        corners = {"mode": node.mode, "coordinate_transformation_mode": node.coordinates}
        rounding = {"nearest_mode": "floor"} if node.mode == "nearest" else {}
        # the number of images stays open
        first = self.call("Shape", [x], f"{output}.images", start=0, end=1)
        rest = self.constant(f"{place}.size", np.array([shape[0], *node.size], np.int64))
        sizes = self.call("Concat", [first, rest], f"{output}.sizes", axis=0)
        self.call("Resize", [x, "", "", sizes], output, **corners, **rounding)


def to_onnx(
    graph: Graph, tensors: Mapping[str, NDArray[Any]], input_name: str, output_name: str, about: str
) -> onnx.ModelProto:
    """A model from (N, *input) to (N, *output); `about` is its description. N is a number where a network kept in ONNX
    takes so many images and no others. Raises CheckpointError for such a network that can't be written.
    """
    kept = kept_network.read_all(graph, tensors, OPSET)
    opset = max([OPSET, *map(onnx_file.opset_of, kept.values())])
    images = kept_network.together(graph) or IMAGES
    writer = _Writer(tensors, kept)
    names = {-1: input_name}
    for place, node in enumerate(graph.nodes):
        names[place] = output_name if place == len(graph.nodes) - 1 else f"node {place}"
        shapes = [graph.input if i < 0 else graph.shapes[i] for i in node.inputs]
        writer.node(place, node, [names[i] for i in node.inputs], shapes, names[place])
    given = helper.make_tensor_value_info(input_name, TensorProto.FLOAT, [images, *graph.input])
    answer = helper.make_tensor_value_info(output_name, TensorProto.FLOAT, [images, *graph.output])
    used = {name for node in writer.made for name in node.input}
    stored = [tensor for tensor in writer.stored if tensor.name in used]
    made = helper.make_graph(writer.made, "network", [given], [answer], stored)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], doc_string=about)
    model.ir_version = max([IR_VERSION, *(int(one.ir_version) for one in kept.values())])
    onnx.checker.check_model(model)
    return model
