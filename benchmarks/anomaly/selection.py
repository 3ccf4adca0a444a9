"""Which score to trust where no outlier is known: the one that best finds outliers made from held-out normal images.

Numpy and scikit-learn's AUROC, no torch: whoever calls hands over a function from images to scores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.anomaly import synthetic
from vae.anomalies.evaluation.metrics import auroc
from vae.errors import ScoreError

FEWEST, MOST = 10, 1_000  # held-out normal images; of 500 an AUROC of 0.97 is good to about half a percent
ScoreAll = Callable[[NDArray[np.uint8]], Mapping[str, NDArray[np.float32]]]


@dataclass(frozen=True)
class Ranked:
    """A score's AUROC against each kind of synthetic outlier, and their plain mean."""

    name: str
    mean_auroc: float
    by_kind: dict[str, float]


def choose(
    score_all: ScoreAll,
    held_out: NDArray[np.uint8],
    kinds: tuple[str, ...] = synthetic.names(),
    seed: int = 0,
    on_kind: Callable[[int, int], None] = lambda done, total: None,
) -> list[Ranked]:
    """Rank scores, best first, by the mean AUROC over `kinds` of synthetic outliers of `held_out` (n, C, H, W).

    `score_all(images)` gives one float per image for every score, higher = more anomalous; it is asked once for the
    images themselves and once per kind. Of more than 1,000 images a seeded thousand is used. `held_out` must be normal
    images that neither the model nor the detector was fitted to: on images it knows, every score looks too good.

    Raises
    ------
    ScoreError
        For fewer than 10 images, an unknown kind or none, and scores that are missing or not a number.
    """
    if not kinds:
        raise ScoreError("No kind of synthetic outlier was chosen.", f"Known ones: {', '.join(synthetic.names())}.")
    if len(held_out) < FEWEST:
        raise ScoreError(
            f"Scores are compared on {len(held_out):,} held-out normal images, expected at least {FEWEST}.",
            "Choose more classes as normal.",
        )
    if len(held_out) > MOST:
        rows = np.random.default_rng(seed).choice(len(held_out), MOST, replace=False)
        held_out = held_out[np.sort(rows)]
    normal = score_all(held_out)
    truth = np.repeat([False, True], len(held_out))
    found: dict[str, dict[str, float]] = {name: {} for name in normal}
    for done, kind in enumerate(kinds, 1):
        outliers = score_all(synthetic.make(held_out, kind, seed))
        if set(outliers) != set(normal):
            raise ScoreError(f"Scores {sorted(outliers)} of {kind} outliers, expected {sorted(normal)}.")
        for name, scores in normal.items():
            found[name][kind] = auroc(np.concatenate([scores, outliers[name]]), truth)
        on_kind(done, len(kinds))
    ranked = [Ranked(name, float(np.mean(list(by_kind.values()))), by_kind) for name, by_kind in found.items()]
    return sorted(ranked, key=lambda r: -r.mean_auroc)  # stable: equal ones stay in the order given
