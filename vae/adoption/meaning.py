"""What a foreign network's numbers mean, put into the graph: its pixels become [0, 1], its answers those of a VAE here.

An encoder becomes image in [0, 1] -> means, then log variances. A decoder becomes latent -> the parameters of p(x|z):
logits where it ends in a sigmoid (or a tanh, for (1 + tanh y) / 2 is the sigmoid of 2y), else the pixels themselves.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from vae.adoption.weighted_graph import INPUT, Builder, FloatArray, WeightedGraph, builder_of
from vae.config import LINEAR_GAUSSIAN
from vae.errors import ConfigError
from vae.graph import nodes
from vae.graph.nodes import Shape

POINT_LOGVAR = -20.0  # of an encoder that answers mu alone: sigma = e^-10, as for autoencoders trained here

Layout = Literal["channels first", "channels last", "flat"]
Spread = Literal["logvar", "sigma", "log sigma"]


@dataclass(frozen=True)
class PixelRange:
    """How a model has pixels that are [0, 1] here: scale · x + shift, one of each or one a channel."""

    name: str
    scale: tuple[float, ...]
    shift: tuple[float, ...]

    def columns(self, rank: int) -> tuple[FloatArray, FloatArray]:
        """Scale and shift for (C, H, W) or, of one value, for anything."""
        ones = (1,) * (rank - 1) if len(self.scale) > 1 else ()
        scale, shift = (np.array(v, np.float32) for v in (self.scale, self.shift))
        return scale.reshape(-1, *ones), shift.reshape(-1, *ones)


UNIT = PixelRange("[0, 1]", (1.0,), (0.0,))
SIGNED = PixelRange("[−1, 1]", (2.0,), (-1.0,))
BYTES = PixelRange("[0, 255]", (255.0,), (0.0,))


def standardized(mean: tuple[float, ...], deviation: tuple[float, ...]) -> PixelRange:
    """(x − mean) / deviation, by channel."""
    scale = tuple(1 / d for d in deviation)
    return PixelRange("standardized", scale, tuple(-m * s for m, s in zip(mean, scale, strict=True)))


MNIST = dataclasses.replace(standardized((0.1307,), (0.3081,)), name="standardized (MNIST’s mean and deviation)")
IMAGENET = dataclasses.replace(
    standardized((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)), name="standardized (ImageNet’s means and deviations)"
)
RANGES = {"unit": UNIT, "signed": SIGNED, "bytes": BYTES, "mnist": MNIST, "imagenet": IMAGENET}


@dataclass(frozen=True)
class EncoderAnswer:
    """What an encoder's flat output (n,) holds: `mu_first` of two halves, or mu alone where `spread` is None."""

    spread: Spread | None = "logvar"
    mu_first: bool = True


@dataclass(frozen=True, eq=False)
class DecoderMeaning:
    """A decoder that gives parameters of p(x|z), and whether these are logits."""

    network: WeightedGraph
    logits: bool

    def likelihood(self, asked: str | None, channels: int) -> str:
        """The likelihood's name: Bernoulli for grey logits and Gaussian for colour, unless another is asked for.

        Raises ConfigError for one that the output can't have.
        """
        if not self.logits:
            if asked not in (None, "gaussian", LINEAR_GAUSSIAN):
                raise ConfigError(
                    f"A {asked} likelihood was asked for, but the decoder gives pixels, not logits.",
                    "Leave the likelihood out, or give a decoder that ends in a sigmoid.",
                )
            return LINEAR_GAUSSIAN
        return asked or ("bernoulli" if channels == 1 else "gaussian")


# --- encoders ---------------------------------------------------------------------------------------------------------


def encoder_of(
    network: WeightedGraph, image_shape: Shape, latent_dim: int, answer: EncoderAnswer, pixels: PixelRange
) -> WeightedGraph:
    """An encoder for images (C, H, W) in [0, 1], with the answer (2 · latent_dim,) of a VAE here."""
    builder = Builder(image_shape)
    place = builder.scaled(INPUT, *pixels.columns(3))
    place = _laid_out(builder, place, network.graph.input)
    end = builder.flat(builder.append(network, place))
    return builder.build(_answer(builder, end, latent_dim, answer))


