"""How much emptier the place of an image's code is than the places of its neighbours. Computes with scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vae.scores.base import Score, State, array, rebuilt, reference_rows

if TYPE_CHECKING:
    from vae.model import VAE
    from vae.scores.passes import Pass

NEIGHBOURS = 20


class LOF(Score):
    """Local outlier factor of mu among at most 10,000 normal mu: about 1 inside, larger outside."""

    name = "lof"
    title = "LOF of mu"
    source = "Breunig, Kriegel, Ng & Sander 2000, LOF: identifying density-based local outliers"
    about = (
        "Sees codes in places that are empty for their neighbourhood, so clusters may differ in density; fails on what "
        "the encoder maps among normal codes, and grows without measure where normal images are duplicates."
    )

    def minimum(self, normal: Pass) -> int:
        """Every reference image needs that many neighbours besides itself."""
        return NEIGHBOURS + 1

    def _fit(self, normal: Pass) -> dict[str, NDArray[Any]]:
        return {"reference": normal.mu[reference_rows(len(normal))]}

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        return local_outlier_factor(batch.mu.astype(np.float64), array(state, "reference", None, batch.latent_dim))


def local_outlier_factor(
    rows: NDArray[np.float64], reference: NDArray[np.float64], neighbours: int = NEIGHBOURS
) -> NDArray[np.float64]:
    """LOF (n,) of rows (n, d) among reference rows (m, d), none of which counts as its own neighbour's company."""

    def fitted(reference: NDArray[np.float64]) -> Any:
        from sklearn.neighbors import LocalOutlierFactor

        # brute force is twice as fast as trees in 8 dimensions, 13 times in 50 (measured)
        k = min(neighbours, len(reference) - 1)
        return LocalOutlierFactor(n_neighbors=k, algorithm="brute", novelty=True).fit(reference)

    factors: NDArray[np.float64] = -rebuilt(f"lof {neighbours}", reference, fitted).score_samples(rows)
    return factors
