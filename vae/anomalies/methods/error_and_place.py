"""What is drawn wrong, times how empty its place in latent space is. Computes with torch and scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.methods.base import Score, State, array, reference_rows
from vae.anomalies.methods.lof import local_outlier_factor
from vae.anomalies.methods.smoothed_error import SmoothedError

if TYPE_CHECKING:
    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE

NEIGHBOURS = 10  # fewer than LOF alone has: the factor need only tell places apart, the error does the rest
ERROR = SmoothedError()


class ErrorAndPlace(Score):
    """Smoothed error × LOF(mu)²: the error is a square, the local outlier factor a ratio of distances."""

    name = "error_and_place"
    title = "Error × LOF of mu"
    source = (
        "The product of smoothed_error and of the local outlier factor (Breunig et al. 2000) of mu; a product needs no "
        "weights and no scales"
    )
    about = (
        "Sees what is drawn wrong and what lies where no normal image is, so that one catches what the other misses; "
        "fails on what the model copies well and places among normal codes."
    )
    needs_model = True

    def minimum(self, normal: Pass) -> int:
        """Every reference image needs that many neighbours besides itself."""
        return NEIGHBOURS + 1

    def fit(self, normal: Pass, model: VAE | None = None) -> dict[str, NDArray[Any]]:
        """Keeps the state of smoothed_error, and codes (m, d)."""
        own = super().fit(normal, model)
        return {**ERROR.fit(normal, model), **own}

    def _fit(self, normal: Pass) -> dict[str, NDArray[Any]]:
        return {"reference": normal.mu[reference_rows(len(normal))]}

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        reference = array(state, "reference", None, batch.latent_dim)
        factor = local_outlier_factor(batch.mu.astype(np.float64), reference, NEIGHBOURS)
        return ERROR.score(batch, state, model) * np.square(factor)
