"""Three numbers of one pass, each judged by how rare it is among normal images. numpy only.

The numbers are the reconstruction's error ‖x − x̂‖, the code's length ‖mu‖ and its uncertainty ‖sigma‖, as logarithms.
COPOD says how far out in the tails of the normal images each lies and adds the surprises up. Tails are empirical and so
need no scale, but beyond all normal images everything is equally rare: there combined_distance still tells far from
further.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.methods.base import Score, State, array, reference_rows

if TYPE_CHECKING:
    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE

LEAST = 1e-6  # no norm's logarithm is taken below it
FEATURES = 3


class Combined(Score):
    """COPOD of log ‖x − x̂‖, log ‖mu‖, log ‖sigma‖: max over tails of Σ −log P(normal image is further out)."""

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
