"""Why one image is anomalous."""

from __future__ import annotations

import numpy as np
import pytest

from vae.anomalies import explanation
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import FloatArray
from vae.errors import ScoreError
from vae.storage import paths

CHECKPOINTS = paths.PROJECT / "checkpoints"


def column(*values: float) -> FloatArray:
    return np.array(values, np.float32)


def test_sigmas_are_of_the_aggregate_posterior() -> None:
    """Dimension 0: mean 1, variance 1 + 3; dimension 1: mean 0, variance 0 + 0.25."""
    reference_mu = np.array([[0, 0], [2, 0]], np.float32)
    reference_sigma = np.array([[1, 0.5], [5**0.5, 0.5]], np.float32)
    found = explanation.explain(column(3, -2), column(0.1, 0.2), reference_mu, reference_sigma)
    assert [u.dim for u in found] == [1, 0]
    assert [u.sigmas for u in found] == pytest.approx([-4, 1], abs=1e-6)
    assert [u.deviation for u in found] == pytest.approx([0.5, 2], abs=1e-6)
    assert [u.mean for u in found] == pytest.approx([0, 1])
    assert [(u.value, u.sigma) for u in found] == [(-2, pytest.approx(0.2)), (3, pytest.approx(0.1))]


@pytest.mark.parametrize("dim", range(8))
def test_a_coordinate_moved_by_six_sigma_is_named(dim: int) -> None:
    latents = checkpoint_files.read("digits-mlp-8", CHECKPOINTS).latents
    normal = latents.labels <= 4
    mu, sigma = latents.mu[normal], latents.sigma[normal]
    deviation = np.sqrt(mu.astype(np.float64).var(0) + (sigma.astype(np.float64) ** 2).mean(0))
    middle = int(np.abs((mu - mu.mean(0)) / deviation).max(1).argmin())  # nothing is unusual in it
    moved = mu[middle].copy()
    moved[dim] = mu.mean(0)[dim] - np.float32(6 * deviation[dim])
    first, second = explanation.explain(moved, sigma[middle], mu, sigma)[:2]
    assert (first.dim, first.sigmas) == (dim, pytest.approx(-6, abs=1e-3))
    assert abs(second.sigmas) < 2


def test_a_dimension_that_never_varies_is_not_infinitely_unusual() -> None:
    still = np.zeros((3, 1), np.float32)
    (found,) = explanation.explain(column(0), column(0), still, still)
    assert found.sigmas == 0


@pytest.mark.parametrize(
    ("mu", "sigma", "known", "spread"),
    [
        (np.zeros(2), np.zeros(2), np.zeros((5, 3)), np.zeros((5, 3))),
        (np.zeros(2), np.zeros(3), np.zeros((5, 2)), np.zeros((5, 2))),
        (np.zeros(2), np.zeros(2), np.zeros((5, 2)), np.zeros((4, 2))),
        (np.zeros(2), np.zeros(2), np.zeros((0, 2)), np.zeros((0, 2))),
    ],
)
def test_latents_that_dont_fit_are_refused(
    mu: FloatArray, sigma: FloatArray, known: FloatArray, spread: FloatArray
) -> None:
    with pytest.raises(ScoreError, match="expected"):
        explanation.explain(mu, sigma, known, spread)


def test_heat_is_the_mean_squared_residual_over_channels() -> None:
    original = np.zeros((3, 2, 2), np.uint8)
    reconstruction = original.copy()
    reconstruction[0, 0, 1], reconstruction[1, 0, 1] = 255, 51  # 1 and 0.2
    original[2, 1, 0] = 255  # the other way round: unsigned bytes must not wrap
    found = explanation.heat(original, reconstruction)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [[0, 1.04 / 3], [1 / 3, 0]], rtol=1e-6)


def test_heat_sums_to_the_stored_squared_error() -> None:
    draw = np.random.default_rng(0)
    a, b = draw.integers(0, 256, (2, 1, 8, 8), np.uint8)
    expected = (((a.astype(float) - b) / 255) ** 2).sum()
    assert explanation.heat(a, b).sum() == pytest.approx(expected, rel=1e-5)


def luminance(picture: np.ndarray) -> np.ndarray:
    """Relative luminance of sRGB (IEC 61966-2-1), for values 0 to 255."""
    c = np.asarray(picture) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def test_more_heat_is_lighter_wherever_the_image_is_equally_bright() -> None:
    heat = np.linspace(0, 1, 64, dtype=np.float32).reshape(1, 64)
    for grey in (0, 128, 255):
        picture = explanation.overlay(np.full((1, 1, 64), grey, np.uint8), heat, 1.0)
        assert (np.diff(luminance(picture)[0]) > 0).all()


def test_pictures_of_one_maximum_are_comparable() -> None:
    dark = np.zeros((1, 1, 3), np.uint8)
    hot, warm = (explanation.overlay(dark, column(*heat)[None], 0.5) for heat in ((0.5, 0.25, 0), (0.25, 9, 0)))
    assert (hot.shape, hot.dtype) == ((1, 3, 3), np.uint8)
    assert np.array_equal(hot[0, 1], warm[0, 0])
    assert np.array_equal(hot[0, 0], explanation.HEAT_COLOURS[-1])
    assert np.array_equal(warm[0, 1], explanation.HEAT_COLOURS[-1])  # beyond the maximum
    assert np.array_equal(hot[0, 2], explanation.HEAT_COLOURS[0])


def test_a_picture_without_heat_is_the_faint_image() -> None:
    image = np.zeros((4, 1, 2), np.uint8)
    image[:3, 0, 1] = 255
    image[3] = 255  # alpha
    picture = explanation.overlay(image, np.zeros((1, 2), np.float32), 0.0)
    assert luminance(picture)[0, 0] < 0.01 < luminance(picture)[0, 1] < 0.2


@pytest.mark.parametrize("most", [-1.0, float("nan"), float("inf")])
def test_a_maximum_that_is_none_is_refused(most: float) -> None:
    with pytest.raises(ScoreError, match="doesn't fit"):
        explanation.overlay(np.zeros((1, 2, 2), np.uint8), np.zeros((2, 2), np.float32), most)
