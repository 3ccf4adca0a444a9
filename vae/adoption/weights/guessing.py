"""What the shapes don't say, tried out on real images: the function between layers, strides, output, pixel range."""

from __future__ import annotations

import contextlib
import dataclasses
import heapq
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vae.adoption import judging
from vae.adoption.candidates import (
    ANSWER,
    INPUT,
    OUTPUT,
    DecoderReading,
    EncoderReading,
    Wishes,
    decoders_of,
    encoders_of,
    together,
)
from vae.adoption.judging import Judged, ModelReading, Ranking
from vae.adoption.meaning import EncoderAnswer
from vae.adoption.weighted_graph import WeightedGraph
from vae.adoption.weights.assembling import FUNCTIONS, Function, Plan, decoder_graph, encoder_graph
from vae.adoption.weights.parts import Parts
from vae.adoption.weights.structures import Steps, decoder_ways, encoder_ways
from vae.errors import ConfigError, VAEError
from vae.graph.graph import Graph
from vae.graph.nodes import Activation, Shape
from vae.model.pixels import to_unit

FUNCTION, AFTER, FINAL = "Function between layers", "After the decoder’s first layer", "After the last layer"
STRIDES = "Convolutions"
NOTHING = "nothing"
# All ways are compared on few images; so many of the best on more, and of these the best on most.
ROUNDS = (24, 8)
FIRST_IMAGES, MORE_IMAGES = 6, 24
NO_NETWORK = WeightedGraph(Graph((1,), (Activation((-1,), "Identity"),)), {})

OnTried = Callable[[int, int], None]


@dataclass(frozen=True)
class LayerChoice:
    """What a person decides by hand; None is tried out. Names as `ModelReading.choices` has them."""

    function: str | None = None
    final: str | None = None


NO_CHOICE = LayerChoice()


