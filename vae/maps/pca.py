"""Principal component analysis: the plane of largest variance, and the only map here that is linear."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from vae.maps import quality
from vae.maps.projection import LinearMap, ProjectionMap

METHOD = "pca"


def fit(mu: NDArray[np.float32], labels: NDArray[np.int64] | None = None) -> ProjectionMap:
    """Project posterior means (N, d) to (N, 2). One latent dimension gives a second coordinate of zero.

    `labels` (N,) are for measuring it alone.
    """
    with np.errstate(invalid="ignore", divide="ignore"):  # the shares of no variance at all are 0/0
        pca = PCA(n_components=min(2, *mu.shape), svd_solver="full").fit(mu.astype(np.float64))
    components = np.zeros((2, mu.shape[1]))
    components[: len(pca.components_)] = pca.components_
    xy = ((mu - pca.mean_) @ components.T).astype(np.float32)
    shares = [float(share) for share in np.nan_to_num(pca.explained_variance_ratio_)]
    measured = {"explained_variance_ratio": shares, **quality.neighbours_kept(mu, xy, labels)}
    linear = LinearMap(pca.mean_.astype(np.float32), components.astype(np.float32))
    return ProjectionMap(METHOD, xy, {"library": "scikit-learn PCA, full SVD"}, measured, linear)
