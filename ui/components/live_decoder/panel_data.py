"""What the live decoder's panel shows beside the model, as plain values. No torch, no streamlit."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import Checkpoint


def slider_dims(checkpoint: Checkpoint) -> list[dict[str, Any]]:
    """One entry per latent dimension, largest KL first: its index, mean KL in nats, and a range that holds the data."""
    mu, kl = checkpoint.latents.mu, checkpoint.latents.kl_per_dim()
    order = np.argsort(-kl, kind="stable")
    low = np.minimum(-3.0, np.floor(mu.min(0) * 10) / 10)
    high = np.maximum(3.0, np.ceil(mu.max(0) * 10) / 10)
    return [
        {"index": int(j), "kl": float(kl[j]), "low": round(float(low[j]), 1), "high": round(float(high[j]), 1)}
        for j in order
    ]


def pixels_base64(image: NDArray[np.uint8]) -> str:
    """uint8 pixels (C, H, W) as text."""
    return base64.b64encode(np.ascontiguousarray(image).tobytes()).decode()
