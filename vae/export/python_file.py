"""A model as a Python file that needs PyTorch and safetensors alone: its graph written out, operation by operation."""

from __future__ import annotations

from collections.abc import Callable

from vae.checkpoints.checkpoint import Checkpoint
from vae.config import LINEAR_GAUSSIAN
from vae.graph import nodes
from vae.graph.graph import Graph
from vae.graph.nodes import Node
from vae.model.layers import decoder_graph, encoder_graph

HEAD = '''"""{name}: encoder and decoder of a variational autoencoder, written out by the latent-space explorer."""

import torch
import torch.nn.functional as F
from safetensors.torch import load_file


class Model:
    """encode: images (N, {shape}) in [0, 1] -> mu, logvar (N, {d}). decode: z (N, {d}) -> pixels (N, {shape})."""

    def __init__(self, tensors):
        self.t = tensors

    def encode(self, x):
        t = self.t
{encoder}
        return v.chunk(2, dim=1)

    def decode(self, z):
        t = self.t
        x = z
{decoder}
        return {pixels}


def load(path):
    return Model(load_file(path))
'''
PLAIN = {
    "Relu": "F.relu({0})",
    "Gelu": "F.gelu({0})",
    "GeluTanh": "F.gelu({0}, approximate='tanh')",
    "Silu": "F.silu({0})",
    "Softplus": "F.softplus({0})",
    "Tanh": "torch.tanh({0})",
    "Sigmoid": "torch.sigmoid({0})",
    "HardSwish": "F.hardswish({0})",
    "HardSigmoid": "F.hardsigmoid({0})",
    "Mish": "F.mish({0})",
    "Selu": "F.selu({0})",
    "Exp": "torch.exp({0})",
    "Log": "torch.log({0})",
    "Sqrt": "torch.sqrt({0})",
    "Erf": "torch.erf({0})",
    "Identity": "{0}",
}
SIGNS = {"Add": "+", "Sub": "-", "Mul": "*", "Div": "/"}


def text(checkpoint: Checkpoint) -> str:
    """Python that computes what the checkpoint computes."""
    model = checkpoint.model
    pixels = "v.clamp(0, 1)" if model.likelihood == LINEAR_GAUSSIAN else "torch.sigmoid(v)"
    return HEAD.format(
        name=checkpoint.name,
        shape=", ".join(map(str, model.image_shape)),
        d=model.latent_dim,
        encoder=_body(encoder_graph(model), "encoder"),
        decoder=_body(decoder_graph(model), "decoder"),
        pixels=pixels,
    )


def _body(graph: Graph, part: str) -> str:
    """One line a node; a chain reuses one name."""
    chain = all(node.inputs == (place - 1,) for place, node in enumerate(graph.nodes))
    names = {-1: "x"} | {place: "v" if chain else f"v{place}" for place in range(len(graph.nodes))}
    names[len(graph.nodes) - 1] = "v"
    lines = []
    for place, node in enumerate(graph.nodes):
        shape = graph.input if node.inputs[0] < 0 else graph.shapes[node.inputs[0]]

        def tensor(role: str, place: int = place) -> str:
            return f't["{part}.{place}.{role}"]'

        called = _call(node, [names[i] for i in node.inputs], tensor, len(shape))
        lines.append(f"        {names[place]} = {called}")
    return "\n".join(lines)