@dataclass(frozen=True, eq=False)
class _Ways:
    """What is tried: every function with every way of the encoder, and with every way of the decoder."""

    parts: Parts
    image: Shape
    core: Shape | None
    wishes: Wishes
    functions: tuple[Function, ...]
    encoders: tuple[Steps, ...]
    decoders: tuple[Steps, ...]
    afters: tuple[bool, ...]
    finals: tuple[str, ...]

    @property
    def count(self) -> int:
        """Of plans for the decoder, each of which is tried with all of the encoder."""
        return len(self.functions) * len(self.decoders) * len(self.afters) * len(self.finals)

    def encoder_plans(self, function: Function) -> list[Plan]:
        """One for each way of the encoder; of the decoder's, the first."""
        return [Plan(function, steps, self.decoders[0], self.afters[0], self.finals[0]) for steps in self.encoders]

    def decoder_plans(self, function: Function) -> list[Plan]:
        """One for each way of the decoder; of the encoder's, the first."""
        ways = itertools.product(self.decoders, self.afters, self.finals)
        return [Plan(function, self.encoders[0], steps, after, final) for steps, after, final in ways]

    def encoder(self, plan: Plan) -> list[EncoderReading]:
        """All readings of the encoder. Raises ConfigError where none fits."""
        answer = EncoderAnswer() if self.parts.heads else self.wishes.answer
        wishes = dataclasses.replace(self.wishes, answer=answer)
        return encoders_of(encoder_graph(self.parts, self.image, plan), self.image, self.parts.latent_dim, wishes)

    def decoder(self, plan: Plan) -> list[DecoderReading]:
        """All readings of the decoder. Raises ConfigError where none fits."""
        logits = self.wishes.logits
        if not plan.final and logits is None:  # what a sigmoid at the end makes of it is tried as another plan
            logits = False
        wishes = dataclasses.replace(self.wishes, logits=logits)
        return decoders_of(decoder_graph(self.parts, self.core, self.image, plan), self.image, wishes)


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A way and its error. It holds no weights: there are thousands of them."""

    error: float
    plan: Plan
    encoder: Mapping[str, str]
    decoder: Mapping[str, str]

    def reading(self, ways: _Ways) -> ModelReading:
        """The model, made anew."""
        encoder = next(e for e in ways.encoder(self.plan) if e.choices == self.encoder)
        decoder = next(d for d in ways.decoder(self.plan) if d.choices == self.decoder)
        made = together(encoder, decoder)
        choices = {**_said(self.plan), **{name: made.choices[name] for name in (INPUT, OUTPUT, ANSWER)}}
        return dataclasses.replace(made, choices=choices)


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
    ways = _ways(parts, (int(images.shape[1]), int(images.shape[2]), int(images.shape[3])), wishes, choice)
    total, done = ways.count + sum(ROUNDS), 0

    def tried() -> None:
        nonlocal done
        done += 1
        on_tried(min(done, total), total)

    candidates = heapq.nsmallest(ROUNDS[0], _all_tried(ways, judging.evenly(images, FIRST_IMAGES), tried), _by_error)
    judged: Sequence[Judged] = ()
    readings: Iterable[ModelReading] = (candidate.reading(ways) for candidate in candidates)
    for most, count in zip(ROUNDS, (MORE_IMAGES, judging.MOST_IMAGES), strict=True):
        shown, found = judging.evenly(images, count), list[Judged]()
        for reading in itertools.islice(readings, most):
            found += judging.ranked([reading], shown).judged
            tried()
        judged = sorted(found, key=lambda one: one.error)
        readings = [one.reading for one in judged]
    if not judged:
        raise ConfigError("None of the ways to apply the layers could be evaluated.")
    return Ranking(tuple(judged))


def _by_error(candidate: _Candidate) -> float:
    return candidate.error


def _all_tried(ways: _Ways, images: NDArray[np.uint8], tried: Callable[[], None]) -> Iterator[_Candidate]:
    """Every way, with its error on the images. Each encoder is evaluated once, and so is each decoder of its answers.

    Raises ConfigError where none can be.
    """
    x = to_unit(torch.tensor(np.asarray(images)))
    problem, any_found = "", False
    for function in ways.functions:
        encoded: list[tuple[Plan, EncoderReading, torch.Tensor]] = []
        for plan in ways.encoder_plans(function):
            with _passed_over() as passed:
                for encoder in ways.encoder(plan):
                    mu = judging.means(encoder.network, ways.parts.latent_dim, x)
                    # the weights are not kept
                    encoded.append((plan, dataclasses.replace(encoder, network=NO_NETWORK), mu))
            problem = problem or passed.why
        for plan in ways.decoder_plans(function):
            tried()
            with _passed_over() as passed:
                for decoder in ways.decoder(plan):
                    fitting = [one for one in encoded if one[1].pixels in decoder.of]
                    errors = judging.errors(decoder.network, decoder.likelihood, [mu for *_, mu in fitting], x)
                    for (given, encoder, _), error in zip(fitting, errors, strict=True):
                        any_found = True
                        whole = plan.changed(encoder=given.encoder)
                        known = float(error) if np.isfinite(error) else float("inf")
                        yield _Candidate(known, whole, encoder.choices, decoder.choices)
            problem = problem or passed.why
    if not any_found:
        raise ConfigError(f"No way to apply the layers gives images {_text(ways.image)}: {problem}")


@dataclass
class _Passed:
    why: str = ""


@contextlib.contextmanager
def _passed_over() -> Iterator[_Passed]:
    """Inside, a way that can't be evaluated is left."""
    passed = _Passed()
    try:
        yield passed
    except (VAEError, RuntimeError) as error:  # RuntimeError: torch's
        passed.why = f"{error!s:.300}"


def _ways(parts: Parts, image: Shape, wishes: Wishes, choice: LayerChoice) -> _Ways:
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
    functions = tuple(f for f in FUNCTIONS if choice.function in (None, str(f)))
    finals = tuple(f for f in ("", "Sigmoid", "Tanh") if choice.final in (None, f or NOTHING))
    if not functions or not finals:
        known = ", ".join(map(str, FUNCTIONS)) if not functions else f"{NOTHING}, Sigmoid, Tanh"
        raise ConfigError(f"The function is {choice.final if functions else choice.function!r:.40}, expected {known}.")
    afters = (False, True) if core else (True,)
    return _Ways(parts, image, core, wishes, functions, tuple(encoders), tuple(decoders), afters, finals)


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


def _said(plan: Plan) -> dict[str, str]:
    said = {FUNCTION: str(plan.function), FINAL: plan.final or NOTHING}
    if plan.decoder:
        said[AFTER] = str(plan.function) if plan.after_input else NOTHING
    if plan.encoder or plan.decoder:
        ways = [step.way for step in (*plan.encoder, *plan.decoder)]
        said[STRIDES] = ", ".join(f"{len(list(same))}× {way}" for way, same in itertools.groupby(ways))
    return said


def _text(shape: Shape) -> str:
    return "×".join(map(str, shape))
