"""All anomaly scores, in the order they are shown. Importing it imports neither torch nor scikit-learn."""

from __future__ import annotations

from vae import recognition
from vae.anomalies.methods.base import Score
from vae.anomalies.methods.baselines import PcaForest, PcaLOF
from vae.anomalies.methods.combined import Combined, CombinedDistance, ErrorAndPlace
from vae.anomalies.methods.latent import LOF, Mahalanobis, MixtureDensity, NearestNeighbours
from vae.anomalies.methods.likelihood import KL, NEGATIVE_ELBO, RECONSTRUCTION, ImportanceWeighted
from vae.anomalies.methods.reconstruction import NORMALISED_ERROR, SQUARED_ERROR, SmoothedError
from vae.anomalies.methods.regret import Regret
from vae.errors import ScoreError

_ALL: tuple[Score, ...] = (
    ErrorAndPlace(),
    Combined(),
    CombinedDistance(),
    SQUARED_ERROR,
    NORMALISED_ERROR,
    SmoothedError(),
    RECONSTRUCTION,
    NEGATIVE_ELBO,
    ImportanceWeighted(),
    KL,
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
        near = recognition.nearest(name, SCORES)
        raise ScoreError(f"Unknown score {name!r}.", f"{near} Known ones: {', '.join(SCORES)}.".strip())
    return SCORES[name]
