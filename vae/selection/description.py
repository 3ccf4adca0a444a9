"""What sets some images apart from the rest: classes, latent dimensions, and numbers of the model. numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import Latents

NUMBERS = ("squared_error", "kl", "elbo")  # of Latents, beside its dimensions
EFFECTS = ((0.8, "large"), (0.5, "medium"), (0.2, "small"), (0.0, "none"))  # Cohen (1988), of |d| from there on

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ClassShare:
    """One class among the selected images: `count` of them; of all images `among_all` have it, of `all_images`."""

    label: int
    count: int
    share: float
    among_all: int
    share_of_all: float

    @property
    def times(self) -> float:
        """How many times as frequent it is as among all images."""
        return self.share / self.share_of_all


@dataclass(frozen=True)
class Spread:
    """How one number is spread: mean and standard deviation of the selected images and of all.

    `effect` is Cohen's d between the selected images and the rest, None where there is no rest, or no spread.
    """

    name: str
    mean: float
    deviation: float
    mean_of_all: float
    deviation_of_all: float
    effect: float | None

    @property
    def size(self) -> str:
        """The effect in a word."""
        if self.effect is None:
            return ""
        return next(word for least, word in EFFECTS if abs(self.effect) >= least)


@dataclass(frozen=True)
class Description:
    """What `count` images are like: classes, most frequent first; dimensions (named by their index) and numbers, the
    largest effect first.
    """

    count: int
    classes: tuple[ClassShare, ...]
    dimensions: tuple[Spread, ...]
    numbers: tuple[Spread, ...]


def describe(latents: Latents, rows: Rows) -> Description:
    """What the images of `rows` (n,), each once, are like among all N. Raises ValueError for none."""
    if not len(rows):
        raise ValueError("no rows, expected at least one")
    chosen = np.zeros(len(latents.mu), bool)
    chosen[rows] = True
    names = [str(j) for j in range(latents.mu.shape[1])]
    numbers = np.stack([getattr(latents, name) for name in NUMBERS], axis=1)
    return Description(
        len(rows),
        _classes(latents.labels, chosen),
        _spreads(latents.mu, chosen, names),
        _spreads(numbers, chosen, NUMBERS),
    )


def effects(values: NDArray[np.floating], chosen: NDArray[np.bool_]) -> Floats:
    """Cohen's d of each column of (N, d) between the chosen images (N,) and the rest: the difference of the means over
    the pooled standard deviation. (d,); NaN where one side is empty, or all are alike on both sides.
    """
    some, rest = np.asarray(values[chosen], np.float64), np.asarray(values[~chosen], np.float64)
    if not len(some) or not len(rest):
        return np.full(values.shape[1], np.nan)
    difference = some.mean(0) - rest.mean(0)
    squares = ((some - some.mean(0)) ** 2).sum(0) + ((rest - rest.mean(0)) ** 2).sum(0)
    pooled = np.sqrt(squares / max(1, len(some) + len(rest) - 2))
    found = np.full(len(difference), np.nan)
    # float32 means of equal numbers differ by their rounding: that is no spread
    spread = pooled > 1e-6 * np.maximum(1e-30, np.abs(np.asarray(values, np.float64)).max(0))
    np.divide(difference, pooled, out=found, where=spread)
    return found


def by_typicality(mu: NDArray[np.floating], rows: Rows) -> Rows:
    """`rows` (n,) by their distance from their mean in latent space, the nearest first."""
    own = np.asarray(mu[rows], np.float64)
    return rows[np.argsort(((own - own.mean(0)) ** 2).sum(1), kind="stable")]


def _classes(labels: NDArray[np.int64], chosen: NDArray[np.bool_]) -> tuple[ClassShare, ...]:
    of_all = np.bincount(labels)
    here = np.bincount(labels[chosen], minlength=len(of_all))
    found = [
        ClassShare(int(label), int(n), float(n / here.sum()), int(of_all[label]), float(of_all[label] / of_all.sum()))
        for label, n in enumerate(here)
        if n
    ]
    return tuple(sorted(found, key=lambda one: (-one.count, one.label)))


def _spreads(
    values: NDArray[np.floating], chosen: NDArray[np.bool_], names: list[str] | tuple[str, ...]
) -> tuple[Spread, ...]:
    every = np.asarray(values, np.float64)
    some, d = every[chosen], effects(values, chosen)
    found = [
        Spread(
            name,
            float(some[:, j].mean()),
            float(some[:, j].std()),
            float(every[:, j].mean()),
            float(every[:, j].std()),
            None if np.isnan(d[j]) else float(d[j]),
        )
        for j, name in enumerate(names)
    ]
    return tuple(sorted(found, key=lambda one: -abs(one.effect or 0.0)))
