"""What the shapes don't say, tried out on real images: the function between layers, strides, output, pixel range."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae.adoption import judging
from vae.adoption.candidates import ANSWER, INPUT, OUTPUT, Wishes, readings_of
from vae.adoption.judging import Judged, ModelReading, Ranking
from vae.adoption.meaning import EncoderAnswer
from vae.adoption.weights.assembling import Function, Plan, decoder_graph, encoder_graph
from vae.adoption.weights.parts import Parts
from vae.adoption.weights.structures import decoder_ways, encoder_ways
from vae.errors import ConfigError, VAEError
from vae.graph.nodes import Shape

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
FUNCTION, AFTER, FINAL = "Function between layers", "After the decoder’s first layer", "After the last layer"
STRIDES = "Convolutions"
# Ways that reach each round, and the images that they are compared on there: the first rounds are many, and short.
ROUNDS = ((None, 6), (24, 24), (8, judging.MOST_IMAGES))

OnTried = Callable[[int, int], None]


@dataclass(frozen=True)
class LayerChoice:
    """What a person decides by hand; None is tried out. Names as `ModelReading.choices` has them."""

    function: str | None = None
    final: str | None = None


NO_CHOICE = LayerChoice()


def ranked(
    parts: Parts,
    images: NDArray[np.uint8],
    wishes: Wishes,
    choice: LayerChoice = NO_CHOICE,
    on_tried: OnTried = lambda done, total: None,
) -> Ranking:
    """All ways to apply the layers, by their reconstructions of images (N, C, H, W). `on_tried` may raise to stop.

    Raises ConfigError where none fits the images.
    """
    shape = (int(images.shape[1]), int(images.shape[2]), int(images.shape[3]))
    plans = _plans(parts, shape, choice)
    readings: list[ModelReading] = []
    problems: list[str] = []
    for plan in plans:
        try:
            readings += _readings(parts, shape, plan, wishes)
        except VAEError as error:
            problems.append(str(error))
    if not readings:
        raise ConfigError(f"No way to apply the layers gives images {shape}: {'; '.join(problems[:3])}")
    total = len(readings) + sum(most for most, _ in ROUNDS if most)
    ranking, done = Ranking(()), 0
    for most, count in ROUNDS:
        entering = readings if most is None else [one.reading for one in ranking.judged[:most]]
        shown = images[np.linspace(0, len(images) - 1, min(len(images), count)).astype(np.int64)]
        judged: list[Judged] = []
        for reading in entering:
            judged += judging.ranked([reading], shown).judged
            done += 1
            on_tried(min(done, total), total)
        ranking = Ranking(tuple(sorted(judged, key=lambda one: one.error)))
    if not ranking.judged:
        raise ConfigError(f"None of {len(readings)} ways to apply the layers could be evaluated.")
    return ranking


def _plans(parts: Parts, image: Shape, choice: LayerChoice) -> list[Plan]:
    flat = _flat_inputs(parts)
    if not any(layer.kind == "conv" for layer in parts.encoder):
        expected = parts.encoder[0].shape[1] if parts.encoder else parts.heads[0].shape[1]
        if expected != math.prod(image):
            raise ConfigError(
                f"The encoder takes {expected:,} numbers, the images are {_text(image)} = {math.prod(image):,}.",
                "Choose a data set of that size, or import your images at it.",
            )
    encoders = encoder_ways(parts.encoder, image, flat)
    if not encoders:
        raise ConfigError(
            f"No strides of the encoder’s convolutions turn images {_text(image)} into {flat:,} numbers."
            if flat
            else f"The encoder’s convolutions don’t fit images {_text(image)}.",
            "Choose a data set of the size that the model was trained on, or import your images at it.",
        )
    core = _core(parts, image)
    decoders = decoder_ways(parts.decoder, core, image) if core else [()]
    if not decoders:
        raise ConfigError(
            f"No strides of the decoder’s convolutions turn {_text(core or ())} into images {_text(image)}.",
            "Choose a data set of the size that the model was trained on, or import your images at it.",
        )
    functions = [f for f in FUNCTIONS if choice.function in (None, str(f))]
    finals = [f for f in ("", "Sigmoid", "Tanh") if choice.final in (None, f or "nothing")]
    afters = (False, True) if core else (True,)
    return [
        Plan(function, encoder, decoder, after, final)
        for function, encoder, decoder, after, final in itertools.product(functions, encoders, decoders, afters, finals)
    ]


def _flat_inputs(parts: Parts) -> int | None:
    """How many numbers the first linear layer after the convolutions takes."""
    after = [*parts.encoder, *parts.heads]
    last = max((i for i, layer in enumerate(after) if layer.kind == "conv"), default=None)
    if last is None:
        return None
    linear = next((layer for layer in after[last:] if layer.kind == "linear"), None)
    return None if linear is None else linear.shape[1]


def _core(parts: Parts, image: Shape) -> Shape | None:
    """The image that the decoder's convolutions begin with; None where it has none."""
    layers = parts.decoder
    first = next((i for i, layer in enumerate(layers) if layer.kind == "conv"), None)
    if first is None:
        return None
    linear = next((layer for layer in reversed(layers[:first]) if layer.kind == "linear"), None)
    numbers = parts.latent_dim if linear is None else linear.shape[0]
    for channels in dict.fromkeys(layers[first].shape[:2]):
        area = numbers // channels
        height = math.isqrt(area * image[1] // image[2])
        if height and channels * area == numbers and area % height == 0:
            return (channels, height, area // height)
    raise ConfigError(
        f"The decoder’s convolutions begin with {layers[first].shape[:2]} channels, which {numbers:,} numbers are no "
        "image of."
    )


def _readings(parts: Parts, image: Shape, plan: Plan, wishes: Wishes) -> list[ModelReading]:
    encoder = encoder_graph(parts, image, plan)
    decoder = decoder_graph(parts, _core(parts, image), image, plan)
    answer = EncoderAnswer() if parts.heads else wishes.answer
    told = Wishes(wishes.pixels, wishes.logits, wishes.likelihood, answer)
    if not plan.final and decoder.graph.nodes:  # what a sigmoid at the end makes of it is tried as another plan
        told = Wishes(wishes.pixels, False if wishes.logits is None else wishes.logits, wishes.likelihood, answer)
    readings = readings_of(encoder, decoder, image, parts.latent_dim, told)
    return [ModelReading(r.encoder, r.decoder, r.likelihood, {**_said(plan), **_kept(r.choices)}) for r in readings]


def _said(plan: Plan) -> dict[str, str]:
    said = {FUNCTION: str(plan.function), FINAL: plan.final or "nothing"}
    if plan.decoder:
        said[AFTER] = str(plan.function) if plan.after_input else "nothing"
    if plan.encoder or plan.decoder:
        ways = [step.way for step in (*plan.encoder, *plan.decoder)]
        said[STRIDES] = ", ".join(f"{len(list(same))}× {way}" for way, same in itertools.groupby(ways))
    return said


def _kept(choices: Mapping[str, str]) -> dict[str, str]:
    return {name: choices[name] for name in (INPUT, OUTPUT, ANSWER) if name in choices}


def _text(shape: Shape) -> str:
    return "×".join(map(str, shape))
