"""Why one image is anomalous: latent dimensions that are unusual, and pixels that are wrong. numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import FloatArray
from vae.errors import ScoreError

Images = NDArray[np.uint8]

LEAST_DEVIATION = 1e-6  # a dimension that never varies makes nothing unusual by rounding
IMAGE_SHARE = 0.35  # of the image's brightness under the heat
# Nine colours of matplotlib's inferno (CC0), evenly spaced: lightness (CIE L*) rises all the way, so that more heat is
# lighter to every eye, and in print.
HEAT_COLOURS = (
    (0, 0, 4),
    (31, 12, 72),
    (85, 15, 109),
    (136, 34, 106),
    (186, 54, 85),
    (227, 89, 51),
    (249, 140, 10),
    (249, 201, 50),
    (252, 255, 164),
)


@dataclass(frozen=True)
class Unusual:
    """One latent dimension of an image: its value mu_j, its own posterior's sigma_j, and the normal images' mean and
    deviation there. `sigmas` is (value − mean) / deviation.
    """

    dim: int
    value: float
    sigma: float
    mean: float
    deviation: float
    sigmas: float


def explain(mu: FloatArray, sigma: FloatArray, reference_mu: FloatArray, reference_sigma: FloatArray) -> list[Unusual]:
    """The dimensions of one image's posterior, mu and sigma (d,), most unusual first.

    Measured against the aggregate posterior of the normal images, reference_mu and reference_sigma (N, d): its mean is
    the mean of mu, its variance that of mu plus the mean of sigma². Raises ScoreError for arrays that don't fit.
    """
    _check_reference(mu, reference_mu)
    if sigma.shape != mu.shape or reference_sigma.shape != reference_mu.shape:
        raise ScoreError(
            f"sigma has shapes {sigma.shape} and {reference_sigma.shape}, expected {mu.shape} and {reference_mu.shape}."
        )
    known, spread = reference_mu.astype(np.float64), reference_sigma.astype(np.float64)
    mean = known.mean(0)
    deviation = np.sqrt(known.var(0) + (spread**2).mean(0))
    sigmas = (mu.astype(np.float64) - mean) / np.maximum(deviation, LEAST_DEVIATION)
    order = np.argsort(-np.abs(sigmas), kind="stable")
    columns = (mu, sigma, mean, deviation, sigmas)
    return [Unusual(int(j), *(float(column[j]) for column in columns)) for j in order]


def heat(original: Images, reconstruction: Images) -> FloatArray:
    """Squared residual of one image (C, H, W) on pixels in [0, 1], averaged over channels: (H, W)."""
    if original.shape != reconstruction.shape or original.ndim != 3:
        raise ScoreError(
            f"The image is {original.shape}, its reconstruction {reconstruction.shape}, expected (C, H, W)."
        )
    residual = (original.astype(np.float32) - reconstruction.astype(np.float32)) / 255
    averaged: FloatArray = (residual**2).mean(0, dtype=np.float32)
    return averaged


def overlay(original: Images, heat: FloatArray, most: float) -> NDArray[np.uint8]:
    """The heat (H, W) over a faint grey image (C, H, W): colours (H, W, 3).

    `most` is the heat of the brightest colour, and more than that is the same: pictures that are to be compared need
    the same one. Where heat rises, no channel gets darker. Raises ScoreError for shapes that don't fit, or `most` < 0.
    """
    if original.ndim != 3 or heat.shape != original.shape[1:] or not 0 <= most < np.inf:
        raise ScoreError(f"Heat {heat.shape} up to {most:g} doesn't fit an image {original.shape}, expected (C, H, W).")
    share = np.clip(heat / most, 0, 1) if most > 0 else np.zeros(heat.shape)
    stops = np.linspace(0, 1, len(HEAT_COLOURS))
    colour = np.stack([np.interp(share, stops, channel) for channel in zip(*HEAT_COLOURS, strict=True)], 2) / 255
    grey = original[:3].mean(0)[..., None] / 255  # a fourth channel is no light
    seen = 1 - (1 - IMAGE_SHARE * grey) * (1 - colour)  # two lights on one screen
    picture: NDArray[np.uint8] = np.rint(255 * seen).astype(np.uint8)
    return picture


def _check_reference(mu: FloatArray, reference_mu: FloatArray) -> None:
    if mu.ndim != 1 or reference_mu.shape[1:] != mu.shape or not len(reference_mu):
        raise ScoreError(
            f"An image's mu is {mu.shape}, the normal images' {reference_mu.shape}: expected (d,), (N, d)."
        )
