"""What samples are measured by, on features and probabilities of a classifier. numpy only.

Fréchet distance between the Gaussians that fit two sets; improved precision and recall, how many samples lie among real
images and how many real images among samples; density and coverage, which one far-flung image can't raise; which
classes the samples are of.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae import neighbours

NEIGHBOURS = 3  # the k of precision and recall, as in their paper
CLOSE = 5  # the k of density and coverage, as in theirs
FAIR = 0.1  # a class is seen from a tenth of its share among real images
SURE = 0.9  # probability of the most probable class


# --- Fréchet distance -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FeatureGaussian:
    """mean (f,) and covariance (f, f), float64."""

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]


def fit_gaussian(features: NDArray[np.floating[Any]]) -> FeatureGaussian:
    """The Gaussian with the mean and (unbiased) covariance of features (N, f). Raises ValueError for N < 2."""
    if len(features) < 2:
        raise ValueError(f"{len(features)} rows have no covariance, expected at least 2")
    rows = np.asarray(features, np.float64)
    return FeatureGaussian(rows.mean(0), np.atleast_2d(np.cov(rows, rowvar=False)))


def frechet_distance(a: FeatureGaussian, b: FeatureGaussian) -> float:
    """The squared Fréchet (2-Wasserstein) distance, 0 for equal Gaussians; nothing is inverted.

    Heusel et al. 2017, arXiv:1706.08500, eq. 6: ‖m₁ − m₂‖² + tr(C₁ + C₂ − 2 (C₁C₂)^½). Theirs is of Inception's
    features; on others the numbers are others. By hand, because packages for it bring Inception along and take the
    root of a general matrix; it is a dozen lines without either.

    tr((C₁C₂)^½) is the sum of the roots of the eigenvalues of C₁^½ C₂ C₁^½, which is symmetric: real and stable where
    a general matrix root is neither.
    """
    values, vectors = np.linalg.eigh(a.covariance)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T  # rounding makes eigenvalues of 0 slightly negative
    product = root @ b.covariance @ root
    overlap = np.sqrt(np.linalg.eigvalsh((product + product.T) / 2).clip(0)).sum()
    squared = np.square(a.mean - b.mean).sum() + np.trace(a.covariance) + np.trace(b.covariance) - 2 * overlap
    return max(0.0, float(squared))


# --- precision and recall ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PrecisionRecall:
    """Both are shares from 0 to 1."""

    precision: float
    recall: float


class Support:
    """Balls around features (N, f), each as large as the distance to the member's k-th nearest other member.

    Kynkäänniemi et al. 2019, arXiv:1904.06991. Raises ValueError for N ≤ k.
    """

    def __init__(self, features: NDArray[np.floating[Any]], k: int = NEIGHBOURS) -> None:
        if len(features) <= k:
            raise ValueError(f"{len(features)} rows have no {k} neighbours, expected more")
        self.features = np.asarray(features, np.float64)
        self.k = k

    @cached_property
    def squared_radius(self) -> NDArray[np.float64]:
        """Each member's squared distance to its k-th nearest other member, (N,)."""
        others = neighbours.nearest(self.features, self.features, self.k, own=np.arange(len(self.features)))
        return np.square(others.distances[:, -1])


def precision_recall(real: Support, samples: Support) -> PrecisionRecall:
    """Precision: the share of samples in the support of `real`. Recall: the share of real images in the samples'.

    Every ball counts, not the nearest alone: one far off may be larger.
    """
    hit, reached = np.zeros(len(samples.features), bool), np.zeros(len(real.features), bool)
    for block in neighbours.blocks(samples.features, real.features):
        squared = block.squared - block.rounding()[:, None]  # what lies on a ball's edge is in it
        hit[block.of_queries] |= (squared <= real.squared_radius[block.of_points]).any(1)
        reached[block.of_points] |= (squared <= samples.squared_radius[block.of_queries, None]).any(0)
    return PrecisionRecall(float(hit.mean()), float(reached.mean()))


# --- density and coverage ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DensityCoverage:
    """Density is 0 or more, about 1 for images like the real ones; coverage is a share from 0 to 1."""

    density: float
    coverage: float


def density_coverage(real: Support, samples: NDArray[np.floating[Any]]) -> DensityCoverage:
    """Density: in how many balls of `real` one of the samples (M, f) lies on average, divided by k. Coverage: the share
    of the balls that a sample lies in.

    Naeem et al. 2020, arXiv:2002.09797, eqs. 3 and 4. All balls are those of real images: a far-flung sample covers
    nothing, and one far-flung real image adds no more to the density than its one ball.
    """
    hits, reached = 0, np.zeros(len(real.features), bool)
    for block in neighbours.blocks(np.asarray(samples, np.float64), real.features):
        squared = block.squared - block.rounding()[:, None]  # what lies on a ball's edge is in it
        within = squared <= real.squared_radius[block.of_points]
        hits += int(within.sum())
        reached[block.of_points] |= within.any(0)
    return DensityCoverage(hits / (real.k * len(samples)), float(reached.mean()))


# --- classes ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ClassesSeen:
    """shares (K,) of the classes sum to 1; so many classes are seen; of so many images (0 to 1) it is sure."""

    shares: NDArray[np.float64]
    seen: int
    sure: float


def class_shares(probabilities: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """The share of each class, (K,), when each of the rows (N, K) counts for its most probable class."""
    classes = probabilities.shape[1]
    return np.bincount(probabilities.argmax(1), minlength=classes) / len(probabilities)


def classes_seen(probabilities: NDArray[np.floating[Any]], real_shares: NDArray[np.float64]) -> ClassesSeen:
    """Of samples with these probabilities (N, K), beside the class shares (K,) of real images."""
    shares = class_shares(probabilities)
    seen = (shares >= FAIR * real_shares) & (real_shares > 0)
    return ClassesSeen(shares, int(seen.sum()), float((probabilities.max(1) >= SURE).mean()))


def divergence(shares: NDArray[np.float64], real_shares: NDArray[np.float64], real_images: int) -> float:
    """KL(shares ‖ real shares) = Σ p log(p / q) in nats, both (K,); q counts half an image more of every class.

    So it is finite for a class that none of the `real_images` is of (Jeffreys), as where a model knows few classes. N
    images with exactly the real shares still have about (K − 1) / 2N by chance.
    """
    there = shares > 0
    smoothed = (real_shares * real_images + 0.5) / (real_images + 0.5 * len(real_shares))
    terms = shares[there] * np.log(shares[there] / smoothed[there])
    return max(0.0, float(terms.sum()))
