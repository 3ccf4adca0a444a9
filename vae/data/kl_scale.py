"""How heavy a KL term a data set bears, measured on its images: the scale of β. No torch.

A weight that leaves half of ten dimensions used on one data set leaves all of them on another and none on a third. What
a dimension has to pay for is how strongly images vary along it, in units of the likelihood's own noise. Of a linear
decoder that is known exactly: with λ₁ ≥ λ₂ ≥ … the eigenvalues of the images' covariance, each pixel divided by its
noise, it keeps dimension j as long as β < λⱼ (probabilistic PCA: Lucas et al. 2019, arXiv:1911.02469, section 4, for
β = 1; β multiplies the noise variance). A real decoder keeps one or two dimensions more.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vae.data import datasets

MOST_IMAGES, MOST_VALUES = 500, 2**25  # looked at: enough for the first ten eigenvalues, and read within a second


def strengths(dataset: str, likelihood: str) -> NDArray[np.float64]:
    """λ of the training images, falling: the β below which a linear decoder keeps dimension j.

    Of a Gaussian, whose noise is learned, λⱼ holds where all dimensions before j are kept. Raises DatasetError and
    DatasetMissingError.
    """
    return _strengths(dataset, likelihood, datasets.info(dataset).changed())


@lru_cache(maxsize=64)
def _strengths(dataset: str, likelihood: str, changed: int) -> NDArray[np.float64]:
    images = datasets.load(dataset, "train").images
    count = min(len(images), MOST_IMAGES, max(2, MOST_VALUES // max(1, images[0].size)))
    rows = np.linspace(0, len(images) - 1, count).astype(np.int64)
    return of_images(images[rows].reshape(count, -1), likelihood)


def of_images(pixels: NDArray[np.uint8], likelihood: str) -> NDArray[np.float64]:
    """As `strengths`, of images (N, values): at most N of them, by the N × N products of images."""
    x = pixels.astype(np.float32) / 255
    count, values = x.shape
    mean = x.mean(0)
    x -= mean
    if likelihood == "bernoulli":  # a pixel's noise: p (1 − p), with half an image more of 0 and of 1 (baseline.py)
        p = (count * mean + 0.5) / (count + 1)
        x /= np.sqrt(p * (1 - p))
    found: NDArray[np.float64] = np.linalg.eigvalsh((x @ x.T).astype(np.float64) / count)[::-1].clip(min=0)
    if likelihood == "bernoulli":
        return found
    kept = np.arange(len(found))
    rest = found.sum() - np.concatenate([[0.0], np.cumsum(found)[:-1]])  # what the dimensions before leave
    # kept ones leave β σ² each, and the learned σ² is what is left a value
    out = np.zeros_like(found)
    np.divide(values * found, rest + kept * found, out=out, where=found > 1e-12)
    return out
