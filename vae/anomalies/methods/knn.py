"""How far an image's code is from the nearest normal ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.methods.base import Score, State, array, reference_rows
from vae.neighbours import nearest

if TYPE_CHECKING:
    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE

NEIGHBOURS = 10


class NearestNeighbours(Score):
    """Mean Euclidean distance of mu to the nearest of at most 10,000 normal mu."""

    name = "knn"
    title = f"{NEIGHBOURS} nearest neighbours of mu"
    source = "Angiulli & Pizzuti 2002, Fast outlier detection in high dimensional spaces"
    about = (
        "Sees codes in empty places, whatever shape the normal ones have; fails on what the encoder maps among normal "
        "codes, and sets the same distance for sparse and dense regions."
    )

    def minimum(self, normal: Pass) -> int:
        """As many as are asked for."""
        return NEIGHBOURS

    def _fit(self, normal: Pass) -> dict[str, NDArray[Any]]:
        return {"reference": normal.mu[reference_rows(len(normal))]}

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        reference = array(state, "reference", None, batch.latent_dim)
        mean: NDArray[np.float64] = nearest(batch.mu, reference, NEIGHBOURS).distances.mean(1)
        return mean
