"""A baseline without the VAE: an isolation forest on principal components of the pixels. Computes with scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.methods import principal
from vae.anomalies.methods.base import Score, State, rebuilt

if TYPE_CHECKING:
    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE

TREES = 100


class PcaForest(Score):
    """Isolation forest of 100 trees on the first 50 principal components of the pixels: 0.5 inside, up to 1 outside."""

    name = "pca_forest"
    title = "Isolation forest on PCA (baseline)"
    source = "Liu, Ting & Zhou 2008, Isolation forest; scikit-learn's IsolationForest"
    about = (
        "Sees images that are extreme in single components, quickly; fails on anomalies inside the range of every "
        "component, and hardly tells far from very far."
    )

    def minimum(self, normal: Pass) -> int:
        """A tree needs something to split."""
        return 2

    def _fit(self, normal: Pass) -> dict[str, NDArray[Any]]:
        return principal.fit(normal.pixels)

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        forest = rebuilt(self.name, principal.reference(state), _fitted)
        scores: NDArray[np.float64] = -forest.score_samples(principal.project(batch.pixels, state))
        return scores


def _fitted(reference: NDArray[np.float64]) -> Any:
    from sklearn.ensemble import IsolationForest

    return IsolationForest(n_estimators=TREES, random_state=0).fit(reference)
