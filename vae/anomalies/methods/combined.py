"""Scores that look at error and code together: COPOD, Mahalanobis, and a product. numpy, but for the smoothed error.

Three numbers of one pass are measured by how rare they are among normal images: the reconstruction's error ‖x − x̂‖, the
code's length ‖mu‖ and its uncertainty ‖sigma‖, as logarithms. COPOD says how far out in the tails of the normal images
each lies and adds the surprises up. Tails are empirical and so need no scale, but beyond all normal images everything
is equally rare: there combined_distance still tells far from further.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.methods.base import ONLY, Score, State, array, reference_rows
from vae.anomalies.methods.latent import distance, whitening
from vae.anomalies.methods.local_outlier_factor import local_outlier_factor
from vae.anomalies.methods.reconstruction import SmoothedError

if TYPE_CHECKING:
    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE

LEAST = 1e-6  # no norm's logarithm is taken below it
FEATURES = 3
PLACE_NEIGHBOURS = 10  # fewer than LOF alone has: the factor need only tell places apart, the error does the rest
ERROR = SmoothedError()


class Combined(Score):
    """COPOD of log ‖x − x̂‖, log ‖mu‖, log ‖sigma‖: max over tails of Σ −log P(normal image is further out).

    Not PyOD's: it ranks all images that are scored at once together with those it was fitted to, in memory that grows
    with both, so that an image's score depends on its company.
    """

    name = "combined"
    title = "Error, ‖mu‖ and ‖sigma‖ (COPOD)"
    source = "Li et al. 2020, COPOD: copula-based outlier detection, algorithm 1"
    about = (
        "Sees what is rare in its error or in its code, without a scale to set; fails on images that are normal in "
        "each number and odd only in their combination, and can't rank what lies beyond all normal images."
    )

    def minimum(self, normal: Pass) -> int:
        """Tails of fewer images are too coarse to tell one in twenty."""
        return 20

    def _fit(self, normal: Pass) -> dict[str, NDArray[Any]]:
        return {"sorted": np.sort(features(normal)[reference_rows(len(normal))], 0)}

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        ordered = np.sort(array(state, "sorted", None, FEATURES), 0)  # (m, 3)
        left, right = surprises(features(batch), ordered)
        centred = ordered - ordered.mean(0)
        skewed = np.where((centred**3).mean(0) < 0, left, right)  # the long tail's side is the one that matters
        most: NDArray[np.float64] = np.max([left.sum(1), right.sum(1), skewed.sum(1)], axis=0)
        return most


def features(batch: Pass) -> NDArray[np.float64]:
    """log ‖x − x̂‖, log ‖mu‖, log ‖sigma‖: (n, 3)."""
    error = np.sqrt(batch.squared_error.astype(np.float64))
    norms = [np.linalg.norm(part.astype(np.float64), axis=1) for part in (batch.mu, batch.sigma)]
    logs: NDArray[np.float64] = np.log(np.maximum(np.stack([error, *norms], 1), LEAST))
    return logs


def surprises(
    rows: NDArray[np.float64], ordered: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """−log of the share of normal images at or below each value, and at or above it: both (n, 3).

    The image itself counts among the normal ones, as in the paper, so that no share is zero.
    """
    m = len(ordered)
    columns = range(rows.shape[1])
    below = np.stack([np.searchsorted(ordered[:, j], rows[:, j], "right") for j in columns], 1)
    above = m - np.stack([np.searchsorted(ordered[:, j], rows[:, j], "left") for j in columns], 1)
    return -np.log((below + 1) / (m + 1)), -np.log((above + 1) / (m + 1))


class CombinedDistance(Score):
    """Mahalanobis distance of (log ‖x − x̂‖, log ‖mu‖, log ‖sigma‖) from the normal images' mean."""

    name = "combined_distance"
    title = "Error, ‖mu‖ and ‖sigma‖ (Mahalanobis)"
    source = "Mahalanobis 1936, of the three numbers that combined takes from one pass"
    about = (
        "Sees odd combinations of error and code, however far out; fails on normal images that are merely unusually "
        "easy (a small error is as far from the mean as a large one), and when normal images form several groups."
    )

    def minimum(self, normal: Pass) -> int:
        """A covariance of full rank needs one image more than there are numbers."""
        return FEATURES + 1

    def _fit(self, normal: Pass) -> dict[str, NDArray[Any]]:
        return whitening(features(normal))

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        return distance(features(batch), state)


class ErrorAndPlace(Score):
    """Smoothed error × LOF(mu)²: the error is a square, the local outlier factor a ratio of distances."""

    name = "error_and_place"
    title = "Error × LOF of mu"
    source = (
        "The product of smoothed_error and of the local outlier factor (Breunig et al. 2000) of mu; a product needs no "
        "weights and no scales"
    )
    about = (
        "Sees what is drawn wrong and what lies where no normal image is, so that one catches what the other misses; "
        "fails on what the model copies well and places among normal codes."
    )
    needs_model = True

    def minimum(self, normal: Pass) -> int:
        """Every reference image needs that many neighbours besides itself."""
        return PLACE_NEIGHBOURS + 1

    def fit(self, normal: Pass, model: VAE | None = None) -> dict[str, NDArray[Any]]:
        """Keeps the state of smoothed_error, and codes (m, d)."""
        own = super().fit(normal, model)
        return own if ONLY in own else {**ERROR.fit(normal, model), **own}

    def _fit(self, normal: Pass) -> dict[str, NDArray[Any]]:
        return {"reference": normal.mu[reference_rows(len(normal))]}

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        reference = array(state, "reference", None, batch.latent_dim)
        factor = local_outlier_factor(batch.mu.astype(np.float64), reference, PLACE_NEIGHBOURS)
        return ERROR.score(batch, state, model) * np.square(factor)
