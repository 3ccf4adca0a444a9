"""Principal axes of posterior means: the directions in which they vary most. numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class PrincipalAxes:
    """`mean` (d,) of the data; `axes` (d, d), its rows at right angles and of length 1, the one with the largest
    variance first, the largest entry of each above 0; `sigma` (d,) standard deviations along them.
    """

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]
    sigma: NDArray[np.float64]

    def shares(self) -> NDArray[np.float64]:
        """(d,) of the whole variance; 0 where there is none."""
        variances = self.sigma**2
        return variances / max(float(variances.sum()), np.finfo(np.float64).tiny)


def of(mu: Reals) -> PrincipalAxes:
    """Of means mu (N, d)."""
    data = mu.astype(np.float64)
    mean = data.mean(0)
    variances, vectors = np.linalg.eigh((data - mean).T @ (data - mean) / len(data))  # ascending; columns
    axes = vectors.T[::-1]
    axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(1)])[:, None]  # one sign of two
    return PrincipalAxes(mean, axes, np.sqrt(variances[::-1].clip(0)))