def _laid_out(builder: Builder, place: int, wanted: Shape) -> int:
    """An image (C, H, W) in the shape that a network wants. Raises ConfigError for one that it can't be given."""
    shape = builder.shape(place)
    if wanted == shape:
        return place
    if len(wanted) == 3 and wanted == (*shape[1:], shape[0]):
        return builder.add(nodes.Transpose((place,), (1, 2, 0)))
    if int(np.prod(wanted)) == int(np.prod(shape)) and (len(wanted) == 1 or shape[0] == 1):
        return builder.reshape(place, wanted)
    raise ConfigError(f"The encoder takes {_text(wanted)}, the images are {_text(shape)}.")


def _answer(builder: Builder, place: int, d: int, answer: EncoderAnswer) -> int:
    count = builder.shape(place)[0]
    expected = d if answer.spread is None else 2 * d
    if count != expected:
        raise ConfigError(f"The encoder answers with {count} numbers, expected {expected} for {d} latent dimensions.")
    if answer.spread is None:
        point = builder.arithmetic(builder.arithmetic(place, "Mul", 0.0), "Add", POINT_LOGVAR)
        return builder.concat((place, point))
    if answer.mu_first and answer.spread == "logvar":
        return place
    halves = [builder.add(nodes.Slice((place,), 0, start, start + d)) for start in (0, d)]
    mu, spread = halves if answer.mu_first else halves[::-1]
    if answer.spread == "sigma":
        spread = builder.activate(spread, "Log")
    if answer.spread != "logvar":
        spread = builder.arithmetic(spread, "Mul", 2.0)
    return builder.concat((mu, spread))


# --- decoders ---------------------------------------------------------------------------------------------------------


def decoder_of(network: WeightedGraph, image_shape: Shape, pixels: PixelRange, gives_logits: bool) -> DecoderMeaning:
    """A decoder whose answer is (C, H, W): logits, or pixels in [0, 1]."""
    last = _last_function(network)
    if gives_logits:
        return DecoderMeaning(_image(network, image_shape), logits=True)
    if last is not None and network.graph.nodes[last].name == "Sigmoid" and pixels == UNIT:
        return DecoderMeaning(_image(_without(network, last), image_shape), logits=True)
    if last is not None and network.graph.nodes[last].name == "Tanh" and pixels == SIGNED:
        builder = builder_of(_image(_without(network, last), image_shape))
        doubled = builder.arithmetic(len(builder.nodes) - 1, "Mul", 2.0)
        return DecoderMeaning(builder.build(doubled), logits=True)
    builder = builder_of(_image(network, image_shape))
    scale, shift = pixels.columns(3)
    end = builder.scaled(len(builder.nodes) - 1, 1 / scale, -shift / scale)
    return DecoderMeaning(builder.build(end), logits=False)


def ends_in(network: WeightedGraph) -> str:
    """The function that a decoder's pixels come out of: Sigmoid, Tanh, or none ("")."""
    last = _last_function(network)
    name = "" if last is None else network.graph.nodes[last].name
    return name if name in ("Sigmoid", "Tanh") else ""


def _last_function(network: WeightedGraph) -> int | None:
    """The last node that does more than move numbers about, if it is a function."""
    graph = network.graph
    place = len(graph.nodes) - 1
    while place >= 0 and isinstance(graph.nodes[place], nodes.Reshape | nodes.Transpose):
        place = graph.nodes[place].inputs[0]
    return place if place >= 0 and isinstance(graph.nodes[place], nodes.Activation) else None


def _without(network: WeightedGraph, place: int) -> WeightedGraph:
    """The same with a function left out; it becomes the identity, which is dropped."""
    from vae.adoption.simplification import simplified

    identity: Any = dataclasses.replace(network.graph.nodes[place], op="Identity")  # type: ignore[call-arg]
    kept = tuple(identity if i == place else node for i, node in enumerate(network.graph.nodes))
    return simplified(WeightedGraph(dataclasses.replace(network.graph, nodes=kept), network.tensors))


def _image(network: WeightedGraph, image_shape: Shape) -> WeightedGraph:
    """With an answer of shape (C, H, W). Raises ConfigError where it is no such image."""
    found = network.graph.output
    if found == image_shape:
        return network
    builder = builder_of(network)
    end = len(builder.nodes) - 1
    if len(found) == 3 and found == (*image_shape[1:], image_shape[0]):
        return builder.build(builder.add(nodes.Transpose((end,), (2, 0, 1))))
    if int(np.prod(found)) == int(np.prod(image_shape)) and (len(found) == 1 or image_shape[0] == 1):
        return builder.build(builder.reshape(end, image_shape))
    raise ConfigError(f"The decoder gives {_text(found)}, the images are {_text(image_shape)}.")


def _text(shape: Shape) -> str:
    return "×".join(map(str, shape))


Array = NDArray[np.float32]
