"""How far an image is from its own reconstruction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.methods.base import Score, State

if TYPE_CHECKING:
    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE


class SquaredError(Score):
    """Σ over pixels of (x − E[x|z=mu])²."""

    name = "squared_error"
    title = "Squared error"
    source = "Sakurada & Yairi 2014, Anomaly detection using autoencoders with nonlinear dimensionality reduction"
    about = (
        "Sees what the decoder can't draw; fails on simple images with few bright pixels, such as blank ones, whose "
        "error is small because there is little to get wrong."
    )

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        return batch.squared_error
