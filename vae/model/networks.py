"""Graphs (vae/graph) turned into torch modules."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vae.graph import nodes
from vae.graph.foreign import Onnx
from vae.graph.graph import Graph
from vae.graph.nodes import Node
from vae.model.foreign import ForeignNetwork

Function = Callable[[Tensor], Tensor]

_ACTIVATIONS: dict[str, Function] = {
    "Relu": F.relu,
    "Gelu": F.gelu,
    "GeluTanh": lambda x: F.gelu(x, approximate="tanh"),
    "Silu": F.silu,
    "Softplus": F.softplus,
    "Tanh": torch.tanh,
    "Sigmoid": torch.sigmoid,
    "HardSwish": F.hardswish,
    "HardSigmoid": F.hardsigmoid,
    "Mish": F.mish,
    "Selu": F.selu,
    "Exp": torch.exp,
    "Log": torch.log,
    "Sqrt": torch.sqrt,
    "Erf": torch.erf,
    "Identity": lambda x: x,
}
_ARITHMETIC: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "Add": torch.add,
    "Sub": torch.sub,
    "Mul": torch.mul,
    "Div": torch.div,
}


class Network(nn.Module):
    """Evaluates a graph for (N, *input) -> (N, *output); its parameters are named `<place of the node>.<role>`."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self.graph = graph
        self._last = graph.last_readers()
        for place, node in enumerate(graph.nodes):
            self.add_module(str(place), _module(node))

    def forward(self, x: Tensor) -> Tensor:
        """(N, *input) -> (N, *output). Nothing is held longer than a later node needs it."""
        found: dict[int, Tensor] = {-1: x}
        for place, node in enumerate(self.graph.nodes):
            found[place] = self.get_submodule(str(place))(*(found[i] for i in node.inputs))
            for i in set(node.inputs):
                if i >= 0 and self._last[i] == place:
                    del found[i]
        return found[len(self.graph.nodes) - 1]


def build(graph: Graph) -> Network:
    """A module with fresh weights, as PyTorch draws them for each kind of layer."""
    return Network(graph)


def _module(node: Node) -> nn.Module:
    match node:
        case Onnx():
            return ForeignNetwork(node)
        case nodes.Gemm():
            return nn.Linear(node.features, node.outputs, node.bias)
        case nodes.Conv():
            return _Conv(node)
        case nodes.ConvTranspose():
            return _ConvTranspose(node)
        case nodes.GroupNormalization():
            return _GroupNorm(node.groups, node.channels, node.epsilon, node.affine)
        case nodes.InstanceNormalization():
            return _GroupNorm(node.channels, node.channels, node.epsilon, node.affine)
        case nodes.LayerNormalization():
            return nn.LayerNorm(node.normalized, node.epsilon, node.affine)
        case nodes.PRelu():
            return nn.PReLU(node.slopes)
        case nodes.Arithmetic():
            return _Arithmetic(node)
        case nodes.Concat():
            return _Concat(node.axis + 1)
    return _Function(_function(node))


def _function(node: Node) -> Function:
    """What a node without tensors makes of one input (N, …)."""
    match node:
        case nodes.Activation():
            return _ACTIVATIONS[node.op]
        case nodes.LeakyRelu():
            return lambda x: F.leaky_relu(x, node.alpha)
        case nodes.Elu():
            return lambda x: F.elu(x, node.alpha)
        case nodes.Clip():
            return lambda x: x.clamp(node.low, node.high)
    return _moving(node)


def _moving(node: Node) -> Function:
    match node:
        case nodes.Reshape():
            return lambda x: x.reshape(len(x), *node.shape)
        case nodes.Transpose():
            return lambda x: x.permute(0, *(axis + 1 for axis in node.perm))
        case nodes.Slice():
            taken = slice(node.start, node.end, node.step)
            return lambda x: x[(slice(None),) * (node.axis + 1) + (taken,)]
        case nodes.Pad():
            return lambda x: _padded(x, node)
        case nodes.Resize():
            if node.mode == "nearest":
                return lambda x: F.interpolate(x, node.size, mode="nearest")
            corners = node.coordinates == "align_corners"
            return lambda x: F.interpolate(x, node.size, mode="bilinear", align_corners=corners)
        case nodes.Pool():
            return lambda x: _pooled(x, node)
        case nodes.GlobalAveragePool():
            return lambda x: x.mean((2, 3), keepdim=True)
        case nodes.DepthToSpace():
            return lambda x: _to_space(x, node)
    raise NotImplementedError(node.name)


