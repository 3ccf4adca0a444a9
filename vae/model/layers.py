"""The networks of a ModelConfig as graphs (vae/graph): the one source that torch and the browser build.

Node i of the decoder owns the tensors `decoder.<i>.<role>` of the checkpoint. Nothing here imports torch, so Explore
can describe a decoder to the browser within milliseconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from vae.config import GAUSSIANS, ModelConfig
from vae.graph import nodes
from vae.graph.chain import Chain
from vae.graph.foreign import ROLE, Onnx
from vae.graph.graph import Graph

KERNEL, STRIDE, PADDING = (4, 4), (2, 2), (1, 1, 1, 1)  # halves each side; 4 is a multiple of 2: no checkerboards
ACTIVATIONS = {"relu": "Relu", "silu": "Silu"}


def encoder_graph(config: ModelConfig) -> Graph:
    """Image (C, H, W) -> (2·latent_dim,): the means, then the log variances, of q(z|x)."""
    if config.networks:
        found: Graph = config.networks.encoder
        return found
    chain, width = Chain(config.image_shape), config.image_shape[0]
    for channels in config.channels:
        chain.add(nodes.Conv, width, channels, KERNEL, STRIDE, PADDING).activate(ACTIVATIONS[config.activation])
        width = channels
    width = math.prod(_core_shape(config))
    chain.add(nodes.Reshape, (width,))
    for hidden in config.hidden:
        chain.add(nodes.Gemm, width, hidden).activate(ACTIVATIONS[config.activation])
        width = hidden
    return chain.add(nodes.Gemm, width, 2 * config.latent_dim).graph()


def decoder_graph(config: ModelConfig) -> Graph:
    """Latent (latent_dim,) -> the parameters of p(x|z), (C, H, W) (logits for Bernoulli)."""
    if config.networks:
        found: Graph = config.networks.decoder
        return found
    chain, width, activation = Chain((config.latent_dim,)), config.latent_dim, ACTIVATIONS[config.activation]
    for hidden in reversed(config.hidden):
        chain.add(nodes.Gemm, width, hidden).activate(activation)
        width = hidden
    if config.architecture == "mlp":
        return (
            chain.add(nodes.Gemm, width, math.prod(config.image_shape)).add(nodes.Reshape, config.image_shape).graph()
        )
    core = _core_shape(config)
    chain.add(nodes.Gemm, width, math.prod(core)).activate(activation).add(nodes.Reshape, core)
    sides = _sides(config)
    outputs = (config.image_shape[0], *config.channels[:-1])
    for depth in reversed(range(len(config.channels))):
        # A transposed convolution alone gives twice its input; an odd side lost its last row on the way in.
        odd = (sides[depth][0] % 2, sides[depth][1] % 2)
        chain.add(nodes.ConvTranspose, config.channels[depth], outputs[depth], KERNEL, STRIDE, PADDING, odd)
        if depth:
            chain.activate(activation)
    return chain.graph()


@dataclass(frozen=True)
class ForeignPart:
    """A part that stays an ONNX file of `size` bytes; `tensor` is its name among the weights."""

    tensor: str
    size: int
    parameters: int


def foreign_parts(config: ModelConfig) -> dict[str, ForeignPart]:
    """Those of encoder and decoder, by the names of their files; none of most models."""
    found = {}
    for part, graph in (("encoder", encoder_graph(config)), ("decoder", decoder_graph(config))):
        for place, node in enumerate(graph.nodes):
            if isinstance(node, Onnx):
                found[f"{part}.onnx"] = ForeignPart(f"{part}.{place}.{ROLE}", node.size, node.parameters)
    return found


def parameter_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """The name and shape of every tensor that a checkpoint of this model must hold among its weights."""
    foreign = {part.tensor for part in foreign_parts(config).values()}
    shapes = {
        f"{part}.{name}": shape
        for part, graph in (("encoder", encoder_graph(config)), ("decoder", decoder_graph(config)))
        for name, shape in graph.tensors().items()
        if f"{part}.{name}" not in foreign
    }
    if config.likelihood in GAUSSIANS:
        shapes["likelihood.logvar"] = (1,)
    return shapes


def parameter_count(config: ModelConfig) -> int:
    """How many numbers are learned."""
    kept = sum(part.parameters for part in foreign_parts(config).values())
    return kept + sum(math.prod(shape) for shape in parameter_shapes(config).values())


def output_sizes(graph: Graph) -> list[int]:
    """How many values each node makes of one input; none for those that only give it a shape."""
    return [
        0 if isinstance(node, nodes.Reshape) else node.held(shape)
        for node, shape in zip(graph.nodes, graph.shapes, strict=True)
    ]


def convolves(config: ModelConfig) -> bool:
    """Whether any part of the model is convolutional."""
    both = (*encoder_graph(config).nodes, *decoder_graph(config).nodes)
    return any(isinstance(node, nodes.Conv | nodes.ConvTranspose) for node in both)


def _sides(config: ModelConfig) -> list[tuple[int, int]]:
    """(height, width) before each strided convolution and after the last."""
    sides = [(config.image_shape[1], config.image_shape[2])]
    for _ in config.channels:
        height, width = sides[-1]
        sides.append((height // 2, width // 2))
    return sides


def _core_shape(config: ModelConfig) -> tuple[int, int, int]:
    """(C, H, W) of the innermost image: after the convolutions, or the image itself for an mlp."""
    height, width = _sides(config)[-1]
    channels = config.channels[-1] if config.channels else config.image_shape[0]
    return (channels, height, width)
