"""Settings that follow the data: what a training gets where nobody chose. Imports no torch.

The rules were chosen on 100 to 2,000 rendered pictures, digits and MNIST (`python -m benchmarks.own_images`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vae.config import default_model_config
from vae.data.traits import Traits

FEW = 1_000  # training images: fewer are learnt by heart before the rest is learnt
# Of so few colour pictures convolutions of the default width learn by heart what half as wide ones learn in general: of
# what a plane for 60 of them gains on these, 50 % does not hold for others, and 34 % of what the smaller one gains.
VERY_FEW = 200
SMALL_SIDE = 32  # pixels
MOST_MLP_VALUES = 64 * 64  # of a grey picture: up to here an mlp is as good, and five times faster
STEPS = 2_000  # gradient steps that FEW images need
MOST_EPOCHS, FEWEST_EPOCHS = 500, 10


@dataclass(frozen=True)
class Choice:
    """One setting that nobody chose, and why it has this value: the end of a sentence."""

    value: Any
    why: str


def suggest(traits: Traits, given: Mapping[str, Any]) -> dict[str, Choice]:
    """What suits these images, by the names of ModelConfig's and TrainConfig's fields, for all that is not `given`.

    `given` holds settings that somebody chose; the others follow them. What every data set shares keeps the configs'
    defaults and is not among the result.
    """
    found: dict[str, Choice] = {}

    def settle(name: str, choice: Choice) -> Any:
        if name in given:
            return given[name]
        found[name] = choice
        return choice.value

    architecture = settle("architecture", _architecture(traits))
    settle("likelihood", _likelihood(traits))
    settle("latent_dim", _latent_dim(traits))
    if architecture == "mlp":
        settle("hidden", _hidden(traits))
    elif traits.train_images < VERY_FEW:
        settle("hidden", Choice((64,), f"{traits.train_images:,} images are soon learnt by heart"))
        settle("channels", _half_the_channels(traits))
    batch_size = settle("batch_size", _batch_size(traits))
    settle("learning_rate", _learning_rate(traits, architecture))
    epochs = settle("epochs", _epochs(traits, batch_size))
    if traits.train_images < FEW:
        settle("patience", Choice(epochs, "few images are soon learnt by heart: the best epoch is kept"))
    return found


def _architecture(traits: Traits) -> Choice:
    if traits.colour or math.prod(traits.image_shape) > MOST_MLP_VALUES:
        return Choice("conv", f"convolutions find things wherever they are in {size(traits)}")
    return Choice("mlp", f"fully connected layers are enough for {size(traits)}, and fast")


def _likelihood(traits: Traits) -> Choice:
    if traits.two_tone and not traits.colour:
        return Choice("bernoulli", "nearly all pixels are nearly black or white")
    return Choice("gaussian", "the pixels have colours or shades between black and white")


def _latent_dim(traits: Traits) -> Choice:
    """A power of two near a quarter of the root of the values of a picture, where the images are enough for it."""
    for_size = _power_of_two(math.sqrt(math.prod(traits.image_shape)) / 4, 2, 32)
    for_number = _power_of_two(traits.train_images / 20, 2, 32)
    if for_number < for_size:
        return Choice(for_number, f"{traits.train_images:,} images tell no more dimensions apart")
    return Choice(for_size, f"for {size(traits)}")


def _hidden(traits: Traits) -> Choice:
    if traits.train_images < FEW:
        return Choice((256,), f"{traits.train_images:,} images are soon learnt by heart")
    return Choice((400,), f"for {traits.train_images:,} images")


def _half_the_channels(traits: Traits) -> Choice:
    channels = default_model_config("conv", traits.image_shape, 2).channels
    return Choice(tuple(width // 2 for width in channels), f"half as many for {traits.train_images:,} images")


def _batch_size(traits: Traits) -> Choice:
    return Choice(
        _power_of_two(traits.train_images / 20, 8, 256), f"about a twentieth of {traits.train_images:,} images"
    )


def _learning_rate(traits: Traits, architecture: str) -> Choice:
    if architecture == "conv" and not traits.two_tone:
        return Choice(1e-3, "convolutions of shades and colours diverge at higher ones")
    if architecture == "conv":
        return Choice(3e-3, "what convolutions bear")
    if traits.two_tone and math.prod(traits.image_shape) <= SMALL_SIDE**2:
        return Choice(5e-3, "small pictures in black and white bear a high one")
    return Choice(2e-3, "what fully connected layers bear")


def _epochs(traits: Traits, batch_size: int) -> Choice:
    """So many that the images give enough gradient steps; these grow slowly with their number."""
    wanted = STEPS * min(2.0, max(0.75, (traits.train_images / FEW) ** 0.25))
    an_epoch = math.ceil(traits.train_images / max(1, batch_size))  # a TrainConfig refuses less than 1
    rounded = int(float(f"{wanted / an_epoch:.2g}"))  # nobody needs 106
    epochs = max(FEWEST_EPOCHS, min(MOST_EPOCHS, rounded))
    return Choice(epochs, f"{epochs * an_epoch:,} gradient steps, {an_epoch:,} an epoch")


def size(traits: Traits) -> str:
    """`32 × 32 pixels in colour`."""
    _, height, width = traits.image_shape
    return f"{height} × {width} pixels{' in colour' if traits.colour else ''}"


def _power_of_two(value: float, low: int, high: int) -> int:
    return int(min(high, max(low, 2 ** round(math.log2(max(1.0, value))))))
