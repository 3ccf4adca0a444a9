"""Make a map by the name of its method. What a method needs is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae.maps.projection import ProjectionMap

OF_NEIGHBOURS = ("tsne", "umap")  # the methods that place images by their neighbours, in many steps


@dataclass(frozen=True)
class MapSettings:
    """What can be chosen; None: what fits the images."""

    perplexity: float | None = None  # of t-SNE
    neighbours: int | None = None  # of UMAP
    seed: int = 0


DEFAULT = MapSettings()


def fit(
    method: str,
    mu: NDArray[np.float32],
    labels: NDArray[np.int64] | None = None,
    settings: MapSettings = DEFAULT,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> ProjectionMap:
    """Project posterior means (N, d) to (N, 2) by "pca", "tsne" or "umap"; `labels` (N,) are for measuring it alone.

    `on_step(done, total)` hears of steps and may raise to stop. Raises ConfigError for settings that don't fit, and
    where there is nothing to map.
    """
    if method == "pca":
        from vae.maps import pca

        return pca.fit(mu, labels)
    if method == "tsne":
        from vae.maps import tsne

        return tsne.fit(mu, settings.perplexity, settings.seed, labels, on_step)
    from vae.maps import umap

    return umap.fit(mu, settings.neighbours, settings.seed, labels, on_step)
