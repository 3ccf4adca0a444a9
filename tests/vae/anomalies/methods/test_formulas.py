"""Scores that need no estimator, against their formulas written out image by image."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from vae.anomalies.forward_pass import Pass, epsilon_of
from vae.anomalies.methods import registry
from vae.model.vae import VAE

States = dict[str, dict[str, NDArray[Any]]]  # arrays by the name of the score, and by their own
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


# --- three numbers of one pass ----------------------------------------------------------------------------------------


def three(batch: Pass) -> Floats:
    """log ‖x − x̂‖, log ‖mu‖, log ‖sigma‖: (n, 3)."""
    columns = [np.sqrt(batch.squared_error), np.sqrt((batch.mu**2).sum(1)), np.sqrt((batch.sigma**2).sum(1))]
    return np.log(np.stack(columns, 1, dtype=np.float64))


def copod(row: Floats, known: Floats) -> float:
    """Li et al. 2020, COPOD, algorithm 1, for one row (3,) beside known ones (m, 3), whose skewness counts."""
    data = np.vstack([known, row])
    left = right = corrected = 0.0
    for j in range(3):
        u, v = np.mean(data[:, j] <= row[j]), np.mean(-data[:, j] <= -row[j])  # empirical tail probabilities
        deviation = known[:, j] - np.mean(known[:, j])
        skewness = np.mean(deviation**3) / np.mean(deviation**2) ** 1.5
        w = u if skewness < 0 else v
        left, right, corrected = left - np.log(u), right - np.log(v), corrected - np.log(w)
    return max(left, right, corrected)


def skewed(count: int, seed: int) -> Pass:
    """A pass whose three numbers lean to the left, to the right and to the left."""
    rng = np.random.default_rng(seed)
    long_tails = rng.gamma(1.5, size=(3, count))
    error, mu, sigma = np.exp(-long_tails[0]), np.exp(long_tails[1]), np.exp(-long_tails[2])
    one = np.ones(count, np.float32)
    return Pass(
        mu=mu[:, None].astype(np.float32),
        sigma=sigma[:, None].astype(np.float32),
        squared_error=(error**2).astype(np.float32),
        energy=one,
        log_likelihood=one,
        kl=one,
        elbo=one,
        pixels=np.zeros((count, 1, 8, 8), np.uint8),
    )


def test_combined_is_copod(normal_digits: Pass, sixty_digits: Pass, digits_states: States) -> None:
    known = three(normal_digits)
    found = registry.get("combined").score(sixty_digits, digits_states["combined"])
    np.testing.assert_allclose(found, [copod(row, known) for row in three(sixty_digits)], rtol=1e-5)


def test_each_tail_of_copod_counts() -> None:
    """Images of which the left, the right and the skewness-corrected tails are each the largest for some."""
    normal, batch = skewed(300, seed=0), skewed(200, seed=1)
    batch = dataclasses.replace(batch, mu=batch.mu * np.linspace(0.05, 20, 200, dtype=np.float32)[:, None])
    known, score = three(normal), registry.get("combined")
    found = score.score(batch, score.fit(normal))
    np.testing.assert_allclose(found, [copod(row, known) for row in three(batch)], rtol=1e-5)
    data = [np.vstack([known, row]) for row in three(batch)]
    left = np.array([-np.log((d <= d[-1]).mean(0)) for d in data])
    right = np.array([-np.log((d >= d[-1]).mean(0)) for d in data])
    corrected = np.column_stack([left[:, 0], right[:, 1], left[:, 2]])
    largest = np.argmax([part.sum(1) for part in (left, right, corrected)], axis=0)
    assert (np.bincount(largest, minlength=3) >= 5).all()


def test_combined_distance_is_mahalanobis(normal_digits: Pass, sixty_digits: Pass, digits_states: States) -> None:
    known = three(normal_digits)
    inverse, centre = np.linalg.inv(np.cov(known.T)), known.mean(0)
    expected = [math.sqrt((row - centre) @ inverse @ (row - centre)) for row in three(sixty_digits)]
    found = registry.get("combined_distance").score(sixty_digits, digits_states["combined_distance"])
    np.testing.assert_allclose(found, expected, rtol=1e-4)
