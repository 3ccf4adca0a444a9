"""Fréchet distance between the Gaussians that fit two sets of features. numpy only.

Heusel et al. 2017, arXiv:1706.08500, eq. 6: ‖m₁ − m₂‖² + tr(C₁ + C₂ − 2 (C₁C₂)^½). Theirs is of Inception's
features; on others the numbers are others. By hand, because packages
for it bring Inception along and take the root of a general matrix; it is a dozen lines without either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Gaussian:
    """mean (f,) and covariance (f, f), float64."""

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]


def fit(features: NDArray[np.floating[Any]]) -> Gaussian:
    """The Gaussian with the mean and (unbiased) covariance of features (N, f). Raises ValueError for N < 2."""
    if len(features) < 2:
        raise ValueError(f"{len(features)} rows have no covariance, expected at least 2")
    rows = np.asarray(features, np.float64)
    return Gaussian(rows.mean(0), np.atleast_2d(np.cov(rows, rowvar=False)))


def distance(a: Gaussian, b: Gaussian) -> float:
    """The squared Fréchet (2-Wasserstein) distance, 0 for equal Gaussians; nothing is inverted.

    tr((C₁C₂)^½) is the sum of the roots of the eigenvalues of C₁^½ C₂ C₁^½, which is symmetric: real and stable where
    a general matrix root is neither.
    """
    values, vectors = np.linalg.eigh(a.covariance)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T  # rounding makes eigenvalues of 0 slightly negative
    product = root @ b.covariance @ root
    overlap = np.sqrt(np.linalg.eigvalsh((product + product.T) / 2).clip(0)).sum()
    squared = np.square(a.mean - b.mean).sum() + np.trace(a.covariance) + np.trace(b.covariance) - 2 * overlap
    return max(0.0, float(squared))