def _call(node: Node, given: list[str], tensor: Callable[[str], str], rank: int) -> str:
    x = given[0]
    bias = tensor("bias") if "bias" in node.tensors() else "None"
    match node:
        case nodes.Gemm():
            return f"F.linear({x}, {tensor('weight')}, {bias})"
        case nodes.Conv():
            top, left, bottom, right = node.pads
            padded = x if not any(node.pads) else f"F.pad({x}, {(left, right, top, bottom)})"
            settings = f"stride={node.strides}, dilation={node.dilations}, groups={node.group}"
            return f"F.conv2d({padded}, {tensor('weight')}, {bias}, {settings})"
        case nodes.ConvTranspose():
            top, left, bottom, right = node.pads
            settings = f"stride={node.strides}, output_padding={node.output_padding}, dilation={node.dilations}"
            whole = f"F.conv_transpose2d({x}, {tensor('weight')}, {bias}, {settings}, groups={node.group})"
            return f"F.pad({whole}, {(-left, -right, -top, -bottom)})" if any(node.pads) else whole
        case nodes.GroupNormalization() | nodes.InstanceNormalization():
            groups = node.groups if isinstance(node, nodes.GroupNormalization) else node.channels
            weight = tensor("weight") if node.affine else "None"
            return f"torch.group_norm({x}, {groups}, {weight}, {bias}, {node.epsilon})"
        case nodes.LayerNormalization():
            weight = tensor("weight") if node.affine else "None"
            return f"F.layer_norm({x}, {node.normalized}, {weight}, {bias}, {node.epsilon})"
        case nodes.Activation():
            return PLAIN[node.op].format(x)
        case nodes.LeakyRelu():
            return f"F.leaky_relu({x}, {node.alpha})"
        case nodes.Elu():
            return f"F.elu({x}, {node.alpha})"
        case nodes.Clip():
            return f"{x}.clamp({node.low}, {node.high})"
        case nodes.PRelu():
            return f"F.prelu({x}, {tensor('weight')})"
        case nodes.Arithmetic():
            both = [*given, *([tensor("constant")] if node.constant is not None else [])]
            first, second = both[::-1] if node.reversed else both
            return f"{first} {SIGNS[node.op]} {second}"
    return _moved(node, given, rank)


def _moved(node: Node, given: list[str], rank: int) -> str:
    x = given[0]
    match node:
        case nodes.Reshape():
            return f"{x}.reshape(-1, {', '.join(map(str, node.shape))})"
        case nodes.Transpose():
            return f"{x}.permute(0, {', '.join(str(axis + 1) for axis in node.perm)})"
        case nodes.Concat():
            return f"torch.cat([{', '.join(given)}], {node.axis + 1})"
        case nodes.Slice():
            return f"{x}[{':, ' * (node.axis + 1)}{node.start}:{node.end}:{node.step}]"
        case nodes.Pad():
            top, left, bottom, right = node.pads
            mode = {"constant": f"value={node.value}", "edge": "mode='replicate'", "reflect": "mode='reflect'"}
            return f"F.pad({x}, {(left, right, top, bottom)}, {mode[node.mode]})"
        case nodes.Resize():
            if node.mode == "nearest":
                return f"F.interpolate({x}, {node.size}, mode='nearest')"
            corners = node.coordinates == "align_corners"
            return f"F.interpolate({x}, {node.size}, mode='bilinear', align_corners={corners})"
        case nodes.Pool():
            return _pooled(node, x)
        case nodes.GlobalAveragePool():
            return f"{x}.mean((2, 3), keepdim=True)"
        case nodes.DepthToSpace():
            if node.mode == "CRD":
                return f"F.pixel_shuffle({x}, {node.block})"
            b = node.block
            apart = f"{x}.unflatten(1, ({b}, {b}, -1)).permute(0, 3, 4, 1, 5, 2)"
            return f"{apart}.flatten(4, 5).flatten(2, 3)"
    raise NotImplementedError(f"{node.name} of {rank} axes")


def _pooled(node: nodes.Pool, x: str) -> str:
    top, left, bottom, right = node.pads
    border = (left, right, top, bottom)
    if node.op == "MaxPool":
        padded = f"F.pad({x}, {border}, value=-math.inf)".replace("math.inf", "float('inf')") if any(border) else x
        return f"F.max_pool2d({padded}, {node.kernel}, {node.strides})"
    padded = f"F.pad({x}, {border})" if any(border) else x
    mean = f"F.avg_pool2d({padded}, {node.kernel}, {node.strides})"
    if node.count_pads or not any(border):
        return mean
    return f"{mean} / F.avg_pool2d(F.pad(torch.ones_like({x}), {border}), {node.kernel}, {node.strides})"
