"""What is said of a map's quality: against references, and on maps of which it is known."""

from __future__ import annotations

import numpy as np
import pytest

from tests.vae.maps.test_projections import blobs, cloud
from vae.maps import pca, quality

Array = np.ndarray


def ranks(points: Array) -> Array:
    """(N, N) how many points are at least as near to i as j is, j itself counted: 0 is the point itself."""
    far = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(far, -1)
    return far.argsort(1).argsort(1)


def brute_continuity(high: Array, low: Array, k: int) -> float:
    """Venna & Kaski 2001, eq. 4, word for word."""
    count, there, here = len(high), ranks(high), ranks(low)
    lost = (there <= k) & (here > k)
    return float(1 - 2 / (count * k * (2 * count - 3 * k - 1)) * (here - k)[lost].sum())


@pytest.mark.parametrize(("count", "k"), [(60, 12), (300, 5), (31, 1)])
def test_continuity_is_that_of_the_definition(count: int, k: int) -> None:
    high = cloud(count)
    low = high[:, :2].astype(np.float64)
    assert quality.continuity(high, low, k, queries=count) == pytest.approx(brute_continuity(high, low, k), abs=1e-9)


def test_tearing_costs_continuity_and_folding_costs_trust() -> None:
    line = np.linspace(0, 1, 200)[:, None]
    circle = np.concatenate([np.cos(2 * np.pi * line), np.sin(2 * np.pi * line)], axis=1)
    flat = np.concatenate([line, 0 * line], axis=1)
    assert quality.continuity(circle, flat) < quality.trustworthiness(circle, flat)  # torn open
    assert quality.trustworthiness(flat, circle) < quality.continuity(flat, circle)  # its ends glued together


def test_the_neighbourhood_hit_of_separate_and_of_mixed_classes() -> None:
    mu, labels = blobs()
    assert quality.neighbourhood_hit(mu[:, :3], labels) == 1.0
    mixed = np.random.default_rng(0).permutation(labels)
    assert quality.neighbourhood_hit(mu[:, :3], mixed) == pytest.approx(1 / 3, abs=0.08)
    assert quality.neighbourhood_hit(mu[:1], labels[:1]) == 1.0


def test_of_each_point_an_identity_keeps_all_and_chance_few() -> None:
    high = cloud(400)
    assert np.array_equal(quality.kept_of_each(high, high), np.ones(400, np.float32))
    by_chance = quality.kept_of_each(high, cloud(400, 2, seed=9))
    assert by_chance.mean() == pytest.approx(12 / 400, abs=0.015)


def test_of_each_point_those_that_were_moved_lost_their_neighbours() -> None:
    high = cloud(400, 2)
    low = high.copy()
    low[:20] += 1_000 * np.arange(1, 21, dtype=np.float32)[:, None]
    kept = quality.kept_of_each(high, low)
    assert kept[:20].max() < 0.4 < np.median(kept[20:])


def test_of_many_points_a_sample_can_be_neighbours_and_every_point_is_told_of() -> None:
    high = cloud(500)
    assert np.array_equal(quality.kept_of_each(high, high, candidates=250), np.ones(500, np.float32))
    by_chance = quality.kept_of_each(high, cloud(500, 2, seed=9), candidates=250)
    assert by_chance.shape == (500,)
    assert by_chance.mean() == pytest.approx(12 / 250, abs=0.02)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_points(count: int) -> None:
    assert quality.kept_of_each(cloud(count), cloud(count)).shape == (count,)
    assert set(quality.neighbours_kept(cloud(count), cloud(count))) == (
        {"trustworthiness", "continuity", "protocol"} if count > 2 else set()
    )


def test_a_single_class_has_no_neighbourhood_hit() -> None:
    mu, labels = blobs()
    assert "neighbourhood_hit" not in pca.fit(mu, np.zeros(120, np.int64)).quality
    measured = pca.fit(mu, labels).quality
    assert measured["hit_by_chance"] == pytest.approx(1 / 3)
    assert measured["neighbourhood_hit"] > 0.9
