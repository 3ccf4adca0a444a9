"""What comparisons are tested on: the shipped digits-mlp-8, with the digits 0 to 4 as normal."""

from __future__ import annotations

from vae.anomalies.normal_images import NormalChoice
from vae.storage import paths

CHECKPOINTS = paths.PROJECT / "checkpoints"
LOW = NormalChoice(tuple("01234"))
NAMES = ("knn", "normalised_error", "pca_lof")
IN_ORDER = ["normalised_error", "knn", "pca_lof"]
