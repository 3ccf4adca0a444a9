"""Baselines without the VAE: they see principal components of the pixels. They compute with scikit-learn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.methods.base import Score, State, array, rebuilt, reference_rows
from vae.anomalies.methods.local_outlier_factor import NEIGHBOURS, local_outlier_factor
from vae.checkpoints.checkpoint import FloatArray

if TYPE_CHECKING:
    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE

COMPONENTS = 50
FITTED_VALUES = 2**26  # pixels' values that components are fitted to: 268 MB as float32, and PCA holds two copies more
CHUNK_VALUES = 2**23  # projected at a time
TREES = 100


class PcaLOF(Score):
    """LOF (k = 20) on the first 50 principal components of the pixels, among at most 10,000 normal images."""

    name = "pca_lof"
    title = "LOF on PCA"
    source = "Breunig et al. 2000 on PCA; scikit-learn's LocalOutlierFactor, and copies count once"
    about = (
        "Sees images unlike their nearest normal images, pixel by pixel; fails when normal images are moved or turned, "
        "and on what lies outside the components' span, such as fine noise, which the projection drops."
    )

    def minimum(self, normal: Pass) -> int:
        """Every reference image needs that many neighbours besides itself."""
        return NEIGHBOURS + 1

    def _fit(self, normal: Pass) -> dict[str, NDArray[Any]]:
        return fit_components(normal.pixels)

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        return local_outlier_factor(project(batch.pixels, state), _reference(state))


class PcaForest(Score):
    """Isolation forest of 100 trees on the first 50 principal components of the pixels: 0.5 inside, up to 1 outside."""

    name = "pca_forest"
    title = "Isolation forest on PCA"
    source = "Liu, Ting & Zhou 2008, Isolation forest; scikit-learn's IsolationForest"
    about = (
        "Sees images that are extreme in single components, quickly; fails on anomalies inside the range of every "
        "component, and hardly tells far from very far."
    )

    def minimum(self, normal: Pass) -> int:
        """A tree needs something to split."""
        return 2

    def _fit(self, normal: Pass) -> dict[str, NDArray[Any]]:
        return fit_components(normal.pixels)

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        forest = rebuilt(self.name, _reference(state), _forest)
        scores: NDArray[np.float64] = -forest.score_samples(project(batch.pixels, state))
        return scores


def _forest(reference: NDArray[np.float64]) -> Any:
    from sklearn.ensemble import IsolationForest

    return IsolationForest(n_estimators=TREES, random_state=0).fit(reference)


def fit_components(pixels: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
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


def _reference(state: State) -> NDArray[np.float64]:
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
