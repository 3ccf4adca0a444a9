"""t-SNE: keeps who is near whom; sizes of clusters and gaps between them mean nothing.

Source: van der Maaten & Hinton 2008. openTSNE (Poličar et al. 2024) rather than scikit-learn: several times faster on
10,000 images at equal trustworthiness (`python -m benchmarks.maps`), and it tells how far it is.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from vae.errors import ConfigError
from vae.maps import quality
from vae.maps.projection import USUAL_PERPLEXITY, ProjectionMap

METHOD = "tsne"
LEAST_IMAGES = 4  # a perplexity of 1 has three neighbours to choose from
EXAGGERATED, PLAIN = 100, 250  # iterations: first with attraction exaggerated, which forms the clusters, then without
REPORT_EVERY = 5


def fit(
    mu: NDArray[np.float32],
    perplexity: float | None = None,
    seed: int = 0,
    labels: NDArray[np.int64] | None = None,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> ProjectionMap:
    """Project posterior means (N, d) to (N, 2).

    `perplexity`, the effective number of neighbours, must lie between 1 and (N - 1) / 3, None: one that fits; `seed`
    in 32 bits. `labels` (N,) are for measuring it alone.
    `on_step(done, total)` hears of every fifth iteration and may raise to stop.

    Raises
    ------
    ConfigError
        For another perplexity or seed, fewer than 4 images, and when all means are one point.
    """
    perplexity = checked(mu, perplexity, seed)
    from openTSNE import TSNE  # a second, most of it scikit-learn

    init = "pca" if mu.shape[1] > 1 else "random"  # one latent dimension has no second component to begin with
    done = 0

    def report(iteration: int, error: float, embedding: NDArray[np.float64]) -> None:
        nonlocal done
        done += REPORT_EVERY
        on_step(done, EXAGGERATED + PLAIN)

    tsne = TSNE(
        perplexity=perplexity,
        initialization=init,
        neighbors="exact",
        early_exaggeration_iter=EXAGGERATED,
        n_iter=PLAIN,
        random_state=seed,
        n_jobs=-1,
        callbacks=report,
        callbacks_every_iters=REPORT_EVERY,
    )
    xy = np.asarray(tsne.fit(mu.astype(np.float64)), dtype=np.float32)
    parameters = {
        "library": f"openTSNE {version('openTSNE')}, exact neighbours",
        "perplexity": perplexity,
        "adapted": perplexity < USUAL_PERPLEXITY and perplexity == fitting_perplexity(len(mu)),
        "iterations": EXAGGERATED + PLAIN,
        "init": init,
        "seed": seed,
    }
    return ProjectionMap(METHOD, xy, parameters, quality.neighbours_kept(mu, xy, labels))


def fitting_perplexity(images: int) -> float:
    """The usual perplexity, or the largest that so many images can have: a third of an image's neighbours."""
    return min(USUAL_PERPLEXITY, (images - 1) / 3)


def checked(mu: NDArray[np.float32], perplexity: float | None, seed: int) -> float:
    """The perplexity that `fit` uses. Raises ConfigError for what it can't map."""
    if len(mu) < LEAST_IMAGES:
        raise ConfigError(
            f"There {'is 1 image' if len(mu) == 1 else f'are {len(mu)} images'} to map, t-SNE needs at least "
            f"{LEAST_IMAGES}.",
            "PCA maps any number.",
        )
    largest, fitting = (len(mu) - 1) / 3, fitting_perplexity(len(mu))
    perplexity = fitting if perplexity is None else perplexity
    if not 1 <= perplexity <= largest:
        raise ConfigError(
            f"perplexity is {perplexity:g} for {len(mu):,} images, expected a number from 1 to {largest:g}.",
            f"Leave it out, and {fitting:.3g} is used.",
        )
    if not 0 <= seed < 2**32:
        raise ConfigError(f"seed is {seed!r}, expected a whole number from 0 to {2**32 - 1:,}.")
    if not mu.std(0).any():
        raise ConfigError("All images have the same posterior mean: there is nothing to map.", "The model collapsed.")
    return perplexity
