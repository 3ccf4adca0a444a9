"""Pixels on their principal components: what the baselines see instead of the model. Computes with scikit-learn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.records import FloatArray
from vae.scores.base import State, array, reference_rows

COMPONENTS = 50
CHUNK = 1_000  # images projected at a time: large ones are many bytes as float64


def fit(pixels: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """Mean (D,), components (p, D) and at most 10,000 of the images (n, C, H, W) on them (m, p), all float32."""
    from sklearn.decomposition import PCA

    rows = _flat(pixels[reference_rows(len(pixels))])
    components = min(COMPONENTS, len(rows) - 1, rows.shape[1])
    with np.errstate(invalid="ignore"):  # the shares of no variance at all are 0/0
        pca = PCA(components, random_state=0).fit(rows)
    state = {"mean": pca.mean_.astype(np.float32), "components": pca.components_.astype(np.float32)}
    return {**state, "reference": _project(rows, state["mean"], state["components"]).astype(np.float32)}


def project(pixels: NDArray[np.uint8], state: State) -> NDArray[np.float64]:
    """Images (n, C, H, W) on the components: (n, p)."""
    size = math.prod(pixels.shape[1:])
    mean, components = array(state, "mean", size), array(state, "components", None, size)
    starts = range(0, len(pixels), CHUNK)
    return np.concatenate([_project(_flat(pixels[start : start + CHUNK]), mean, components) for start in starts])


def reference(state: State) -> NDArray[np.float64]:
    """The normal images on the components: (m, p)."""
    return array(state, "reference", None, len(array(state, "components", None, None)))


def _flat(pixels: NDArray[np.uint8]) -> FloatArray:
    flat: FloatArray = pixels.reshape(len(pixels), -1).astype(np.float32) / np.float32(255)
    return flat


def _project(rows: FloatArray, mean: NDArray[np.floating], components: NDArray[np.floating]) -> NDArray[np.float64]:
    projected: NDArray[np.float64] = ((rows - mean) @ components.T).astype(np.float64)
    return projected
