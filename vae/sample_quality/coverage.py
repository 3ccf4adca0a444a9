"""Which classes the samples are of, as a classifier sees them. numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FAIR = 0.1  # a class is covered from a tenth of its share among real images
SURE = 0.9  # probability of the most probable class


@dataclass(frozen=True)
class Coverage:
    """shares (K,) of the classes sum to 1; so many classes are covered; of so many images (0 to 1) it is sure."""

    shares: NDArray[np.float64]
    covered: int
    sure: float


def class_shares(probabilities: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """The share of each class, (K,), when each of the rows (N, K) counts for its most probable class."""
    classes = probabilities.shape[1]
    return np.bincount(probabilities.argmax(1), minlength=classes) / len(probabilities)


def coverage(probabilities: NDArray[np.floating[Any]], real_shares: NDArray[np.float64]) -> Coverage:
    """Coverage of samples with these probabilities (N, K), beside the class shares (K,) of real images."""
    shares = class_shares(probabilities)
    covered = (shares >= FAIR * real_shares) & (real_shares > 0)
    return Coverage(shares, int(covered.sum()), float((probabilities.max(1) >= SURE).mean()))


def divergence(shares: NDArray[np.float64], real_shares: NDArray[np.float64]) -> float:
    """KL(shares ‖ real shares) = Σ p log(p / q) in nats, both (K,); infinite for a class that no real image is of.

    N images with exactly the real shares still have about (K − 1) / 2N by chance.
    """
    there = shares > 0
    with np.errstate(divide="ignore"):
        terms = shares[there] * np.log(shares[there] / real_shares[there])
    return max(0.0, float(terms.sum()))
