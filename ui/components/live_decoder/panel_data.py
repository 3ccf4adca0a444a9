"""What the live decoder's panel shows beside the model, as plain values. No torch, no streamlit."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints import metrics
from vae.checkpoints.checkpoint import Checkpoint, FloatArray, Latents
from vae.checkpoints.dimension_names import NONE, DimensionNames
from vae.generation import principal_axes

LEAST_FULL_KL = 0.1  # nats, of the longest bar at least: the noise of a collapsed model is no dimension that says much

MOST_AXES = 32  # principal axes that have sliders


def slider_dims(checkpoint: Checkpoint, mu: FloatArray, names: DimensionNames = NONE) -> list[dict[str, Any]]:
    """One entry per latent dimension, the most telling first: its index, mean KL of the test images in nats, that as a
    share of the largest (or of LEAST_FULL_KL), and the bound of a slider around 0 that holds the means mu (N, d) and
    most of the prior; and what people call it. An autoencoder has no KL (None): its share is of the largest variance.
    """
    variance, has_kl = checkpoint.latents.variance_per_dim(), metrics.has_kl(checkpoint)
    told = checkpoint.latents.kl_per_dim() if has_kl else variance
    bound = np.maximum(3.0, np.ceil(np.abs(mu).max(0) * 10) / 10)
    largest = max(float(told.max()), LEAST_FULL_KL if has_kl else np.finfo(float).tiny)
    return [
        {
            "index": j,
            "kl": float(told[j]) if has_kl else None,
            "variance": float(variance[j]),
            "share": float(told[j]) / largest,
            "bound": round(float(bound[j]), 1),
            "name": names.of(j).name,
            "note": names.of(j).note,
        }
        for j in metrics.most_telling_first(checkpoint)
    ]


def principal_dims(latents: Latents) -> dict[str, Any]:
    """The first MOST_AXES principal axes of the test images' posterior means, and of how many: the mean (d,), and of
    each axis its vector (d,), its share of the variance, and the bound of a slider around the mean, which holds all
    means and three standard deviations of the aggregate posterior.
    """
    found = principal_axes.of(latents.mu)
    axes = found.axes[:MOST_AXES]
    along = np.abs((latents.mu - found.mean) @ axes.T).max(0)
    within = np.einsum("nd,kd->k", latents.sigma.astype(np.float64) ** 2, axes**2) / len(latents.mu)
    bounds = np.maximum(along, 3 * np.sqrt(found.sigma[: len(axes)] ** 2 + within))
    return {
        "of": len(found.axes),
        "mean": found.mean.tolist(),
        "axes": [
            {"vector": axis.tolist(), "share": float(share), "bound": float(np.ceil(bound * 10) / 10)}
            for axis, share, bound in zip(axes, found.shares(), bounds, strict=False)
        ],
    }


def pixels_base64(image: NDArray[np.uint8]) -> str:
    """uint8 pixels (C, H, W) as text."""
    return base64.b64encode(np.ascontiguousarray(image).tobytes()).decode()
