"""Principal axes of means, beside scikit-learn's."""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA

from vae.generation import principal_axes


def test_they_are_those_of_pca_with_its_signs() -> None:
    rng = np.random.default_rng(0)
    mu = (rng.normal(size=(300, 6)) * (4, 3, 2, 1, 0.5, 0.1) @ np.linalg.qr(rng.normal(size=(6, 6)))[0] + 7).astype(
        "f4"
    )
    found, pca = principal_axes.of(mu), PCA().fit(mu.astype(np.float64))
    np.testing.assert_allclose(found.axes, pca.components_, atol=1e-6)  # as on the PCA map
    np.testing.assert_allclose(found.mean, pca.mean_, atol=1e-6)
    np.testing.assert_allclose(found.shares(), pca.explained_variance_ratio_, rtol=1e-6)
    np.testing.assert_allclose(found.sigma, ((mu - mu.mean(0)) @ found.axes.T).std(0), rtol=1e-4)


def test_one_image_has_axes_without_variance() -> None:
    found = principal_axes.of(np.array([[1.0, -2.0, 0.5]], np.float32))
    np.testing.assert_allclose(found.axes @ found.axes.T, np.eye(3), atol=1e-12)
    assert found.shares().tolist() == [0, 0, 0]
