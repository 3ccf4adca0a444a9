"""Holes: places of latent space where no image is. numpy only.

A new image's posterior sample lies at some distance from the nearest known image's posterior mean. A place is in a hole
when it lies farther from all of them than 95 % of such samples do. Dimensions that carry nothing are left out: there
every sample is far from every mean, whatever it decodes to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import Latents
from vae.checkpoints.metrics import ACTIVE_VARIANCE
from vae.generation.interpolation import Distances, Reals, distances, nearest_other

LEAST = 2  # images
NOT_MEASURED = "One test image is too few to say where the model saw no data."
SHARE = 95  # % of posterior samples that lie nearer than the limit
SEARCHED = 50_000  # images that a page looks through in every frame
USUAL_SHARE = 75  # % of them that lie nearer than is usual


@dataclass(frozen=True, eq=False)
class Reach:
    """How near to the data the data is: what is usual and the limit, in the active dimensions (k,), measured on `count`
    images.

    Both are infinite for a single image, which has no other near it: no place counts as a hole.
    """

    dims: NDArray[np.int64]
    usual: float
    limit: float
    count: int

    @property
    def is_measured(self) -> bool:
        """Whether there is a limit."""
        return math.isfinite(self.limit)


def reach(latents: Latents, count: int = 1_000, seed: int = 0) -> Reach:
    """Measured on one posterior sample z = mu + sigma ε of `count` seeded images, each to the nearest other's mean."""
    active = np.flatnonzero(latents.mu.astype(np.float64).var(0) > ACTIVE_VARIANCE)
    dims = active if len(active) else np.arange(latents.mu.shape[1])
    if len(latents.mu) < LEAST:
        return Reach(dims, math.inf, math.inf, len(latents.mu))
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(len(latents.mu))[:count])
    z = latents.mu[rows] + latents.sigma[rows] * rng.standard_normal((len(rows), latents.mu.shape[1]))
    found = nearest_other(z[:, dims], latents.mu[:, dims], rows).distance
    usual, limit = np.percentile(found, [USUAL_SHARE, SHARE])
    return Reach(dims, float(usual), float(limit), len(rows))


def every(count: int) -> int:
    """Which of `count` images a page that follows a hand looks through: the first and every so-manyth after it."""
    return max(1, math.ceil(count / SEARCHED))


def reach_in_a_page(latents: Latents) -> Reach:
    """The reach of the images that such a page looks through, among which the next one is farther away."""
    return reach(latents.take(np.arange(0, len(latents.mu), every(len(latents.mu)))))


def from_data(z: Reals, latents: Latents, known: Reach) -> NDArray[np.float64]:
    """Distance of each latent z (S, d) from the nearest image's mean, in the active dimensions: (S,)."""
    return nearest_image(z, latents, known).distance


def nearest_image(z: Reals, latents: Latents, known: Reach) -> Distances:
    """The image whose mean is nearest to each latent z (S, d), in the active dimensions."""
    return distances(z[:, known.dims], latents.mu[:, known.dims])
