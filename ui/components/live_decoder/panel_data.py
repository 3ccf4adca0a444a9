"""What the live decoder's panel shows beside the model, as plain values. No torch, no streamlit."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.checkpoints.dimension_names import NONE, DimensionNames

LEAST_FULL_KL = 0.1  # nats, of the longest bar at least: the noise of a collapsed model is no dimension that says much


def slider_dims(checkpoint: Checkpoint, mu: FloatArray, names: DimensionNames = NONE) -> list[dict[str, Any]]:
    """One entry per latent dimension, largest KL first: its index, mean KL of the test images in nats, that as a share
    of the largest (or of LEAST_FULL_KL), and the bound of a slider around 0 that holds the means mu (N, d) and most of
    the prior; and what people call it.
    """
    kl = checkpoint.latents.kl_per_dim()
    order = np.argsort(-kl, kind="stable")
    bound = np.maximum(3.0, np.ceil(np.abs(mu).max(0) * 10) / 10)
    largest = max(float(kl.max()), LEAST_FULL_KL)
    return [
        {
            "index": int(j),
            "kl": float(kl[j]),
            "share": float(kl[j]) / largest,
            "bound": round(float(bound[j]), 1),
            "name": names.of(int(j)).name,
            "note": names.of(int(j)).note,
        }
        for j in order
    ]


def pixels_base64(image: NDArray[np.uint8]) -> str:
    """uint8 pixels (C, H, W) as text."""
    return base64.b64encode(np.ascontiguousarray(image).tobytes()).decode()
