"""Baselines against scikit-learn: what they see, and that large images fit in memory."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor

from vae.anomalies.forward_pass import Pass
from vae.anomalies.methods import base, baselines, registry

States = dict[str, dict[str, NDArray[Any]]]  # arrays by the name of the score, and by their own


def test_baselines_are_scikit_learns(normal_digits: Pass, sixty_digits: Pass, digits_states: States) -> None:
    pixels, others = (p.pixels.reshape(len(p), -1) / 255 for p in (normal_digits, sixty_digits))
    pca = PCA(50, random_state=0).fit(pixels)
    rows, new = pca.transform(pixels), pca.transform(others)
    factor = LocalOutlierFactor(n_neighbors=20, novelty=True).fit(rows)
    found = registry.get("pca_lof").score(sixty_digits, digits_states["pca_lof"])
    np.testing.assert_allclose(found, -factor.score_samples(new), rtol=1e-4)
    state = digits_states["pca_forest"]  # its own components: trees depend on their signs
    forest = IsolationForest(random_state=0).fit(state["reference"])
    expected = -forest.score_samples((others - state["mean"]) @ state["components"].T)
    np.testing.assert_allclose(registry.get("pca_forest").score(sixty_digits, state), expected, rtol=0.02)
    np.testing.assert_allclose(np.abs(state["reference"]), np.abs(rows), atol=1e-3)


def test_components_of_large_images_are_fitted_to_fewer_of_them(
    normal_digits: Pass, sixty_digits: Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are projected, a few at a time."""
    plain = baselines.fit_components(normal_digits.pixels)
    monkeypatch.setattr(baselines, "CHUNK_VALUES", 64 * 7 + 1)
    chunked = baselines.fit_components(normal_digits.pixels)
    np.testing.assert_allclose(chunked["reference"], plain["reference"], atol=1e-5)
    expected = baselines.project(sixty_digits.pixels[3:4], plain)
    np.testing.assert_allclose(baselines.project(sixty_digits.pixels, plain)[3:4], expected, atol=1e-9)

    fitted_to = []
    fit = PCA.fit
    monkeypatch.setattr(PCA, "fit", lambda self, rows: fitted_to.append(rows) or fit(self, rows))
    monkeypatch.setattr(baselines, "FITTED_VALUES", 64 * 200 + 63)
    bounded = baselines.fit_components(normal_digits.pixels)
    rows = base.reference_rows(len(normal_digits), 200)
    assert [len(rows) for rows in fitted_to] == [200]
    np.testing.assert_allclose(fitted_to[0], normal_digits.pixels[rows].reshape(200, -1) / 255, rtol=1e-6)
    assert bounded["reference"].shape == plain["reference"].shape
    monkeypatch.setattr(baselines, "FITTED_VALUES", 1)
    assert baselines.fit_components(normal_digits.pixels)["components"].shape == (1, 64)


def test_baselines_see_pixels_alone(sixty_digits: Pass, digits_states: States) -> None:
    blind = dataclasses.replace(
        sixty_digits, mu=sixty_digits.mu * 0, sigma=sixty_digits.sigma * 0, squared_error=sixty_digits.squared_error * 0
    )
    for name in registry.BASELINES:
        score = registry.get(name)
        assert np.array_equal(score.score(blind, digits_states[name]), score.score(sixty_digits, digits_states[name]))
