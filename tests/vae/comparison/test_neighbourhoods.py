"""Shared neighbourhoods of two latent spaces, against spaces in which they are known."""

from __future__ import annotations

import numpy as np
import pytest

from vae.comparison import neighbourhoods


def latents(count: int = 600, dim: int = 5, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)


def test_turning_scaling_and_more_dimensions_change_nothing() -> None:
    mu = latents()
    turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))
    wider = np.concatenate([3 * mu @ turn, np.full((len(mu), 4), 7.0)], axis=1)
    for other in (mu, wider.astype(np.float32)):
        found = neighbourhoods.compare(mu, other)
        assert found.neighbours == 12
        np.testing.assert_array_equal(found.overlap, 1)
        assert found.mean == 1
        assert not len(found.changed_most(5))


def test_shuffled_images_share_as_many_as_chance_gives() -> None:
    mu = latents(1_000)
    found = neighbourhoods.compare(mu, np.random.default_rng(2).permutation(mu))
    draws = np.random.default_rng(3)
    shared = [np.isin(*(draws.choice(999, 12, replace=False) for _ in range(2))).sum() for _ in range(4_000)]
    assert found.by_chance == pytest.approx(np.mean([s / (24 - s) for s in shared]), rel=0.1)
    assert found.mean == pytest.approx(found.by_chance, rel=0.25)


def test_the_overlap_is_that_of_all_distances() -> None:
    a, b = latents(80), latents(80, 3, seed=4)

    def nearest_of(mu: np.ndarray, row: int) -> set[int]:
        distances = np.linalg.norm(mu - mu[row], axis=1)
        distances[row] = np.inf
        return set(np.argsort(distances, kind="stable")[:12].tolist())

    known = [len(nearest_of(a, i) & nearest_of(b, i)) / len(nearest_of(a, i) | nearest_of(b, i)) for i in range(80)]
    np.testing.assert_allclose(neighbourhoods.compare(a, b).overlap, known, rtol=1e-6)


def test_images_that_were_moved_changed_most_and_the_farthest_first() -> None:
    mu = latents()
    moved = mu.copy()
    moved[[17, 230, 411]] += np.array([[20], [60], [40]], np.float32)
    moved[17] = moved[230] * 0.9  # beside another one that was moved
    found = neighbourhoods.compare(mu, moved)
    assert found.changed_most(3)[0] == 230
    assert set(found.changed_most(3).tolist()) == {17, 230, 411}
    assert found.mean > 0.9


def test_of_many_images_a_sample_is_compared_and_the_rest_has_no_number() -> None:
    mu = latents(500)
    found = neighbourhoods.compare(mu, mu[:, :2], most_images=200)
    assert len(found.rows) == 200
    assert found.images == 500
    np.testing.assert_array_equal(np.flatnonzero(np.isfinite(found.of_every_image())), found.rows)
    alone = neighbourhoods.compare(mu[found.rows], mu[found.rows, :2])
    np.testing.assert_array_equal(found.overlap, alone.overlap)
    np.testing.assert_array_equal(found.changed_most(7), found.rows[alone.changed_most(7)])


@pytest.mark.parametrize(("images", "neighbours"), [(1, 0), (2, 0), (3, 1), (20, 9), (25, 12)])
def test_few_images_have_fewer_neighbours_or_none(images: int, neighbours: int) -> None:
    mu = latents(images)
    found = neighbourhoods.compare(mu, mu)
    assert found.neighbours == neighbours
    assert len(found.rows) == (images if neighbours else 0)
    assert np.isnan(found.mean) == (neighbours == 0)
    assert not found.by_chance > 0.5  # a neighbourhood of nearly all others would always be kept


def test_latents_of_other_images_are_refused() -> None:
    with pytest.raises(ValueError, match="of the same images"):
        neighbourhoods.compare(latents(20), latents(21))
