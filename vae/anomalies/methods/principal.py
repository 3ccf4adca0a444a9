"""Pixels on their principal components: what the baselines see instead of the model. Computes with scikit-learn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.methods.base import State, array, reference_rows
from vae.checkpoints.checkpoint import FloatArray

COMPONENTS = 50
FITTED_VALUES = 2**26  # pixels' values that components are fitted to: 268 MB as float32, and PCA holds two copies more
CHUNK_VALUES = 2**23  # projected at a time


def fit(pixels: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """Mean (D,), components (p, D) and at most 10,000 of the images (n, C, H, W) on them (m, p), all float32.

    The components of large images are fitted to fewer of them: 341 of 256×256 in colour.
    """
    from sklearn.decomposition import PCA

    known, size = reference_rows(len(pixels)), math.prod(pixels.shape[1:])
    fitted = known[reference_rows(len(known), max(2, FITTED_VALUES // size))]
    components = min(COMPONENTS, len(fitted) - 1, size)
    with np.errstate(invalid="ignore"):  # the shares of no variance at all are 0/0
        pca = PCA(components, random_state=0).fit(_flat(pixels[fitted]))
    mean, axes = pca.mean_.astype(np.float32), pca.components_.astype(np.float32)
    on_them = np.concatenate([_project(_flat(pixels[known[rows]]), mean, axes) for rows in _chunks(len(known), size)])
    return {"mean": mean, "components": axes, "reference": on_them.astype(np.float32)}


def project(pixels: NDArray[np.uint8], state: State) -> NDArray[np.float64]:
    """Images (n, C, H, W) on the components: (n, p)."""
    size = math.prod(pixels.shape[1:])
    mean, components = array(state, "mean", size), array(state, "components", None, size)
    return np.concatenate([_project(_flat(pixels[rows]), mean, components) for rows in _chunks(len(pixels), size)])


def reference(state: State) -> NDArray[np.float64]:
    """The normal images on the components: (m, p)."""
    return array(state, "reference", None, len(array(state, "components", None, None)))


def _chunks(count: int, size: int) -> list[slice]:
    """Rows of `count` images of `size` values, as many at a time as fit in CHUNK_VALUES."""
    many = max(1, CHUNK_VALUES // size)
    return [slice(start, start + many) for start in range(0, count, many)]


def _flat(pixels: NDArray[np.uint8]) -> FloatArray:
    flat: FloatArray = pixels.reshape(len(pixels), -1).astype(np.float32)
    flat /= 255
    return flat


def _project(rows: FloatArray, mean: NDArray[np.floating], components: NDArray[np.floating]) -> NDArray[np.float64]:
    projected: NDArray[np.float64] = ((rows - mean) @ components.T).astype(np.float64)
    return projected