class _GroupNorm(nn.GroupNorm):
    """Also for one image of one number a group, which nn.GroupNorm refuses."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)


class _Function(nn.Module):
    """A node that owns no tensors."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class _Arithmetic(nn.Module):
    """Two inputs, or one and a constant, without their batch axis of one rank: the shorter one's is filled up."""

    def __init__(self, node: nodes.Arithmetic) -> None:
        super().__init__()
        self.operation, self.reversed = _ARITHMETIC[node.op], node.reversed
        if node.constant is not None:
            self.constant = nn.Parameter(torch.zeros(node.constant))

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        y = self.constant[None] if y is None else y
        rank = max(x.ndim, y.ndim)
        x, y = (t.reshape(len(t), *(1,) * (rank - t.ndim), *t.shape[1:]) for t in (x, y))
        return self.operation(y, x) if self.reversed else self.operation(x, y)


class _Concat(nn.Module):
    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.cat(inputs, self.axis)


class _Conv(nn.Conv2d):
    """torch pads both sides alike; where ONNX doesn't, the border is laid on first."""

    def __init__(self, node: nodes.Conv) -> None:
        top, left, bottom, right = node.pads
        even = (top, left) == (bottom, right)
        super().__init__(
            node.channels,
            node.outputs,
            node.kernel,
            node.strides,
            (top, left) if even else 0,
            node.dilations,
            node.group,
            node.bias,
        )
        self.border = None if even else (left, right, top, bottom)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.pad(x, self.border) if self.border else x)


class _ConvTranspose(nn.ConvTranspose2d):
    """torch cuts both sides alike; where ONNX doesn't, nothing is cut by torch, and the border here."""

    def __init__(self, node: nodes.ConvTranspose) -> None:
        top, left, bottom, right = node.pads
        even = (top, left) == (bottom, right)
        super().__init__(
            node.channels,
            node.outputs,
            node.kernel,
            node.strides,
            (top, left) if even else 0,
            node.output_padding,
            node.group,
            node.bias,
            node.dilations,
        )
        self.border = None if even else node.pads

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        y = super().forward(x, output_size)
        if self.border is None:
            return y
        top, left, bottom, right = self.border
        return y[:, :, top : y.shape[2] - bottom, left : y.shape[3] - right]


def _padded(x: Tensor, node: nodes.Pad) -> Tensor:
    top, left, bottom, right = node.pads
    if node.mode == "constant":
        return F.pad(x, (left, right, top, bottom), value=node.value)
    return F.pad(x, (left, right, top, bottom), "replicate" if node.mode == "edge" else "reflect")


def _pooled(x: Tensor, node: nodes.Pool) -> Tensor:
    top, left, bottom, right = node.pads
    border = (left, right, top, bottom)
    if node.op == "MaxPool":
        return F.max_pool2d(F.pad(x, border, value=float("-inf")) if any(border) else x, node.kernel, node.strides)
    mean = F.avg_pool2d(F.pad(x, border), node.kernel, node.strides)
    if node.count_pads or not any(border):
        return mean
    inside = F.pad(torch.ones_like(x[:1, :1]), border)  # the share of each window that lies on the image
    return mean / F.avg_pool2d(inside, node.kernel, node.strides)


def _to_space(x: Tensor, node: nodes.DepthToSpace) -> Tensor:
    if node.mode == "CRD":
        return F.pixel_shuffle(x, node.block)
    count, channels, height, width = x.shape
    b = node.block
    blocks = x.reshape(count, b, b, channels // b**2, height, width)
    return blocks.permute(0, 3, 4, 1, 5, 2).reshape(count, channels // b**2, height * b, width * b)
