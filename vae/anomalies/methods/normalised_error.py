"""The squared error as a share of what there was to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.methods.base import Score, State

if TYPE_CHECKING:
    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE

LEAST_ENERGY = 1.0  # of one white pixel: an image darker than that is divided by it, a black one not by zero


class NormalisedError(Score):
    """Σ (x − E[x|z=mu])² / Σ x²: 0 for a perfect reconstruction, 1 for a black one."""

    name = "normalised_error"
    title = "Squared error / energy"
    source = "The relative error ‖x − x̂‖² / ‖x‖² of signal processing; Sakurada & Yairi 2014 for the error itself"
    about = (
        "The squared error without its liking for bright images; fails on anomalies that are brighter than normal "
        "images (inverted ones, noise), whose energy hides their error."
    )

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        return batch.squared_error / np.maximum(batch.energy, LEAST_ENERGY)
