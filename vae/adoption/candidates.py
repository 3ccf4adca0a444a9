"""All ways in which an encoder and a decoder can be meant, where nobody says how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vae.adoption.judging import ModelReading
from vae.adoption.meaning import (
    BYTES,
    IMAGENET,
    MNIST,
    RANGES,
    SIGNED,
    UNIT,
    EncoderAnswer,
    PixelRange,
    decoder_of,
    encoder_of,
    ends_in,
)
from vae.adoption.weighted_graph import WeightedGraph
from vae.errors import ConfigError
from vae.graph.nodes import Shape

INPUT, OUTPUT, ANSWER = "Input pixels", "Decoder’s output", "Encoder’s answer"
LOGITS = "logits"


@dataclass(frozen=True)
class Wishes:
    """What a person says; what is None is tried out. `pixels` is a name of meaning.RANGES.

    `bytes_too` tries pixels from 0 to 255 as well: of an encoder that takes whole numbers.
    """

    pixels: str | None = None
    logits: bool | None = None
    likelihood: str | None = None
    answer: EncoderAnswer | None = None
    bytes_too: bool = False

    def __post_init__(self) -> None:
        if self.pixels is not None and self.pixels not in RANGES:
            raise ConfigError(f"The pixel range is {self.pixels!r:.40}, expected one of {', '.join(RANGES)}.")


NO_WISHES = Wishes()


@dataclass(frozen=True, eq=False)
class EncoderReading:
    """One way to read an encoder: its `network` as that of a VAE here."""

    network: WeightedGraph
    pixels: PixelRange
    answer: EncoderAnswer

    @property
    def choices(self) -> dict[str, str]:
        """In words."""
        return {INPUT: self.pixels.name, ANSWER: _said(self.answer)}


@dataclass(frozen=True, eq=False)
class DecoderReading:
    """One way to read a decoder; `of` are the input ranges that it may go with."""

    network: WeightedGraph
    likelihood: str
    output: PixelRange
    logits: bool
    of: tuple[PixelRange, ...]

    @property
    def choices(self) -> dict[str, str]:
        """In words."""
        return {OUTPUT: LOGITS if self.logits else f"pixels in {self.output.name}"}


def together(encoder: EncoderReading, decoder: DecoderReading) -> ModelReading:
    """A model of both."""
    return ModelReading(encoder.network, decoder.network, decoder.likelihood, {**encoder.choices, **decoder.choices})


def encoders_of(encoder: WeightedGraph, image_shape: Shape, d: int, wishes: Wishes) -> list[EncoderReading]:
    """Every reading that fits images (C, H, W), d latent dimensions and the wishes. ConfigError where none does."""
    found: list[EncoderReading] = []
    problem: ConfigError | None = None
    for answer in _answers(encoder, d, wishes):
        for pixels in _ranges(image_shape, wishes):
            try:
                network = encoder_of(encoder, image_shape, d, answer, pixels)
                found.append(EncoderReading(network, pixels, answer))
            except ConfigError as error:
                problem = problem or error
    if problem and not found:
        raise problem
    return found


def decoders_of(decoder: WeightedGraph, image_shape: Shape, wishes: Wishes) -> list[DecoderReading]:
    """Every reading that fits images (C, H, W) and the wishes. Raises ConfigError where none does."""
    by_output: dict[tuple[PixelRange, bool], list[PixelRange]] = {}
    for pixels in _ranges(image_shape, wishes):
        for meant in _outputs(decoder, pixels, wishes):
            by_output.setdefault(meant, []).append(pixels)
    found: list[DecoderReading] = []
    problem: ConfigError | None = None
    for (output, logits), of in by_output.items():
        try:
            meaning = decoder_of(decoder, image_shape, output, logits)
            likelihood = meaning.likelihood(wishes.likelihood, image_shape[0])
            found.append(DecoderReading(meaning.network, likelihood, output, logits, tuple(of)))
        except ConfigError as error:
            problem = problem or error
    if problem and not found:
        raise problem
    return found


def readings_of(
    encoder: WeightedGraph, decoder: WeightedGraph, image_shape: Shape, latent_dim: int, wishes: Wishes
) -> list[ModelReading]:
    """Every reading that fits the images, (C, H, W), and the wishes. Raises ConfigError where none does."""
    encoders = encoders_of(encoder, image_shape, latent_dim, wishes)
    decoders = decoders_of(decoder, image_shape, wishes)
    return [together(e, d) for e in encoders for d in decoders if e.pixels in d.of or e.pixels == BYTES]


def _answers(encoder: WeightedGraph, d: int, wishes: Wishes) -> Iterator[EncoderAnswer]:
    if wishes.answer:
        yield wishes.answer
        return
    count = 1
    for side in encoder.graph.output:
        count *= side
    if count == d:
        yield EncoderAnswer(spread=None)
        return
    yield EncoderAnswer()
    yield EncoderAnswer(mu_first=False)


def _ranges(image_shape: Shape, wishes: Wishes) -> tuple[PixelRange, ...]:
    if wishes.pixels:
        return (RANGES[wishes.pixels],)
    more = (BYTES,) if wishes.bytes_too else ()
    return (UNIT, SIGNED, MNIST if image_shape[0] == 1 else IMAGENET, *more)


def _outputs(decoder: WeightedGraph, pixels: PixelRange, wishes: Wishes) -> Iterator[tuple[PixelRange, bool]]:
    """The range of the decoder's pixels, and whether they are logits."""
    function = ends_in(decoder)
    if function and not wishes.logits:
        yield (UNIT if function == "Sigmoid" else SIGNED), False
        return
    if wishes.logits is not True:
        yield pixels, False
    if wishes.logits is not False:
        yield UNIT, True


def _said(answer: EncoderAnswer) -> str:
    if answer.spread is None:
        return "mu alone"
    both = ("mu", answer.spread) if answer.mu_first else (answer.spread, "mu")
    return f"{both[0]}, then {both[1]}"
