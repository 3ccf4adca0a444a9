"""Scores that need no estimator, against their formulas written out image by image."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from vae.anomalies.forward_pass import Pass, epsilon_of
from vae.anomalies.methods import registry
from vae.model.vae import VAE

Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def seen(digits_vae: VAE, sixty_digits: Pass) -> dict[str, Floats]:
    """What formulas are made of, from the model itself: x and its pictures (n, 64), mu and sigma (n, d)."""
    x = torch.tensor(sixty_digits.pixels).float() / 255
    epsilon = epsilon_of(digits_vae, sixty_digits.pixels, 1, seed=0)[0]
    with torch.no_grad():
        q = digits_vae.encode(x)
        drawn, mean = (torch.sigmoid(digits_vae.decode(z)) for z in (q.mu + q.sigma * epsilon, q.mu))
    arrays = {"x": x, "drawn": drawn, "mean": mean, "mu": q.mu, "sigma": q.sigma}
    return {name: array.flatten(1).double().numpy() for name, array in arrays.items()}


def kl(mu: Floats, sigma: Floats) -> float:
    return sum((m * m + s * s - 1) / 2 - math.log(s) for m, s in zip(mu, sigma, strict=True))


def cross_entropy(x: Floats, p: Floats) -> float:
    return -sum(t * math.log(q) + (1 - t) * math.log(1 - q) for t, q in zip(x, p, strict=True))


def test_scores_are_their_formulas(seen: dict[str, Floats], sixty_digits: Pass) -> None:
    rows = [dict(zip(seen, row, strict=True)) for row in zip(*seen.values(), strict=True)]
    expected = {
        "squared_error": [sum((r["x"] - r["mean"]) ** 2) for r in rows],
        "normalised_error": [sum((r["x"] - r["mean"]) ** 2) / sum(r["x"] ** 2) for r in rows],
        "reconstruction": [cross_entropy(r["x"], r["drawn"]) for r in rows],
        "kl": [kl(r["mu"], r["sigma"]) for r in rows],
        "negative_elbo": [cross_entropy(r["x"], r["drawn"]) + kl(r["mu"], r["sigma"]) for r in rows],
    }
    for name, values in expected.items():
        found = registry.get(name).score(sixty_digits, {})
        np.testing.assert_allclose(found, values, rtol=1e-4, err_msg=name)
