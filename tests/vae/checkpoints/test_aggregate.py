"""How far latents as a whole lie from the prior, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from vae.checkpoints.aggregate import marginal_kl


def drawn(count: int, mean: float, deviation: float, sigma: float, d: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Posteriors of `sigma` whose means make the aggregate N(mean, deviation²) in every dimension."""
    spread = np.sqrt(deviation**2 - sigma**2)
    mu = mean + spread * np.random.default_rng(0).standard_normal((count, d))
    return mu.astype(np.float32), np.full((count, d), sigma, np.float32)


@pytest.mark.parametrize(
    ("mean", "deviation", "sigma"), [(0, 1, 0.3), (0, 1, 0.9), (1, 1, 0.5), (0, 3, 0.2), (0, 0.5, 0.1)]
)
def test_an_aggregate_that_is_normal_has_its_closed_form(mean: float, deviation: float, sigma: float) -> None:
    expected = 3 * (0.5 * (mean**2 + deviation**2 - 1) - np.log(deviation))
    assert marginal_kl(*drawn(20_000, mean, deviation, sigma)) == pytest.approx(expected, abs=0.05)


def test_few_images_of_a_good_model_are_not_called_far() -> None:
    """Judged on the images that it was fitted to, a covariance of 20 images in 8 dimensions would differ by nats."""
    found = [marginal_kl(*drawn(count, 0, 1, 0.3, d=8)) for count in (20, 40, 80)]
    assert max(found) < 0.5


def test_it_never_exceeds_the_distance() -> None:
    """Two clumps have more structure than a normal distribution can say."""
    mu = np.repeat([[-3.0], [3.0]], 500, 0).astype(np.float32)[np.random.default_rng(0).permutation(1_000)]
    sigma = np.full_like(mu, 0.1)
    exact = -np.log(2) - np.log(0.1) - 0.5 + 0.5 * (9 + 0.01)
    assert 0 < marginal_kl(mu, sigma) < exact


@pytest.mark.parametrize("count", [0, 1, 15])
def test_of_too_few_images_nothing_is_said(count: int) -> None:
    assert marginal_kl(np.full((count, 2), 9, np.float32), np.ones((count, 2), np.float32)) == 0.0


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
def test_what_a_broken_model_says_is_a_number(value: float) -> None:
    found = marginal_kl(np.full((40, 2), value, np.float32), np.full((40, 2), value, np.float32))
    assert found >= 0
