"""Scores of the picture: how far an image is from its own reconstruction. Smoothing computes with torch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.methods.base import ONLY, PassScore, Score, State, array
from vae.checkpoints.checkpoint import FloatArray

if TYPE_CHECKING:
    from torch import Tensor

    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE

LEAST_ENERGY = 1.0  # of one white pixel: an image darker than that is divided by it, a black one not by zero
BLUR = 0.04  # the Gaussian's standard deviation, as a share of the shorter side: 1.1 pixels of 28
LEAST_VARIANCE = 1e-6  # of a model that copies perfectly, so that nothing is divided by zero
BATCH_VALUES = 200_000  # pixels' values of a batch: 255 images of 28×28; 668 of them take twice as long each (measured)


# Σ over pixels of (x − E[x|z=mu])².
SQUARED_ERROR = PassScore(
    "squared_error",
    lambda batch: batch.squared_error,
    title="Squared error",
    source="Sakurada & Yairi 2014, Anomaly detection using autoencoders with nonlinear dimensionality reduction",
    about=(
        "Sees what the decoder can't draw; fails on simple images with few bright pixels, such as blank ones, whose "
        "error is small because there is little to get wrong."
    ),
)


# Σ (x − E[x|z=mu])² / Σ x²: 0 for a perfect reconstruction, 1 for a black one.
NORMALISED_ERROR = PassScore(
    "normalised_error",
    lambda batch: batch.squared_error / np.maximum(batch.energy, LEAST_ENERGY),
    title="Squared error / energy",
    source="The relative error ‖x − x̂‖² / ‖x‖² of signal processing; Sakurada & Yairi 2014 for the error itself",
    about=(
        "The squared error without its liking for bright images; fails on anomalies that are brighter than normal "
        "images (inverted ones, noise), whose energy hides their error."
    ),
)


class SmoothedError(Score):
    """Σ_p (G ∗ (x − E[x|z=mu]))_p² / (v_p + v̄), over Σ x².

    G is a Gaussian of 4 % of the side; outside the image the difference counts as 0. v_p is the mean square of the
    blurred difference at pixel p among normal images and v̄ its mean over pixels: at places where normal images are
    never drawn wrong a difference counts up to twice, at places where they often are it counts less.
    """

    name = "smoothed_error"
    title = "Smoothed error / energy"
    source = (
        "The relative error ‖x − x̂‖² / ‖x‖², with differences low-passed and divided by their variance at each pixel "
        "as in a Gaussian p(x|z) of diagonal covariance"
    )
    about = (
        "Sees strokes that are missing or too many and forgives edges drawn a little beside their place, whose errors "
        "of both signs cancel; fails on fine texture, and on whatever the model copies well."
    )
    needs_model = True

    def fit(self, normal: Pass, model: VAE | None = None) -> dict[str, NDArray[Any]]:
        """Keeps v, (C, H, W) float32."""
        if ONLY in (found := super().fit(normal, model)):
            return found
        assert model is not None  # noqa: S101 - checked by it
        total = np.zeros(normal.pixels.shape[1:], np.float64)
        for rows in _batches(normal):
            total += np.square(_differences(normal.take(rows), model), dtype=np.float64).sum(0)
        return {"variance": (total / len(normal)).astype(np.float32)}

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        assert model is not None  # noqa: S101 - checked in `score`
        variance = array(state, "variance", *batch.pixels.shape[1:])
        weight = (1 / np.maximum(variance + variance.mean(), LEAST_VARIANCE)).astype(np.float32).ravel()
        errors = np.empty(len(batch), np.float32)
        for rows in _batches(batch):
            squares = np.square(_differences(batch.take(rows), model))
            errors[rows] = squares.reshape(len(squares), -1) @ weight
        return errors / np.maximum(batch.energy, LEAST_ENERGY)


def _batches(images: Pass) -> Iterator[slice]:
    from vae.checkpoints.inference import batches

    return batches(len(images), BATCH_VALUES, math.prod(images.pixels.shape[1:]), BATCH_VALUES)


def _differences(batch: Pass, model: VAE) -> FloatArray:
    """G ∗ (x − E[x|z=mu]), (n, C, H, W)."""
    import torch

    from vae.anomalies.forward_pass import unit_pixels

    with torch.inference_mode():
        x = unit_pixels(model, batch.pixels, batch.binarized, batch.seed)
        difference = x - model.decode_mean(torch.tensor(np.ascontiguousarray(batch.mu), device=x.device))
        found: FloatArray = blurred(difference).float().cpu().numpy()
    return found


def blurred(images: Tensor) -> Tensor:
    """Images (n, C, H, W) under the Gaussian, as two matrix products: along columns, then along rows."""
    height, width = images.shape[2:]
    sigma = BLUR * min(height, width)
    return _band(height, sigma, images) @ images @ _band(width, sigma, images)


def _band(side: int, sigma: float, like: Tensor) -> Tensor:
    """(side, side), symmetric: what each pixel gives to each; rows sum to 1 away from the border."""
    import torch

    away = torch.arange(side, dtype=torch.float64)
    weight = torch.exp(-0.5 * ((away[:, None] - away[None]) / sigma) ** 2)
    total = torch.exp(-0.5 * (torch.arange(-side, side + 1, dtype=torch.float64) / sigma) ** 2).sum()
    return (weight / total).to(like)
