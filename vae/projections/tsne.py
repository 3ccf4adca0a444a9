"""t-SNE: keeps who is near whom; sizes of clusters and gaps between them mean nothing.

Source: van der Maaten & Hinton 2008; Barnes-Hut approximation: van der Maaten 2014.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import TSNE

from vae.errors import ConfigError
from vae.projections import quality
from vae.records import ProjectionMap

METHOD = "tsne"


def fit(mu: NDArray[np.float32], perplexity: float = 30.0, seed: int = 0) -> ProjectionMap:
    """Project posterior means (N, d) to (N, 2).

    `perplexity`, the effective number of neighbours, must lie between 1 and (N - 1) / 3, and `seed` in 32 bits.

    Raises
    ------
    ConfigError
        For another perplexity or seed, and when all means are one point (scikit-learn crashes on them).
    """
    largest = (len(mu) - 1) / 3
    if not 1 <= perplexity <= largest:
        raise ConfigError(
            f"perplexity is {perplexity:g} for {len(mu):,} images, expected a number from 1 to {largest:g}.",
            "30 suits most maps.",
        )
    if not 0 <= seed < 2**32:
        raise ConfigError(f"seed is {seed!r}, expected a whole number from 0 to {2**32 - 1:,}.")
    if not mu.std(0).any():
        raise ConfigError("All images have the same posterior mean: there is nothing to map.", "The model collapsed.")
    init = "pca" if mu.shape[1] > 1 else "random"  # one latent dimension has no second component to begin with
    tsne = TSNE(perplexity=perplexity, init=init, learning_rate="auto", random_state=seed, n_jobs=-1)
    xy = tsne.fit_transform(mu).astype(np.float32)
    parameters = {
        "library": "scikit-learn TSNE, Barnes-Hut",
        "perplexity": perplexity,
        "iterations": int(tsne.n_iter_) + 1,
        "init": init,
        "seed": seed,
    }
    return ProjectionMap(METHOD, xy, parameters, quality.neighbours_kept(mu, xy))
