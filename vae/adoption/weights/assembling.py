"""Layers, steps and an activation put together: an encoder and a decoder as graphs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vae.adoption.simplification import simplified
from vae.adoption.weighted_graph import INPUT, Builder, WeightedGraph
from vae.adoption.weights.parts import Parts
from vae.adoption.weights.state_dict import Layer
from vae.adoption.weights.structures import Step
from vae.errors import ConfigError
from vae.graph import nodes
from vae.graph.nodes import Shape
from vae.storage.validation import short

EPSILON = 1e-5  # of PyTorch's normalizations
GROUPS = (32, 8, 16, 4, 1)


@dataclass(frozen=True)
class Function:
    """An activation by its name in PyTorch; `slope` of a leaky one."""

    name: str
    slope: float = 0.0

    def apply(self, builder: Builder, place: int) -> int:
        """After a node."""
        match self.name:
            case "LeakyReLU":
                return builder.add(nodes.LeakyRelu((place,), self.slope))
            case "ELU":
                return builder.add(nodes.Elu((place,), 1.0))
            case "none":
                return place
        return builder.activate(place, {"ReLU": "Relu", "SiLU": "Silu", "GELU": "Gelu"}.get(self.name, self.name))

    def __str__(self) -> str:
        return f"{self.name}({self.slope:g})" if self.slope else self.name


FUNCTIONS = (
    Function("ReLU"),
    Function("LeakyReLU", 0.01),
    Function("LeakyReLU", 0.2),
    Function("SiLU"),
    Function("GELU"),
    Function("ELU"),
    Function("Tanh"),
    Function("Sigmoid"),
    Function("Softplus"),
)


@dataclass(frozen=True)
class Plan:
    """What the file doesn't say of how its layers are applied."""

    function: Function
    encoder: tuple[Step, ...]
    decoder: tuple[Step, ...]
    after_input: bool  # whether the decoder's first layer is followed by the function
    final: str  # "", "Sigmoid" or "Tanh"

    def changed(self, **values: object) -> Plan:
        """The same but for these."""
        return dataclasses.replace(self, **values)  # type: ignore[arg-type] # names of fields


def encoder_graph(parts: Parts, image: Shape, plan: Plan) -> WeightedGraph:
    """Image -> mu and log variance, joined."""
    joint = parts.encoder[-1] if not parts.heads else None
    body = parts.encoder[:-1] if joint else parts.encoder
    flat_first = not any(layer.kind == "conv" for layer in parts.encoder)
    builder = Builder((math.prod(image),) if flat_first else image)
    place = _body(builder, INPUT, body, plan.encoder, plan.function, last_too=True)
    if joint:
        return simplified(builder.build(_layer(builder, place, joint, None)))
    mu, spread = (builder.flat(_layer(builder, place, head, None)) for head in parts.heads)
    return simplified(builder.build(builder.concat((mu, spread))))


def decoder_graph(parts: Parts, core: Shape | None, image: Shape, plan: Plan) -> WeightedGraph:
    """Latent -> picture. `core` is the image that the convolutions begin with."""
    builder = Builder((parts.latent_dim,))
    layers = list(parts.decoder)
    first_conv = next((i for i, layer in enumerate(layers) if layer.kind == "conv"), len(layers))
    head = layers[:first_conv]
    place = INPUT
    for i, layer in enumerate(head):
        place = _layer(builder, place, layer, None)
        ends = i == len(head) - 1 or head[i + 1].kind != "norm"
        last = i == len(layers) - 1
        if ends and not last and (i < first_conv - 1 or plan.after_input or first_conv == len(layers)):
            place = plan.function.apply(builder, place)
    if first_conv < len(layers):
        place = builder.reshape(place, core or (parts.latent_dim, 1, 1))
        place = _body(builder, place, layers[first_conv:], plan.decoder, plan.function, last_too=False)
    if plan.final:
        place = builder.activate(place, plan.final)
    return simplified(builder.build(place))


def _body(
    builder: Builder,
    place: int,
    layers: Sequence[Layer],
    steps: Sequence[Step],
    function: Function,
    last_too: bool,
) -> int:
    """Layers one after another, the function after each with its normalization."""
    ahead = list(steps)
    for i, layer in enumerate(layers):
        step = ahead.pop(0) if layer.kind == "conv" else None
        place = _layer(builder, place, layer, step)
        followed = i + 1 < len(layers) and layers[i + 1].kind == "norm"
        last = i == len(layers) - 1
        if not followed and (last_too or not last):
            place = function.apply(builder, place)
            owner = layer if step else None
            if owner is not None and step is not None and step.way == "pooled":
                place = builder.add(nodes.Pool((place,), (2, 2), "MaxPool", (2, 2)))
    return place


def _layer(builder: Builder, place: int, layer: Layer, step: Step | None) -> int:
    if layer.kind == "linear":
        shape = builder.shape(place)
        return builder.gemm(builder.flat(place) if len(shape) > 1 else place, layer.weight, layer.bias)
    if layer.kind == "norm":
        return _normalized(builder, place, layer)
    return _convolved(builder, place, layer, step or Step("stride 1, unpadded", False, 1, 0))


def _normalized(builder: Builder, place: int, layer: Layer) -> int:
    bias = np.zeros_like(layer.weight) if layer.bias is None else layer.bias
    if layer.running_mean is not None and layer.running_var is not None:
        scale = layer.weight / np.sqrt(layer.running_var + EPSILON)
        return builder.by_channel(place, scale, bias - layer.running_mean * scale)
    channels = builder.shape(place)[0]
    if layer.shape != (channels,):
        raise ConfigError(f"{short(layer.name)} has {layer.shape[0]} channels, expected {channels}.")
    owned = {"weight": layer.weight, "bias": bias}
    if len(builder.shape(place)) == 1:
        return builder.add(nodes.LayerNormalization((place,), (channels,)), owned)
    groups = next(g for g in GROUPS if channels % g == 0)
    return builder.add(nodes.GroupNormalization((place,), channels, groups), owned)


def _convolved(builder: Builder, place: int, layer: Layer, step: Step) -> int:
    first, second, height, width = layer.shape
    pads = (step.padding,) * 4
    tensors = {"weight": layer.weight} | ({} if layer.bias is None else {"bias": layer.bias})
    biased, kernel, stride = layer.bias is not None, (height, width), (step.stride, step.stride)
    if step.transposed:
        extra = (step.output_padding, step.output_padding)
        node: nodes.Node = nodes.ConvTranspose((place,), first, second, kernel, stride, pads, extra, bias=biased)
        return builder.add(node, tensors)
    if step.resized > 1 and step.way == "upsampled":
        _, rows, columns = builder.shape(place)
        place = builder.add(nodes.Resize((place,), (2 * rows, 2 * columns)))
    node = nodes.Conv((place,), second, first, kernel, stride, pads, bias=biased)
    return builder.add(node, tensors)
