"""What sets images apart: planted clusters, known effects, and sets that have nothing to compare with."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vae.checkpoints.checkpoint import Latents
from vae.selection import description

N, D = 2_000, 12


def latents(mu: np.ndarray, labels: np.ndarray | None = None) -> Latents:
    count = len(mu)
    numbers = np.random.default_rng(5).normal(size=(4, count)).astype(np.float32)
    labels = np.zeros(count, np.int64) if labels is None else labels
    return Latents(mu.astype(np.float32), np.ones_like(mu, np.float32), labels, *numbers)


def planted(dimension: int, by: float, rows: np.ndarray) -> np.ndarray:
    mu = np.random.default_rng(0).normal(size=(N, D))
    mu[rows, dimension] += by
    return mu


@pytest.mark.parametrize(("dimension", "by"), [(0, 2.0), (7, -1.0), (11, 0.6)])
def test_a_planted_cluster_is_set_apart_by_its_planted_dimension(dimension: int, by: float) -> None:
    rows = np.sort(np.random.default_rng(1).choice(N, 300, replace=False))
    found = description.describe(latents(planted(dimension, by, rows)), rows)
    first, second = found.dimensions[:2]
    assert first.name == str(dimension)
    assert first.effect == pytest.approx(by, abs=0.15)
    assert abs(second.effect or 0) < 0.2
    assert first.mean == pytest.approx(by, abs=0.15)
    assert first.deviation == pytest.approx(1, abs=0.1)
    assert second.size == "none"
    assert first.size == {2.0: "large", -1.0: "large", 0.6: "medium"}[by]


def test_cohens_d_is_the_known_number() -> None:
    """Means 2 and 6, both of variance 4 (n − 1): d = −2."""
    values = np.array([0.0, 2, 4, 4, 6, 8])[:, None]
    chosen = np.array([True] * 3 + [False] * 3)
    assert description.effects(values, chosen)[0] == pytest.approx(-2)
    assert description.effects(values, ~chosen)[0] == pytest.approx(2)


def test_numbers_of_the_model_count_too() -> None:
    rows = np.arange(100)
    found = latents(np.zeros((N, 2)))
    found.squared_error[rows] += 5
    numbers = description.describe(found, rows).numbers
    assert numbers[0].name == "squared_error"
    assert numbers[0].size == "large"
    assert {one.name for one in numbers} == set(description.NUMBERS)


def test_all_one_alike_and_collapsed_have_no_effect_and_no_warning() -> None:
    with np.errstate(all="raise"):
        everything = description.describe(latents(planted(0, 0, np.arange(1))), np.arange(N))
        assert all(one.effect is None for one in everything.dimensions)
        assert everything.dimensions[0].size == ""
        collapsed = description.describe(latents(np.full((N, D), 0.1)), np.arange(10))
        assert all(one.effect is None for one in collapsed.dimensions)
        one = description.describe(latents(planted(0, 0, np.arange(1))), np.array([3]))
        assert all(math.isfinite(found.effect or 0) for found in one.dimensions)
        assert description.describe(latents(np.zeros((1, 2))), np.array([0])).count == 1
    with pytest.raises(ValueError, match="no rows"):
        description.describe(latents(np.zeros((3, 2))), np.array([], np.int64))


def test_classes_are_counted_and_compared_with_all() -> None:
    labels = np.repeat(np.arange(4), N // 4)
    rows = np.concatenate([np.arange(30), np.arange(N // 4, N // 4 + 10)])
    first, second = description.describe(latents(np.zeros((N, 2)), labels), rows).classes
    assert (first.label, first.count, first.share, first.among_all) == (0, 30, 0.75, N // 4)
    assert first.times == pytest.approx(3)
    assert (second.label, second.times) == (1, pytest.approx(1))


def test_the_most_typical_come_first() -> None:
    mu = np.array([[9.0, 9], [0, 0], [1, 0], [0.4, 0.1], [-3, 0]])
    np.testing.assert_array_equal(description.by_typicality(mu, np.array([1, 2, 3, 4])), [1, 3, 2, 4])
