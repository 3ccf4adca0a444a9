"""Turn one map so that it lies on another as well as it can: frames of a film that don't flip or spin, and the map of
another model beside this one's. numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import orthogonal_procrustes

Places = NDArray[np.float32]


@dataclass(frozen=True)
class Alignment:
    """A similarity of the plane: x (2,) goes to scale · (x - middle) · rotation + onto. `explained` is the share of the
    variance of the reference that the moved places explain, 1 where they fall on it.
    """

    rotation: NDArray[np.float64]
    scale: float
    middle: NDArray[np.float64]
    onto: NDArray[np.float64]
    explained: float

    def moved(self, xy: Places) -> Places:
        """Places (n, 2) of the one map as places (n, 2) of the other."""
        found: Places = (self.scale * (xy - self.middle) @ self.rotation + self.onto).astype(np.float32)
        return found


def aligned(xy: Places, reference: Places) -> Places:
    """xy (n, 2), rotated or mirrored about the origin to be nearest to reference (n, 2), row by row.

    Orthogonal Procrustes (Schönemann 1966): distances stay as they are, so sizes can be compared over time.
    """
    rotation, _ = orthogonal_procrustes(xy.astype(np.float64), reference.astype(np.float64))
    turned: Places = (xy @ rotation).astype(np.float32)
    return turned


def alignment(xy: Places, reference: Places) -> Alignment | None:
    """The shift, turn or mirror image, and one scale for all distances that bring xy (n, 2) nearest to reference
    (n, 2), row by row (Procrustes analysis, Gower 1975). None where either has only one place.
    """
    middle, onto = xy.mean(0, dtype=np.float64), reference.mean(0, dtype=np.float64)
    a, b = xy - middle, reference - onto
    spread, wanted = float(np.square(a).sum()), float(np.square(b).sum())
    if spread < 1e-12 or wanted < 1e-12:
        return None
    rotation, overlap = orthogonal_procrustes(a, b)
    return Alignment(rotation, float(overlap) / spread, middle, onto, float(overlap) ** 2 / (spread * wanted))
