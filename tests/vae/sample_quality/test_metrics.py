"""Sample quality's arithmetic beside closed forms and scipy: Fréchet distance, shares of neighbours, classes seen."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from vae import neighbours
from vae.sample_quality import metrics
from vae.sample_quality.metrics import CLOSE, FeatureGaussian, Support, class_shares, classes_seen, divergence


def normal(count: int, features: int, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=(count, features))


def gaussian(mean: float, variance: float) -> FeatureGaussian:
    return FeatureGaussian(np.array([mean]), np.array([[variance]]))


# --- Fréchet distance -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("a", "b"), [((0, 1), (3, 1)), ((0, 1), (0, 4)), ((-1, 0.25), (2, 9)), ((1, 0), (1, 4))])
def test_between_two_bell_curves(a: tuple[float, float], b: tuple[float, float]) -> None:
    expected = (a[0] - b[0]) ** 2 + (np.sqrt(a[1]) - np.sqrt(b[1])) ** 2
    assert metrics.frechet_distance(gaussian(*a), gaussian(*b)) == pytest.approx(expected, abs=1e-12)


def test_between_diagonal_gaussians_each_axis_adds_its_own() -> None:
    means, variances = normal(2, 6, 1), normal(2, 6, 2) ** 2
    a, b = (FeatureGaussian(m, np.diag(v)) for m, v in zip(means, variances, strict=True))
    expected = np.square(means[0] - means[1]).sum() + np.square(np.sqrt(variances[0]) - np.sqrt(variances[1])).sum()
    assert metrics.frechet_distance(a, b) == pytest.approx(expected)


def test_it_is_heusels_formula_with_scipys_matrix_root() -> None:
    first = normal(300, 12, 3) @ normal(12, 12, 4) + 1
    second = normal(200, 12, 5) @ normal(12, 12, 6)
    c1, c2 = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    root = scipy.linalg.sqrtm(c1 @ c2).real
    expected = np.square(first.mean(0) - second.mean(0)).sum() + np.trace(c1 + c2 - 2 * root)
    found = metrics.frechet_distance(metrics.fit_gaussian(first), metrics.fit_gaussian(second))
    assert found == pytest.approx(expected)
    assert metrics.frechet_distance(metrics.fit_gaussian(second), metrics.fit_gaussian(first)) == pytest.approx(found)


@pytest.mark.parametrize("count", [500, 20])  # with 20 rows the covariance of 64 features is singular
def test_a_set_has_no_distance_to_itself(count: int) -> None:
    fitted = metrics.fit_gaussian(normal(count, 64).astype(np.float32) * 10)
    assert 0 <= metrics.frechet_distance(fitted, fitted) < 1e-3  # of a total variance of 6,400


def test_one_row_has_no_covariance() -> None:
    with pytest.raises(ValueError, match="1 rows"):
        metrics.fit_gaussian(normal(1, 4))


# --- precision and recall ---------------------------------------------------------------------------------------------


def both(real: NDArray[np.float64], samples: NDArray[np.float64]) -> tuple[float, float]:
    found = metrics.precision_recall(Support(real), Support(samples))
    return found.precision, found.recall


def test_the_same_images_are_precise_and_complete() -> None:
    features = normal(700, 8)  # more than a block
    assert both(features, features.copy()) == (1, 1)


def test_images_elsewhere_are_neither() -> None:
    assert both(normal(300, 8), normal(300, 8) + 100) == (0, 0)


def test_a_dropped_mode_costs_recall_alone() -> None:
    modes = np.repeat([0.0, 100.0, 200.0, 300.0], [100, 100, 100, 700])[:, None]
    real = normal(1000, 4) + modes
    precision, recall = both(real, real[:300].copy())
    assert (precision, recall) == (1, 0.3)


def test_invented_images_cost_precision_alone() -> None:
    real = normal(200, 4)
    precision, recall = both(real, np.concatenate([real, normal(50, 4, 1) + 100]))
    assert (precision, recall) == (0.8, 1)


def test_they_are_the_papers_formula_written_plainly() -> None:
    real, samples = normal(600, 3), normal(550, 3, 1) * 0.7 + 0.4
    cross = cdist(real, samples)
    radius = [np.sort(cdist(s, s), 1)[:, 3] for s in (real, samples)]  # column 0 is the point itself
    expected = ((cross <= radius[0][:, None]).any(0).mean(), (cross <= radius[1]).any(1).mean())
    assert both(real, samples) == pytest.approx(expected)
    assert 0 < expected[1] < expected[0] <= 1


def test_the_block_size_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    real, samples = normal(230, 5), normal(170, 5, 1) * 0.8
    whole = both(real, samples)
    monkeypatch.setattr(neighbours, "QUERY_BYTES", 8 * 5 * 7)
    monkeypatch.setattr(neighbours, "POINT_BYTES", 8 * 5 * 11)
    assert both(real, samples) == whole


def test_three_images_have_no_third_neighbour() -> None:
    with pytest.raises(ValueError, match="3 rows"):
        Support(normal(3, 4))


# --- density and coverage ---------------------------------------------------------------------------------------------


def density_coverage(real: NDArray[np.float64], samples: NDArray[np.float64], k: int = CLOSE) -> tuple[float, float]:
    found = metrics.density_coverage(Support(real, k), samples)
    return found.density, found.coverage


def test_two_pairs_on_a_line() -> None:
    """Balls of radius 1 about 0, 1, 10 and 11: one sample lies in two, one on the edge of the fourth, one in none."""
    real = np.array([0.0, 1, 10, 11])[:, None]
    assert density_coverage(real, np.array([0.5, 12, 30])[:, None], k=1) == (3 / 3, 3 / 4)
    assert density_coverage(real, np.full((5, 1), 0.5), k=1) == (2, 2 / 4)  # above 1: all where images are dense
    assert density_coverage(real, np.full((2, 1), 5.5), k=1) == (0, 0)


def test_they_are_the_formulas_of_naeem_written_plainly() -> None:
    real, samples = normal(600, 3), normal(550, 3, 1) * 0.7 + 0.4
    radius = np.sort(cdist(real, real), 1)[:, 5]  # column 0 is the point itself
    within = cdist(real, samples) <= radius[:, None]
    assert density_coverage(real, samples) == pytest.approx((within.sum() / (5 * 550), within.any(1).mean()))


def test_images_like_the_real_ones_reach_what_the_paper_derives() -> None:
    """Density 1; coverage 1 − Π (N − i) / (M + N − i) for i = 1 … k, whatever the distribution."""
    n, m = 400, 300
    found = [density_coverage(normal(n, 2, seed), normal(m, 2, 1_000 + seed)) for seed in range(20)]
    i = np.arange(1, CLOSE + 1)
    expected = (1, 1 - np.prod((n - i) / (m + n - i)))
    np.testing.assert_allclose(np.mean(found, 0), expected, atol=0.03)


def test_one_far_off_image_raises_precision_and_recall_alone() -> None:
    real, samples = normal(300, 2), normal(300, 2, 1) + 40
    far = np.array([[80.0, 80.0]])
    assert both(np.concatenate([real, far]), samples)[0] == 1  # its ball reaches over all of them
    assert density_coverage(np.concatenate([real, far]), samples) == pytest.approx((1 / CLOSE, 1 / 301))
    assert both(real, np.concatenate([samples, -far]))[1] == 1
    assert density_coverage(real, np.concatenate([samples, -far])) == (0, 0)


def test_five_images_have_no_fifth_neighbour() -> None:
    with pytest.raises(ValueError, match="5 rows have no 5 neighbours"):
        Support(normal(5, 4), CLOSE)


# --- classes ----------------------------------------------------------------------------------------------------------


def planted(labels: list[int], sure: float, classes: int = 4) -> NDArray[np.float64]:
    """Probabilities (N, K) whose largest, `sure`, is at the label."""
    rows = np.full((len(labels), classes), (1 - sure) / (classes - 1))
    rows[np.arange(len(labels)), labels] = sure
    return rows


def test_shares_and_classes_seen_of_planted_labels() -> None:
    labels = [0] * 60 + [1] * 37 + [2] * 3  # the third has more than a tenth of its quarter, the fourth nothing
    found = classes_seen(planted(labels, 0.95), np.full(4, 0.25))
    np.testing.assert_allclose(found.shares, [0.6, 0.37, 0.03, 0])
    assert (found.seen, found.sure) == (3, 1)
    assert classes_seen(planted([0] * 98 + [2] * 2, 0.95), np.full(4, 0.25)).seen == 1


def test_a_rare_class_needs_only_a_tenth_of_its_own_share() -> None:
    real = np.array([0.5, 0.3, 0.19, 0.01])
    assert classes_seen(planted([0] * 500 + [1] * 300 + [2] * 199 + [3], 0.9), real).seen == 4


def test_the_share_of_sure_images() -> None:
    assert (
        classes_seen(np.concatenate([planted([1] * 30, 0.91), planted([1] * 10, 0.89)]), np.full(4, 0.25)).sure == 0.75
    )


def test_the_divergence_of_class_shares() -> None:
    real = np.array([0.5, 0.25, 0.25])
    many = 10**9
    assert divergence(real, real, many) == pytest.approx(0, abs=1e-8)
    assert divergence(np.array([1.0, 0, 0]), real, many) == pytest.approx(np.log(2))
    assert divergence(np.array([0.25, 0.5, 0.25]), real, many) == pytest.approx(0.25 * np.log(0.5) + 0.5 * np.log(2))


def test_a_class_that_no_real_image_is_of_counts_as_half_an_image() -> None:
    """9 real images, all of the first class: its share is 9.5 of 10."""
    found = divergence(np.array([0.5, 0.5]), np.array([1.0, 0.0]), 9)
    assert found == pytest.approx(0.5 * np.log(0.5 / 0.95) + 0.5 * np.log(0.5 / 0.05))


def test_a_class_that_nobody_is_of_still_counts() -> None:
    np.testing.assert_array_equal(class_shares(planted([0, 0, 2, 2], 0.6)), [0.5, 0, 0.5, 0])
