"""All anomaly scores, in the order they are shown. Importing it imports neither torch nor scikit-learn."""

from __future__ import annotations

from vae.anomalies.methods.base import Score
from vae.anomalies.methods.combined import Combined
from vae.anomalies.methods.combined_distance import CombinedDistance
from vae.anomalies.methods.error_and_place import ErrorAndPlace
from vae.anomalies.methods.importance_weighted import ImportanceWeighted
from vae.anomalies.methods.kl import KL
from vae.anomalies.methods.knn import NearestNeighbours
from vae.anomalies.methods.lof import LOF
from vae.anomalies.methods.mahalanobis import Mahalanobis
from vae.anomalies.methods.mixture_density import MixtureDensity
from vae.anomalies.methods.negative_elbo import NegativeElbo
from vae.anomalies.methods.normalised_error import NormalisedError
from vae.anomalies.methods.pca_forest import PcaForest
from vae.anomalies.methods.pca_lof import PcaLOF
from vae.anomalies.methods.reconstruction import Reconstruction
from vae.anomalies.methods.regret import Regret
from vae.anomalies.methods.smoothed_error import SmoothedError
from vae.anomalies.methods.squared_error import SquaredError
from vae.errors import ScoreError

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
