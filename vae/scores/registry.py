"""All anomaly scores, in the order they are shown. Importing it imports neither torch nor scikit-learn."""

from __future__ import annotations

from vae.errors import ScoreError
from vae.scores.base import Score
from vae.scores.combined import Combined
from vae.scores.combined_distance import CombinedDistance
from vae.scores.error_and_place import ErrorAndPlace
from vae.scores.importance_weighted import ImportanceWeighted
from vae.scores.kl import KL
from vae.scores.knn import NearestNeighbours
from vae.scores.lof import LOF
from vae.scores.mahalanobis import Mahalanobis
from vae.scores.mixture_density import MixtureDensity
from vae.scores.negative_elbo import NegativeElbo
from vae.scores.normalised_error import NormalisedError
from vae.scores.pca_forest import PcaForest
from vae.scores.pca_lof import PcaLOF
from vae.scores.reconstruction import Reconstruction
from vae.scores.regret import Regret
from vae.scores.smoothed_error import SmoothedError
from vae.scores.squared_error import SquaredError

_ALL: tuple[Score, ...] = (
    ErrorAndPlace(),
    Combined(),
    CombinedDistance(),
    SquaredError(),
    NormalisedError(),
    SmoothedError(),
    Reconstruction(),
    NegativeElbo(),
    ImportanceWeighted(),
    KL(),
    Mahalanobis(),
    NearestNeighbours(),
    LOF(),
    MixtureDensity(),
    Regret(),
    PcaLOF(),
    PcaForest(),
)
SCORES: dict[str, Score] = {score.name: score for score in _ALL}
DEFAULT = "error_and_place"
BASELINES = frozenset({"pca_lof", "pca_forest"})  # see pixels only
SLOW = frozenset({"regret"})  # for a chosen few images


def get(name: str) -> Score:
    """The score of that name. Raises ScoreError with the known names for another."""
    if name not in SCORES:
        raise ScoreError(f"Unknown score {name!r}.", f"Known ones: {', '.join(SCORES)}.")
    return SCORES[name]
