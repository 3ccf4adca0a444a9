"""UMAP: keeps who is near whom, as t-SNE does, with less regard for sizes and more for how groups lie to each other.

Source: McInnes, Healy & Melville 2018. The graph is UMAP's, on exact neighbours; the layout is the project's own
(umap_layout.py), in NumPy: no worse than umap-learn's at keeping neighbours, without its compiler, whose start takes
longer than the map (`python -m benchmarks.maps`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from vae.errors import ConfigError
from vae.maps import quality
from vae.maps.projection import USUAL_NEIGHBOURS, ProjectionMap
from vae.neighbours import nearest

METHOD = "umap"
LEAST_IMAGES = 4
FEW, ROUNDS_OF_FEW, ROUNDS = 10_000, 500, 200  # up to so many images more rounds, as umap-learn has it
EXTENT = 10.0  # of the first places, in units of the layout
WIDTH = 1e-4  # of the second axis at first, where there is one latent dimension


def fit(
    mu: NDArray[np.float32],
    neighbours: int | None = None,
    seed: int = 0,
    labels: NDArray[np.int64] | None = None,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> ProjectionMap:
    """Project posterior means (N, d) to (N, 2).

    `neighbours` of each image are kept near, from 2 to N - 1; None: as many as fit. `seed` in 32 bits.
    `labels` (N,) are for measuring it alone.
    `on_step(done, total)` hears how far it is and may raise to stop.

    Raises
    ------
    ConfigError
        For another number of neighbours or seed, fewer than 4 images, and when all means are one point.
    """
    neighbours = checked(mu, neighbours, seed)
    from vae.maps import umap_graph, umap_layout  # scipy's sparse matrices

    rounds = ROUNDS_OF_FEW if len(mu) <= FEW else ROUNDS
    # the search takes about as long as the layout of 60,000 images
    near = nearest(
        mu, mu, neighbours, np.arange(len(mu)), lambda done, total: on_step(rounds * done // total, 2 * rounds)
    )
    graph = umap_graph.fuzzy_graph(near)
    xy = umap_layout.laid_out(
        graph, first_places(mu, seed), rounds, seed, lambda done, _: on_step(rounds + done, 2 * rounds)
    )
    parameters = {
        "library": "UMAP's graph of exact neighbours, the project's own layout",
        "neighbours": neighbours,
        "adapted": neighbours < USUAL_NEIGHBOURS and neighbours == fitting_neighbours(len(mu)),
        "least_distance": 0.1,
        "rounds": rounds,
        "init": "pca",
        "seed": seed,
    }
    return ProjectionMap(METHOD, xy, parameters, quality.neighbours_kept(mu, xy, labels))


def first_places(mu: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """(N, 2) the two principal components, as the layout begins; copies a little apart."""
    centred = mu - mu.mean(0, dtype=np.float64)
    values, axes = np.linalg.eigh(centred.T @ centred)
    places = np.zeros((len(mu), 2))
    main = axes[:, np.argsort(-values, kind="stable")[:2]]
    places[:, : main.shape[1]] = centred @ (main * np.sign(main[np.abs(main).argmax(0), range(main.shape[1])]))
    places *= EXTENT / np.abs(places).max()
    noise = np.random.default_rng(seed).normal(0, WIDTH * EXTENT, places.shape)
    return (places + noise).astype(np.float32)


def fitting_neighbours(images: int) -> int:
    """The usual number of neighbours, or a third of the others where there are few: at least 2."""
    return max(2, min(USUAL_NEIGHBOURS, (images - 1) // 3))


def checked(mu: NDArray[np.float32], neighbours: int | None, seed: int) -> int:
    """The number of neighbours that `fit` uses. Raises ConfigError for what it can't map."""
    if len(mu) < LEAST_IMAGES:
        raise ConfigError(
            f"There {'is 1 image' if len(mu) == 1 else f'are {len(mu)} images'} to map, UMAP needs at least "
            f"{LEAST_IMAGES}.",
            "PCA maps any number.",
        )
    fitting = fitting_neighbours(len(mu))
    neighbours = fitting if neighbours is None else neighbours
    if not 2 <= neighbours < len(mu):
        raise ConfigError(
            f"neighbours is {neighbours} for {len(mu):,} images, expected a whole number from 2 to {len(mu) - 1:,}.",
            f"Leave it out, and {fitting} are used.",
        )
    if not 0 <= seed < 2**32:
        raise ConfigError(f"seed is {seed!r}, expected a whole number from 0 to {2**32 - 1:,}.")
    if not mu.std(0).any():
        raise ConfigError("All images have the same posterior mean: there is nothing to map.", "The model collapsed.")
    return neighbours
