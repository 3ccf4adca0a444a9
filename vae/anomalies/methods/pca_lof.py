"""A baseline without the VAE: the local outlier factor on principal components of the pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.methods import principal
from vae.anomalies.methods.base import Score, State
from vae.anomalies.methods.lof import NEIGHBOURS, local_outlier_factor

if TYPE_CHECKING:
    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE


class PcaLOF(Score):
    """LOF (k = 20) on the first 50 principal components of the pixels, among at most 10,000 normal images."""

    name = "pca_lof"
    title = "LOF on PCA (baseline)"
    source = "Breunig et al. 2000 on PCA; scikit-learn's LocalOutlierFactor, and copies count once"
    about = (
        "Sees images unlike their nearest normal images, pixel by pixel; fails when normal images are moved or turned, "
        "and on what lies outside the components' span, such as fine noise, which the projection drops."
    )

    def minimum(self, normal: Pass) -> int:
        """Every reference image needs that many neighbours besides itself."""
        return NEIGHBOURS + 1

    def _fit(self, normal: Pass) -> dict[str, NDArray[Any]]:
        return principal.fit(normal.pixels)

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        return local_outlier_factor(principal.project(batch.pixels, state), principal.reference(state))
