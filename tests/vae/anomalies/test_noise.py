"""Noise that belongs to an image."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from vae.anomalies import noise

IMAGES = np.random.default_rng(0).integers(0, 256, (4000, 1, 4, 4), dtype=np.uint8)
KNOWN = (-0.3367735, -0.3380130, -0.0134393)  # the first three draws of the image 0..15


def test_draws_are_standard_normal_and_independent() -> None:
    z = noise.standard_normal(IMAGES, (3, 5), seed=0).reshape(-1, 15)
    assert z.dtype == np.float32
    assert stats.kstest(z.ravel(), "norm").pvalue > 0.01
    np.testing.assert_allclose(np.corrcoef(z.T), np.eye(15), atol=0.07)  # 4.4 standard errors
    assert abs(np.corrcoef(z[:-1].ravel(), z[1:].ravel())[0, 1]) < 0.02  # from image to image


def test_draws_are_uniform_below_one() -> None:
    u = noise.uniform(IMAGES, seed=0)
    assert (u.shape, u.dtype) == (IMAGES.shape, np.float32)
    assert 0 <= u.min() < u.max() < 1
    assert stats.kstest(u.ravel(), "uniform").pvalue > 0.01


def test_an_image_keeps_its_noise_in_any_company() -> None:
    whole = noise.standard_normal(IMAGES[:9], (7,), seed=3)
    assert np.array_equal(noise.standard_normal(IMAGES[4:5], (7,), seed=3)[0], whole[4])
    assert np.array_equal(noise.standard_normal(IMAGES[8::-1], (7,), seed=3), whole[::-1])
    assert len(np.unique(whole[:, 0])) == 9
    assert np.array_equal(noise.uniform(IMAGES[4:5], 3)[0], noise.uniform(IMAGES[:9], 3)[4])


@pytest.mark.parametrize("seed", [1, 2**63])
def test_seeds_and_kinds_of_noise_are_apart(seed: int) -> None:
    here, there = noise.standard_normal(IMAGES, (1,), 0)[:, 0], noise.standard_normal(IMAGES, (1,), seed)[:, 0]
    assert abs(np.corrcoef(here, there)[0, 1]) < 0.07
    pixel = noise.uniform(IMAGES, 0)[:, 0, 0, 0]
    assert abs(stats.spearmanr(np.abs(here), pixel)[0]) < 0.07


def test_the_numbers_never_change() -> None:
    """Kept detectors and thresholds rest on them."""
    one = np.arange(16, dtype=np.uint8).reshape(1, 1, 4, 4)
    np.testing.assert_allclose(noise.standard_normal(one, (3,), 0)[0], KNOWN, atol=1e-6)
    assert noise.standard_normal(one[:0], (3,), 0).shape == (0, 3)
