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
from vae.adoption.judging import Judged, Ranking, Reading
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
FEW, SEMIFINALS = 24, 8  # images of the first round, and how many ways reach the second

OnTried = Callable[[int, int], None]


@dataclass(frozen=True)
class Choice:
    """What a person decides by hand; None is tried out. Names as `Reading.choices` has them."""

    function: str | None = None
    final: str | None = None


def ranked(
    parts: Parts,
    images: NDArray[np.uint8],
    wishes: Wishes,
    choice: Choice = Choice(),
    on_tried: OnTried = lambda done, total: None,
) -> Ranking:
    """All ways to apply the layers, by their reconstructions of images (N, C, H, W). `on_tried` may raise to stop.

    Raises ConfigError where none fits the images.
    """
    shape = (int(images.shape[1]), int(images.shape[2]), int(images.shape[3]))
    plans = _plans(parts, shape, choice)
    few = images[np.linspace(0, len(images) - 1, min(len(images), FEW)).astype(np.int64)]
    first: list[Judged] = []
    problems: list[str] = []
    for k, plan in enumerate(plans):
        on_tried(k, len(plans))
        try:
            readings = _readings(parts, shape, plan, wishes)
        except VAEError as error:
            problems.append(str(error))
            continue
        ranking = judging.ranked(readings, few)
        first += ranking.judged
        problems += ranking.problems
    if not first:
        raise ConfigError(f"No way to apply the layers gives images {shape}: {'; '.join(problems[:3])}")
    best = sorted(first, key=lambda one: one.error)[:SEMIFINALS]
    return judging.ranked([one.reading for one in best], images)


def _plans(parts: Parts, image: Shape, choice: Choice) -> list[Plan]:
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
        for function, encoder, decoder, after, final in itertools.product(
            functions, encoders, decoders, afters, finals
        )
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


def _readings(parts: Parts, image: Shape, plan: Plan, wishes: Wishes) -> list[Reading]:
    encoder = encoder_graph(parts, image, plan)
    decoder = decoder_graph(parts, _core(parts, image), image, plan)
    answer = EncoderAnswer() if parts.heads else wishes.answer
    told = Wishes(wishes.pixels, wishes.logits, wishes.likelihood, answer)
    if not plan.final and decoder.graph.nodes:  # what a sigmoid at the end makes of it is tried as another plan
        told = Wishes(wishes.pixels, False if wishes.logits is None else wishes.logits, wishes.likelihood, answer)
    readings = readings_of(encoder, decoder, image, parts.latent_dim, told)
    return [Reading(r.encoder, r.decoder, r.likelihood, {**_said(plan), **_kept(r.choices)}) for r in readings]


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
