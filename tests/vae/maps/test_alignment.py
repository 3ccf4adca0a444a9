"""Procrustes alignment: planted turns come back, distances stay."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from vae.maps.alignment import aligned, alignment

Places = NDArray[np.float32]


def places(count: int = 60, seed: int = 0) -> Places:
    return np.random.default_rng(seed).normal(size=(count, 2)).astype(np.float32) * np.float32([3, 1])


def turn(angle: float, mirror: bool) -> Places:
    c, s = math.cos(angle), math.sin(angle)
    rotation = np.array([[c, s], [-s, c]])
    return (rotation @ np.diag([1, -1]) if mirror else rotation).astype(np.float32)


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("angle", [0.0, 0.3, math.pi / 2, math.pi, 4.0])
def test_a_planted_turn_or_mirror_image_is_undone(angle: float, mirror: bool) -> None:
    reference = places()
    found = aligned(reference @ turn(angle, mirror), reference)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, reference, atol=1e-5)


def test_distances_and_distance_from_the_origin_stay() -> None:
    xy, reference = places(seed=1), places(seed=2)
    found = aligned(xy, 10 * reference)  # nothing is enlarged to fit
    np.testing.assert_allclose(pdist(found), pdist(xy), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), np.linalg.norm(xy, axis=1), rtol=1e-5)


def test_no_other_turn_comes_nearer() -> None:
    xy, reference = places(seed=3), places(seed=4)

    def away(found: Places) -> float:
        return float(np.square(found - reference).sum())

    tried = [away(xy @ turn(a, m)) for a in np.linspace(0, 2 * math.pi, 721) for m in (False, True)]
    best = away(aligned(xy, reference))
    assert best <= min(tried) + 1e-3
    assert best < away(xy)


def test_places_that_are_all_one_stay_finite() -> None:
    assert aligned(np.zeros((5, 2), np.float32), places(5)).tolist() == [[0.0, 0.0]] * 5


@pytest.mark.parametrize("mirror", [False, True])
def test_a_shifted_turned_and_enlarged_map_falls_on_the_other(mirror: bool) -> None:
    reference = places()
    moved = 7 * reference @ turn(1.1, mirror) + np.float32([30, -4])
    found = alignment(moved, reference)
    assert found is not None
    np.testing.assert_allclose(found.moved(moved), reference, atol=1e-4)
    assert found.explained == pytest.approx(1, abs=1e-6)
    assert found.scale == pytest.approx(1 / 7)


def test_what_is_explained_is_the_share_of_the_variance_and_by_chance_next_to_nothing() -> None:
    xy, reference = places(4_000, seed=5), places(4_000, seed=6)
    found = alignment(xy, reference)
    assert found is not None
    left = np.square(found.moved(xy) - reference).sum() / np.square(reference - reference.mean(0)).sum()
    assert found.explained == pytest.approx(1 - left, abs=1e-5)
    assert found.explained < 0.01
    half = alignment(reference + places(4_000, seed=7), reference)  # as much noise as there is signal
    assert half is not None
    assert half.explained == pytest.approx(0.5, abs=0.03)


def test_a_map_of_one_place_is_laid_on_nothing() -> None:
    assert alignment(np.zeros((5, 2), np.float32), places(5)) is None
    assert alignment(places(5), np.ones((5, 2), np.float32)) is None
