"""Layer descriptions (layers.py) turned into torch modules."""

from __future__ import annotations

from torch import nn

from vae.model import layers

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}


def build(description: tuple[layers.Layer, ...]) -> nn.Sequential:
    """A module whose parameters are named `<i>.weight` and `<i>.bias`, i being the layer's place."""
    return nn.Sequential(*(_module(layer) for layer in description))


def _module(layer: layers.Layer) -> nn.Module:
    match layer:
        case layers.Linear():
            return nn.Linear(layer.inputs, layer.outputs)
        case layers.Conv2d():
            return nn.Conv2d(layer.inputs, layer.outputs, layer.kernel, layer.stride, layer.padding)
        case layers.ConvTranspose2d():
            return nn.ConvTranspose2d(
                layer.inputs, layer.outputs, layer.kernel, layer.stride, layer.padding, layer.output_padding
            )
        case layers.Upsample():
            return nn.Upsample(scale_factor=layer.factor, mode="nearest")
        case layers.Activation():
            return _ACTIVATIONS[layer.name]()
        case layers.Reshape():
            return nn.Unflatten(1, layer.shape)
        case layers.Flatten():
            return nn.Flatten()
