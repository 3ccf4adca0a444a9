"""Three numbers of one pass, judged together by how far they are from those of normal images. numpy only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.methods.base import Score, State
from vae.anomalies.methods.combined import FEATURES, features
from vae.anomalies.methods.mahalanobis import distance, whitening

if TYPE_CHECKING:
    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE


class CombinedDistance(Score):
    """Mahalanobis distance of (log ‖x − x̂‖, log ‖mu‖, log ‖sigma‖) from the normal images' mean."""

    name = "combined_distance"
    title = "Error, ‖mu‖ and ‖sigma‖ (Mahalanobis)"
    source = "Mahalanobis 1936, of the three numbers that combined.py takes from one pass"
    about = (
        "Sees odd combinations of error and code, however far out; fails on normal images that are merely unusually "
        "easy (a small error is as far from the mean as a large one), and when normal images form several groups."
    )

    def minimum(self, normal: Pass) -> int:
        """A covariance of full rank needs one image more than there are numbers."""
        return FEATURES + 1

    def _fit(self, normal: Pass) -> dict[str, NDArray[Any]]:
        return whitening(features(normal))

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        return distance(features(batch), state)
