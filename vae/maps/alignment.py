"""Turn one map so that it lies on another as well as it can: frames of a film that don't flip or spin. numpy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import orthogonal_procrustes


def aligned(xy: NDArray[np.float32], reference: NDArray[np.float32]) -> NDArray[np.float32]:
    """xy (n, 2), rotated or mirrored about the origin to be nearest to reference (n, 2), row by row.

    Orthogonal Procrustes (Schönemann 1966): distances stay as they are, so sizes can be compared over time.
    """
    rotation, _ = orthogonal_procrustes(xy.astype(np.float64), reference.astype(np.float64))
    turned: NDArray[np.float32] = (xy @ rotation).astype(np.float32)
    return turned
