"""A histogram of scores and all that is counted in it, as plain values. No streamlit."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 60
TAIL, TAIL_IMAGES = 0.1, 2  # at each end so many per cent of the scores, or images, stand in the outermost bars: one
# far outlier would squeeze all others
FEW = 40  # of fewer scores all are shown where they are


@dataclass(frozen=True, eq=False)
class ScoreGroup:
    """Scores (n,) of images drawn in one colour; `outlier` says whether flagging them is right, None: unknown."""

    name: str
    scores: NDArray[np.float32]
    colour: str
    outlier: bool | None = None


def histogram(groups: Sequence[ScoreGroup], threshold: float, label: str, revision: int) -> dict[str, Any]:
    """Histogram, exact scores in rising order (base64 of little-endian float32), and the threshold."""
    finite = [group.scores[np.isfinite(group.scores)] for group in groups]
    edges = _edges(np.concatenate(finite) if finite else np.zeros(0, np.float32), threshold)
    shown = []
    for group, scores in zip(groups, finite, strict=True):
        ordered = np.sort(group.scores).astype("<f4")  # NaN sorts last: flagged at any threshold
        counts, _ = np.histogram(np.clip(scores, edges[0], edges[-1]), edges)
        shown.append(
            {
                "name": group.name,
                "colour": group.colour,
                "outlier": group.outlier,
                "counts": counts.tolist(),
                "sorted": base64.b64encode(ordered.tobytes()).decode(),
            }
        )
    digest = hashlib.blake2b("".join(g["sorted"] for g in shown).encode(), digest_size=8).hexdigest()
    return {
        "label": label,
        "edges": edges.tolist(),
        "groups": shown,
        "threshold": float(threshold),
        "fingerprint": digest,
        "revision": revision,
    }


def _edges(scores: NDArray[np.floating], threshold: float) -> NDArray[np.float64]:
    """Edges of the bins (BINS + 1,): all but the outermost scores, and the threshold."""
    values = np.append(scores.astype(np.float64), threshold if np.isfinite(threshold) else [])
    if not len(values):
        return np.linspace(0.0, 1.0, BINS + 1)
    tail = min(max(TAIL, 100 * TAIL_IMAGES / len(values)), 5.0)
    low, high = np.percentile(values, [tail, 100 - tail]) if len(values) > FEW else (values.min(), values.max())
    if np.isfinite(threshold):
        low, high = min(low, threshold), max(high, threshold)
    if low == high:
        around = max(0.5, abs(low) / 1e6)  # half a unit is nothing beside 1e30
        low, high = low - around, high + around
    return np.linspace(low, high, BINS + 1)
