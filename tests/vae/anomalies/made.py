"""What detectors are made of in tests: passes that no model made."""

from __future__ import annotations

import dataclasses

import numpy as np

from vae.anomalies import detectors
from vae.anomalies.detectors import Detector
from vae.anomalies.forward_pass import Pass
from vae.checkpoints.checkpoint import Checkpoint


def seen(count: int = 200, seed: int = 0, shift: float = 0.0, **changes: object) -> Pass:
    """A pass that no model made: `shift` moves its codes and its error."""
    rng = np.random.default_rng(seed)
    mu = (rng.normal(size=(count, 2)) + shift).astype(np.float32)
    error, energy, likelihood, kl = ((rng.uniform(1, 2, count) + abs(shift)).astype(np.float32) for _ in range(4))
    pixels = rng.integers(0, 256, (count, 1, 8, 8), np.uint8)
    made = Pass(mu, np.ones_like(mu), error, energy, likelihood, kl, likelihood - kl, pixels)
    return dataclasses.replace(made, **changes)


def fitted(checkpoint: Checkpoint, score: str = "squared_error", **changes: object) -> Detector:
    made = detectors.fit(checkpoint, None, score, seen(seed=1), seen(seed=2), "all of it", name="first")
    return dataclasses.replace(made, **changes)
