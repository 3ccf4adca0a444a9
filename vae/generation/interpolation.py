"""Paths from one latent to another, and how far they lead from the data. numpy only.

lerp is the straight line. Between samples of a Gaussian in many dimensions it passes nearer to the origin than almost
any sample lies; slerp keeps to the norms (Shoemake 1985; White 2016, arXiv:1609.04468).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import FloatArray
from vae.errors import GenerationError
from vae.neighbours import Nearest, nearest

KINDS = ("lerp", "slerp")
MAX_ANCHORS = 6
MAX_STEPS = 60
NO_ANGLE = 1e-6  # radians: nearer to parallel or opposite than float32 latents can tell

Reals = NDArray[np.floating]


@dataclass(frozen=True)
class LatentPath:
    """Latents along a path: z (S, d); t (S,), which is k at anchor k; anchor_at (A,), the anchors' places in z."""

    z: FloatArray
    t: NDArray[np.float64]
    anchor_at: NDArray[np.int64]

    def by_leg(self) -> NDArray[np.int64]:
        """Places in z, (A − 1, steps of a leg): both ends belong to a leg, so an anchor between two stands in both."""
        legs = zip(self.anchor_at[:-1], self.anchor_at[1:], strict=True)
        return np.stack([np.arange(first, last + 1) for first, last in legs])


@dataclass(frozen=True)
class Distances:
    """From each of S latents to the nearest image's posterior mean: Euclidean distance (S,) and its row (S,)."""

    distance: NDArray[np.float64]
    row: NDArray[np.int64]


def lerp(a: Reals, b: Reals, t: Reals) -> FloatArray:
    """(1 − t) a + t b for a, b (d,) and t (T,): (T, d). The ends are exact."""
    return _straight(*_checked(a, b, t)).astype(np.float32)


def slerp(a: Reals, b: Reals, t: Reals) -> FloatArray:
    """Turn from a to b (d,) at constant angular speed while the norm changes linearly: (T, d) for t (T,), ends exact.

    Equal norms are kept. Where no great circle is meant (parallel, opposite, or zero vectors) this is `lerp`.
    """
    a, b, t = _checked(a, b, t)
    norms = np.linalg.norm(a), np.linalg.norm(b)
    if not min(norms):
        return lerp(a, b, t)
    ua, ub = a / norms[0], b / norms[1]
    angle = 2 * np.arctan2(np.linalg.norm(ua - ub), np.linalg.norm(ua + ub))  # exact near 0 and π, unlike arccos
    if angle < NO_ANGLE or np.pi - angle < NO_ANGLE:
        return lerp(a, b, t)
    turn = np.sin((1 - t) * angle)[:, None] * ua + np.sin(t * angle)[:, None] * ub  # (T, d)
    turn /= np.linalg.norm(turn, axis=1, keepdims=True)
    z = ((1 - t) * norms[0] + t * norms[1])[:, None] * turn
    z[t == 0], z[t == 1] = a, b
    turned: FloatArray = z.astype(np.float32)
    return turned


def path(anchors: Reals, steps: int, kind: str, most: int = MAX_ANCHORS) -> LatentPath:
    """A path through all anchors (A, d), 2 to `most` of them, with `steps` latents a leg, counting both ends: 2 to 60.

    Neighbouring legs share the anchor between them, so there are S = (A − 1)(steps − 1) + 1 latents.

    Raises
    ------
    GenerationError
        For another number of anchors or steps, another kind, and anchors that are not finite.
    """
    anchors = np.asarray(anchors)
    if anchors.ndim != 2 or not 2 <= len(anchors) <= most:
        found = len(anchors) if anchors.ndim else 0
        raise GenerationError(f"A path has {found} anchors, expected 2 to {most}.")
    if not isinstance(steps, int) or isinstance(steps, bool) or not 2 <= steps <= MAX_STEPS:
        raise GenerationError(f"A path has {steps!s:.40} steps per leg, expected a whole number from 2 to {MAX_STEPS}.")
    if kind not in KINDS:
        raise GenerationError(f"The kind of path is {kind!r:.40}, expected one of {', '.join(KINDS)}.")
    between = lerp if kind == "lerp" else slerp
    t = np.linspace(0.0, 1.0, steps)
    legs = [between(anchors[k], anchors[k + 1], t) for k in range(len(anchors) - 1)]
    z = np.concatenate([legs[0], *(leg[1:] for leg in legs[1:])])  # (S, d): a joint is the end of the leg before it
    anchor_at = np.arange(len(anchors)) * (steps - 1)
    return LatentPath(z, np.arange(len(z)) / (steps - 1), anchor_at)


def distances(z: Reals, mu: Reals) -> Distances:
    """How far each latent z (S, d) is from the nearest posterior mean of mu (N, d)."""
    if z.ndim != 2 or mu.ndim != 2 or z.shape[1] != mu.shape[1] or not len(mu):
        raise GenerationError(f"The latents have shapes {z.shape} and {mu.shape}, expected (S, d) and (N, d).")
    return _of_one(nearest(z, mu))


def nearest_other(z: Reals, mu: Reals, own: NDArray[np.int64]) -> Distances:
    """How far each z (S, d), which belongs to image own[i], is from the nearest posterior mean of another image.

    Raises GenerationError for fewer than two images.
    """
    if mu.ndim != 2 or len(mu) < 2:
        raise GenerationError(f"The posterior means have shape {mu.shape}, expected at least two images.")
    return _of_one(nearest(z, mu, own=own))


def _of_one(found: Nearest) -> Distances:
    return Distances(found.distances[:, 0], found.rows[:, 0])


def _straight(a: Reals, b: Reals, t: Reals) -> NDArray[np.float64]:
    line: NDArray[np.float64] = (1 - t)[:, None] * a + t[:, None] * b  # (T, d)
    return line


def _checked(a: Reals, b: Reals, t: Reals) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    a, b, t = (np.asarray(values, np.float64) for values in (a, b, t))
    if a.ndim != 1 or a.shape != b.shape or t.ndim != 1:
        raise GenerationError(f"The ends have shapes {a.shape} and {b.shape}, expected (d,) twice.")
    if not all(np.isfinite(values).all() for values in (a, b, t)):
        raise GenerationError("An end of a path has numbers that are not finite, expected only finite ones.")
    return a, b, t
