"""Planes through latent space, whose points are decoded as one picture: a manifold. numpy only.

Source of the sheet at quantiles of the prior: Kingma & Welling 2014, arXiv:1312.6114, figure 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import FloatArray
from vae.errors import GenerationError
from vae.generation import principal_axes

MAX_SIDE = 100
FLAT = 1e-6  # a standard deviation below this is no direction, only rounding
Reals = NDArray[np.floating]


@dataclass(frozen=True)
class Plane:
    """All base + a u + b v: base, u, v (d,) float32, and what a and b are called."""

    base: FloatArray
    u: FloatArray
    v: FloatArray
    names: tuple[str, str]

    def __post_init__(self) -> None:
        arrays = (self.base, self.u, self.v)
        if any(array.ndim != 1 or len(array) != len(self.base) for array in arrays):
            raise GenerationError(f"A plane has arrays {[a.shape for a in arrays]}, expected (d,) three times.")
        if not all(np.isfinite(array).all() for array in arrays):
            raise GenerationError("A plane has numbers that are not finite, expected only finite ones.")

    @property
    def latent_dim(self) -> int:
        """d."""
        return len(self.base)

    def at(self, a: Reals | float, b: Reals | float) -> FloatArray:
        """The latents at a, b (broadcast to one shape): (..., d)."""
        a, b = (np.asarray(values, np.float64)[..., None] for values in (a, b))
        return (self.base + a * self.u + b * self.v).astype(np.float32)

    def place(self, z: Reals) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(a, b) of the point of the plane that is nearest to z (..., d): its orthogonal projection."""
        axes = np.stack([self.u, self.v], 1).astype(np.float64)  # (d, 2)
        found = (z - self.base.astype(np.float64)) @ np.linalg.pinv(axes).T  # (..., 2)
        return found[..., 0], found[..., 1]


def latent_plane(z: Reals, i: int, j: int) -> Plane:
    """Dimensions i and j of latent space, all others as in z (d,): a is z_i and b is z_j."""
    _check_axes(i, j, len(z), "dimensions")
    units = np.eye(len(z), dtype=np.float32)
    base = np.array(z, np.float32)
    base[[i, j]] = 0
    return Plane(base, units[i], units[j], (f"z{i}", f"z{j}"))


def principal_plane(z: Reals, mu: Reals, i: int, j: int) -> Plane:
    """The plane through z (d,) along principal axes i and j (from 0) of the posterior means mu (N, d).

    a and b count standard deviations of the data along them, from the mean's projection onto the plane.

    Raises
    ------
    GenerationError
        For equal or unknown axes, and where the data does not vary along one.
    """
    _check_axes(i, j, len(z), "principal axes")
    found = principal_axes.of(mu)
    mean, axes, sigma = found.mean, found.axes, found.sigma
    for k in (i, j):
        if sigma[k] < FLAT:
            raise GenerationError(
                f"The data does not vary along principal axis {k + 1} (standard deviation {sigma[k]:.1g}).",
                "Choose an earlier one.",
            )
    origin = z + ((mean - z) @ axes[[i, j]].T) @ axes[[i, j]]
    u, v = ((sigma[k] * axes[k]).astype(np.float32) for k in (i, j))
    return Plane(origin.astype(np.float32), u, v, (f"PC {i + 1}", f"PC {j + 1}"))


def quantiles(n: int, low: float = 0.0, high: float = 1.0) -> NDArray[np.float64]:
    """Φ⁻¹ in the middles of n equal parts of [low, high] in [0, 1], (n,): parts of N(0, 1) that are equally likely."""
    if not 0 <= low < high <= 1:
        raise GenerationError(f"Quantiles from {low:g} to {high:g}, expected a range inside 0 to 1.")
    return np.array([NormalDist().inv_cdf(share) for share in even_steps(n, low, high)])


def even_steps(n: int, low: float, high: float) -> NDArray[np.float64]:
    """The middles of n equal parts of [low, high], (n,)."""
    if not isinstance(n, int) or isinstance(n, bool) or not 1 <= n <= MAX_SIDE:
        raise GenerationError(f"A side has {n!s:.40} pictures, expected a whole number from 1 to {MAX_SIDE}.")
    return low + (np.arange(n) + 0.5) / n * (high - low)


def sheet(plane: Plane, a: Reals, b: Reals) -> FloatArray:
    """The latents of a sheet, (B, A, d), for a (A,) and b (B,): a grows to the right, b upwards, as on a map."""
    across, upwards = np.sort(a)[None, :], np.sort(b)[::-1][:, None]
    return plane.at(across, upwards)


def _check_axes(i: int, j: int, latent_dim: int, what: str) -> None:
    if i == j or not (0 <= i < latent_dim and 0 <= j < latent_dim):
        raise GenerationError(
            f"The plane's {what} are {i} and {j}, expected two different ones from 0 to {latent_dim - 1}.",
            "One latent dimension has no plane." if latent_dim == 1 else "",
        )
