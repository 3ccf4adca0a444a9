"""Where images' latents lie together, against the prior that samples are drawn from. numpy only.

The mean KL of a model is what z tells of an image plus what the latents of all images together, the aggregate posterior
q(z) = 1/N Σ q(z|x_n), differ from the prior: Hoffman & Johnson 2016, "ELBO surgery". The second part costs nats and
spoils samples, for it is a distance between where the decoder was trained and where it is asked.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FEWEST = 8  # images of each half: of fewer a covariance says nothing
LEAST = 1e-12  # variance: that of a point, such as an autoencoder's, would make a covariance singular


def marginal_kl(mu: NDArray[np.float32], sigma: NDArray[np.float32]) -> float:
    """At least so many nats is KL(q(z) ‖ N(0, 1)), for posteriors N(mu, sigma²) of images, both (N, d).

    A normal distribution r with the mean and covariance of one half of the images is judged on the other half:
    E_q [log r(z) − log p(z)] ≤ KL(q ‖ p) for every r, and without bias, because r has not seen these images. Both
    logarithms are quadratic in z, so the mean over z is exact. The two halves are every other image; the mean of both
    ways is given, and 0 where it is below or the images are too few.
    """
    if len(mu) < 2 * FEWEST:
        return 0.0
    with np.errstate(all="ignore"):  # of a model that has gone wrong
        halves = [_Moments.of(mu[row::2], sigma[row::2]) for row in (0, 1)]
        found = [halves[i].log_ratio(halves[1 - i]) for i in (0, 1)]
    return max(0.0, float(np.mean(found)))


class _Moments:
    """Mean (d,) and covariance (d, d) of z over images and their posteriors."""

    def __init__(self, mean: NDArray[np.float64], covariance: NDArray[np.float64]) -> None:
        self.mean, self.covariance = mean, covariance

    @classmethod
    def of(cls, mu: NDArray[np.float32], sigma: NDArray[np.float32]) -> _Moments:
        wide = mu.astype(np.float64)
        centred = wide - wide.mean(0)
        spread = np.square(sigma, dtype=np.float64).mean(0) + LEAST  # of each posterior around its own mean
        return cls(wide.mean(0), centred.T @ centred / len(wide) + np.diag(spread))

    def log_ratio(self, other: _Moments) -> float:
        """E [log N(z; self) − log N(z; 0, 1)] for z with the other's moments, nats."""
        off = other.mean - self.mean
        around = other.covariance + np.outer(off, off)
        below = np.linalg.slogdet(self.covariance)[1] + np.trace(np.linalg.solve(self.covariance, around))
        return 0.5 * float(np.trace(other.covariance) + other.mean @ other.mean - below)
