"""Encoders and decoders described as data: the one source that torch (networks.py) and the browser (decoder.js) build.

Layer i of the decoder owns the tensors `decoder.<i>.weight` and `decoder.<i>.bias` of the checkpoint. Nothing here
imports torch, so Explore can describe a decoder to the browser within milliseconds.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from vae.config import ModelConfig

KERNEL, STRIDE, PADDING = 4, 2, 1  # halves each side; a kernel that is a multiple of the stride avoids checkerboards


@dataclass(frozen=True)
class Linear:
    """y = W x + b, (N, inputs) -> (N, outputs)."""

    inputs: int
    outputs: int
    op: str = "linear"


@dataclass(frozen=True)
class Conv2d:
    """Cross-correlation, (N, inputs, H, W) -> (N, outputs, H', W')."""

    inputs: int
    outputs: int
    kernel: int
    stride: int
    padding: int
    op: str = "conv2d"


@dataclass(frozen=True)
class ConvTranspose2d:
    """Transposed convolution, (N, inputs, H, W) -> (N, outputs, H', W'); output_padding is (vertical, horizontal)."""

    inputs: int
    outputs: int
    kernel: int
    stride: int
    padding: int
    output_padding: tuple[int, int]
    op: str = "conv_transpose2d"


@dataclass(frozen=True)
class Upsample:
    """Nearest-neighbour enlargement by a whole factor, (N, C, H, W) -> (N, C, factor·H, factor·W)."""

    factor: int
    op: str = "upsample"


@dataclass(frozen=True)
class Activation:
    """An elementwise function: relu, leaky_relu (slope 0.01), silu, tanh or sigmoid."""

    name: str
    op: str = "activation"


@dataclass(frozen=True)
class Reshape:
    """(N, C·H·W) -> (N, C, H, W)."""

    shape: tuple[int, int, int]
    op: str = "reshape"


@dataclass(frozen=True)
class Flatten:
    """(N, C, H, W) -> (N, C·H·W)."""

    op: str = "flatten"


Layer = Linear | Conv2d | ConvTranspose2d | Upsample | Activation | Reshape | Flatten


def encoder_layers(config: ModelConfig) -> tuple[Layer, ...]:
    """Image (N, C, H, W) -> (N, 2·latent_dim): the means, then the log variances, of q(z|x)."""
    layers: list[Layer] = []
    width = config.image_shape[0]
    for channels in config.channels:
        layers += [Conv2d(width, channels, KERNEL, STRIDE, PADDING), Activation(config.activation)]
        width = channels
    layers.append(Flatten())
    width = math.prod(_core_shape(config))
    for hidden in config.hidden:
        layers += [Linear(width, hidden), Activation(config.activation)]
        width = hidden
    return (*layers, Linear(width, 2 * config.latent_dim))


def decoder_layers(config: ModelConfig) -> tuple[Layer, ...]:
    """Latent (N, latent_dim) -> the parameters of p(x|z), (N, C, H, W) (logits for Bernoulli)."""
    layers: list[Layer] = []
    width = config.latent_dim
    for hidden in reversed(config.hidden):
        layers += [Linear(width, hidden), Activation(config.activation)]
        width = hidden
    if config.architecture == "mlp":
        return (*layers, Linear(width, math.prod(config.image_shape)), Reshape(config.image_shape))
    core = _core_shape(config)
    layers += [Linear(width, math.prod(core)), Activation(config.activation), Reshape(core)]
    sides = _sides(config)
    outputs = (config.image_shape[0], *config.channels[:-1])
    for depth in reversed(range(len(config.channels))):
        # A transposed convolution alone gives twice its input; an odd side lost its last row on the way in.
        odd = (sides[depth][0] % 2, sides[depth][1] % 2)
        layers.append(ConvTranspose2d(config.channels[depth], outputs[depth], KERNEL, STRIDE, PADDING, odd))
        if depth:
            layers.append(Activation(config.activation))
    return tuple(layers)


def describe(layers: tuple[Layer, ...]) -> list[dict[str, Any]]:
    """Plain values for JSON, one object per layer, each with its `op`: what decoder.js reads."""
    return [asdict(layer) for layer in layers]


def parameter_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """The name and shape of every tensor that a checkpoint of this model must hold."""
    shapes: dict[str, tuple[int, ...]] = {}
    for part, layers in (("encoder", encoder_layers(config)), ("decoder", decoder_layers(config))):
        for i, layer in enumerate(layers):
            if isinstance(layer, Linear):
                shapes[f"{part}.{i}.weight"] = (layer.outputs, layer.inputs)
            elif isinstance(layer, Conv2d):
                shapes[f"{part}.{i}.weight"] = (layer.outputs, layer.inputs, layer.kernel, layer.kernel)
            elif isinstance(layer, ConvTranspose2d):
                shapes[f"{part}.{i}.weight"] = (layer.inputs, layer.outputs, layer.kernel, layer.kernel)
            else:
                continue
            shapes[f"{part}.{i}.bias"] = (layer.outputs,)
    if config.likelihood == "gaussian":
        shapes["likelihood.logvar"] = (1,)
    return shapes


def parameter_count(config: ModelConfig) -> int:
    """How many numbers are learned."""
    return sum(math.prod(shape) for shape in parameter_shapes(config).values())


def output_sizes(layers: tuple[Layer, ...], shape: tuple[int, ...]) -> list[int]:
    """How many values each layer makes of one input (C, H, W) or (n,); none for those that only give it a shape."""
    sizes: list[int] = []
    for layer in layers:
        if isinstance(layer, Flatten | Reshape):
            shape = layer.shape if isinstance(layer, Reshape) else (math.prod(shape),)
            sizes.append(0)
            continue
        shape = _output_shape(layer, shape)
        sizes.append(math.prod(shape))
    return sizes


def _output_shape(layer: Layer, shape: tuple[int, ...]) -> tuple[int, ...]:
    if isinstance(layer, Linear):
        return (layer.outputs,)
    if isinstance(layer, Conv2d):
        return (layer.outputs, *((side + 2 * layer.padding - layer.kernel) // layer.stride + 1 for side in shape[1:]))
    if isinstance(layer, ConvTranspose2d):
        sides = zip(shape[1:], layer.output_padding, strict=True)
        inner = layer.kernel - 2 * layer.padding
        return (layer.outputs, *((side - 1) * layer.stride + inner + extra for side, extra in sides))
    if isinstance(layer, Upsample):
        return (shape[0], *(layer.factor * side for side in shape[1:]))
    return shape


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
