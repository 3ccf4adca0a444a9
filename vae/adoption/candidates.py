"""All ways in which an encoder and a decoder can be meant, where nobody says how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vae.adoption.judging import ModelReading
from vae.adoption.meaning import (
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
    """What a person says; what is None is tried out. `pixels` is a name of meaning.RANGES."""

    pixels: str | None = None
    logits: bool | None = None
    likelihood: str | None = None
    answer: EncoderAnswer | None = None

    def __post_init__(self) -> None:
        if self.pixels is not None and self.pixels not in RANGES:
            raise ConfigError(f"The pixel range is {self.pixels!r:.40}, expected one of {', '.join(RANGES)}.")


NO_WISHES = Wishes()


def readings_of(
    encoder: WeightedGraph, decoder: WeightedGraph, image_shape: Shape, latent_dim: int, wishes: Wishes
) -> list[ModelReading]:
    """Every reading that fits the images, (C, H, W), and the wishes. Raises ConfigError where none does."""
    found: list[ModelReading] = []
    problem: ConfigError | None = None
    for answer in _answers(encoder, latent_dim, wishes):
        for pixels in _ranges(image_shape, wishes):
            for output, logits in _outputs(decoder, pixels, wishes):
                try:
                    meaning = decoder_of(decoder, image_shape, output, logits)
                    found.append(
                        ModelReading(
                            encoder_of(encoder, image_shape, latent_dim, answer, pixels),
                            meaning.network,
                            meaning.likelihood(wishes.likelihood, image_shape[0]),
                            {
                                INPUT: pixels.name,
                                OUTPUT: LOGITS if logits else f"pixels in {output.name}",
                                ANSWER: _said(answer),
                            },
                        )
                    )
                except ConfigError as error:
                    problem = problem or error
    if not found:
        raise problem or ConfigError("No reading fits the encoder, the decoder and the images.")
    return found


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
    return (UNIT, SIGNED, MNIST) if image_shape[0] == 1 else (UNIT, SIGNED, IMAGENET)


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
