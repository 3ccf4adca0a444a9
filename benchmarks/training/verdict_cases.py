"""Runs that have something planted in them, with the verdicts that are right, and healthy ones of every size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.training import colour_shapes
from vae.config import TrainConfig, default_model_config
from vae.data import datasets
from vae.training.request import TrainingRequest

HELD_OUT = 400  # of colour pictures: 150 validate, the others are left for who wants to test


@dataclass(frozen=True, eq=False)
class Images:
    """What a run is trained on and validated with, each (N, C, H, W) uint8."""

    train: NDArray[np.uint8]
    validation: NDArray[np.uint8]


@dataclass(frozen=True)
class Case:
    """One run: images, settings, and which causes its verdict may name; none for a healthy one."""

    name: str
    images: str
    count: int
    expected: tuple[str, ...] = ()
    model: Mapping[str, Any] = field(default_factory=dict)
    train: Mapping[str, Any] = field(default_factory=dict)

    def load(self) -> Images:
        """The images, `count` of them to train on."""
        found = LOADED[self.images](self.count)
        return Images(found.train[: self.count], found.validation)

    def request(self) -> TrainingRequest:
        """What is trained."""
        channels, height, width = self.load().train.shape[1:]
        wanted: dict[str, Any] = {"architecture": "mlp", "latent_dim": 8} | dict(self.model)
        model = default_model_config(image_shape=(channels, height, width), **wanted)
        return TrainingRequest(model, TrainConfig(self.images, **self.train), "verdicts")


@lru_cache(maxsize=2)
def _built_in(name: str, validation: int) -> Images:
    return Images(datasets.load(name, "train").images, datasets.load(name, "validation").images[:validation])


@lru_cache(maxsize=4)
def _colour(count: int) -> Images:
    pictures = colour_shapes.draw(count + HELD_OUT)
    return Images(pictures[HELD_OUT:], pictures[:150])


LOADED: Mapping[str, Callable[[int], Images]] = {
    "digits": lambda count: _built_in("digits", 180),
    "mnist": lambda count: _built_in("mnist", 1_000),
    "colour": _colour,
}
DIGITS = {"epochs": 100, "batch_size": 128, "learning_rate": 5e-3}
COLOUR = {"epochs": 80, "batch_size": 32, "learning_rate": 2e-3}
CONV = {"architecture": "conv", "latent_dim": 8, "hidden": (64,), "channels": (16, 32), "likelihood": "gaussian"}
ALL = 1_257  # digits that are trained on
LOW_RATE, UNTRAINED, COLLAPSED = ("rate_too_low",), ("not_trained",), ("collapsed",)
LARGE_KL, OVERFITTED = ("kl_too_large",), ("overfitting",)


def _digits(name: str, expected: tuple[str, ...], count: int = ALL, **changes: Any) -> Case:
    names = ("hidden", "likelihood", "latent_dim")
    model: dict[str, Any] = {key: changes.pop(key) for key in names if key in changes}
    return Case(f"digits, {name}", "digits", count, expected, model, DIGITS | changes)


def _of_colour(name: str, expected: tuple[str, ...], count: int = 800, **changes: Any) -> Case:
    model = CONV | {key: changes.pop(key) for key in ("likelihood", "latent_dim") if key in changes}
    return Case(f"colour, {name}", "colour", count, expected, model, COLOUR | changes)


PLANTED = (
    _digits("learning rate 1e-5", LOW_RATE, learning_rate=1e-5),
    _digits("learning rate 1e-4", LOW_RATE, learning_rate=1e-4),
    _digits("learning rate 1", ("diverged", "rate_too_high"), learning_rate=1.0),
    _digits("β = 0", LARGE_KL, beta=0.0),
    _digits("β = 0.01", LARGE_KL, beta=0.01),
    _digits("β = 20", COLLAPSED, beta=20.0),
    _digits("averaged loss (β = 64)", COLLAPSED, beta=64.0),
    _digits("free bits 2", LARGE_KL, free_bits=2.0),
    _digits("8 epochs", UNTRAINED, epochs=8),
    _digits("10 steps", UNTRAINED, epochs=1),
    _digits("100 images, 512-512", OVERFITTED, 100, hidden=(512, 512), epochs=300, batch_size=32, learning_rate=2e-3),
    _digits(
        "100 images, Gaussian", OVERFITTED, 100, likelihood="gaussian", epochs=400, batch_size=32, learning_rate=2e-3
    ),
    _of_colour("learning rate 1e-5", LOW_RATE, learning_rate=1e-5, epochs=20),
    _of_colour("learning rate 1e-4", LOW_RATE, learning_rate=1e-4, epochs=20),
    _of_colour("β = 0", LARGE_KL, beta=0.0),
    _of_colour("β = 0.01", LARGE_KL, beta=0.01),
    _of_colour("averaged loss (β = 768)", COLLAPSED, beta=768.0),
    _of_colour("8 epochs", UNTRAINED, epochs=8),
    _of_colour("10 steps", UNTRAINED, epochs=1, batch_size=100),
    _of_colour("100 images, Gaussian", OVERFITTED, 100, epochs=200, batch_size=16),
)
HEALTHY = (
    _digits("2-D", (), latent_dim=2),
    _digits("8-D", ()),
    _digits("64-D", (), latent_dim=64),
    _digits("IWAE-20", (), objective="iwae", importance_samples=20),
    _digits("autoencoder", (), objective="autoencoder"),
    _digits("Gaussian", (), likelihood="gaussian", batch_size=64, learning_rate=2e-3),
    _digits("400 images", (), 400, latent_dim=4, epochs=150, batch_size=32, learning_rate=2e-3),
    _digits("100 images", (), 100, hidden=(64,), epochs=300, batch_size=32, learning_rate=2e-3),
    Case(
        "digits, conv",
        "digits",
        ALL,
        (),
        CONV,
        {"epochs": 50, "batch_size": 32, "learning_rate": 2e-3, "kl_schedule": "linear", "kl_warmup": 25},
    ),
    _of_colour("2,000 images", (), 2_000, epochs=50),
    _of_colour("500 images, Bernoulli", (), 500, likelihood="bernoulli", epochs=80, batch_size=32),
    _of_colour("5,000 images", (), 5_000, epochs=20),
    Case("mnist, 2,000 images", "mnist", 2_000, (), {"latent_dim": 10}, {"epochs": 40, "batch_size": 64}),
    Case("mnist, 5,000 images, 2-D", "mnist", 5_000, (), {"latent_dim": 2}, {"epochs": 40, "batch_size": 64}),
    Case(
        "mnist, 5,000 images, conv",
        "mnist",
        5_000,
        (),
        CONV | {"likelihood": "bernoulli"},
        {"epochs": 12, "batch_size": 64},
    ),
)
