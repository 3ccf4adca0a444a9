"""Paths and traversals through latent space."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from vae.errors import GenerationError
from vae.generation import interpolation, traversals
from vae.generation.interpolation import lerp, slerp

T = np.linspace(0, 1, 21)


def pair(d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(2, d)).astype(np.float32)


@pytest.mark.parametrize("way", [lerp, slerp])
@pytest.mark.parametrize("d", [1, 2, 16, 128])
def test_the_ends_are_exact(way: object, d: int) -> None:
    for seed in range(20):
        a, b = pair(d, seed)
        z = way(a, b, T)  # type: ignore[operator]
        assert (z.shape, z.dtype) == ((21, d), np.float32)
        assert np.array_equal(z[0], a)
        assert np.array_equal(z[-1], b)


def test_lerp_is_the_straight_line() -> None:
    np.testing.assert_allclose(lerp(np.array([0.0, 4]), np.array([2.0, 0]), np.array([0.25])), [[0.5, 3]])


def test_slerp_equals_the_closed_form() -> None:
    """A quarter turn in the plane: t of the way is t · 90°, and here the norm goes from 1 to 3."""
    z = slerp(np.array([1.0, 0, 0]), np.array([0.0, 3, 0]), T)
    angle, norm = T * math.pi / 2, 1 + 2 * T
    np.testing.assert_allclose(z, np.stack([norm * np.cos(angle), norm * np.sin(angle), 0 * T], 1), atol=1e-6)


@pytest.mark.parametrize("d", [2, 16, 128])
def test_slerp_keeps_equal_norms(d: int) -> None:
    a, b = pair(d).astype(np.float64)
    b *= np.linalg.norm(a) / np.linalg.norm(b)
    norms = np.linalg.norm(slerp(a, b, T).astype(np.float64), axis=1)
    np.testing.assert_allclose(norms, np.linalg.norm(a), rtol=1e-6)
    assert np.linalg.norm(lerp(a, b, T), axis=1).min() < np.linalg.norm(a) * 0.95  # which the straight line does not


def test_slerp_turns_evenly() -> None:
    a, b = pair(16)
    z = slerp(a, b, T).astype(np.float64)
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    angles = np.arccos((z[1:] * z[:-1]).sum(1))
    np.testing.assert_allclose(angles, angles.mean(), rtol=1e-3)


@pytest.mark.parametrize("b", [(2.0, 4.0), (1.0, 2.0), (-1.0, -2.0), (0.0, 0.0), (1.0, 2.0000001)])
def test_slerp_without_a_great_circle_is_lerp(b: tuple[float, float]) -> None:
    a = np.array([1.0, 2.0])
    np.testing.assert_allclose(slerp(a, np.array(b), T), lerp(a, np.array(b), T), atol=1e-6)
    assert np.isfinite(slerp(np.zeros(2), np.zeros(2), T)).all()


# --- paths ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", interpolation.KINDS)
def test_a_path_passes_through_its_anchors_and_shares_joints(kind: str) -> None:
    anchors = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)
    path = interpolation.path(anchors, 7, kind)
    assert path.z.shape == (3 * 6 + 1, 5)
    assert path.anchor_at.tolist() == [0, 6, 12, 18]
    assert np.array_equal(path.z[path.anchor_at], anchors)
    assert path.t[path.anchor_at].tolist() == [0, 1, 2, 3]
    way = lerp if kind == "lerp" else slerp
    np.testing.assert_allclose(path.z[6:13], way(anchors[1], anchors[2], np.linspace(0, 1, 7)))
    assert path.by_leg().shape == (3, 7)
    np.testing.assert_array_equal(path.z[path.by_leg()[:, [0, -1]]], np.stack([anchors[:-1], anchors[1:]], 1))


def test_two_steps_are_the_anchors_alone() -> None:
    anchors = pair(3)
    assert np.array_equal(interpolation.path(anchors, 2, "slerp").z, anchors)


@pytest.mark.parametrize(
    ("anchors", "steps", "kind", "message"),
    [
        (np.zeros((1, 2)), 5, "lerp", "1 anchors, expected 2 to 6"),
        (np.zeros((7, 2)), 5, "lerp", "7 anchors"),
        (np.zeros((2, 2)), 1, "lerp", "1 steps per leg, expected a whole number from 2 to 60"),
        (np.zeros((2, 2)), 61, "lerp", "61 steps"),
        (np.zeros((2, 2)), 2.5, "lerp", r"2\.5 steps"),
        (np.zeros((2, 2)), 5, "cubic", "kind of path is 'cubic', expected one of lerp, slerp"),
        (np.array([[0, np.nan], [0, 0]]), 5, "slerp", "not finite"),
    ],
)
def test_a_bad_path_is_refused(anchors: np.ndarray, steps: int, kind: str, message: str) -> None:
    with pytest.raises(GenerationError, match=message):
        interpolation.path(anchors, steps, kind)


# --- distances --------------------------------------------------------------------------------------------------------


def test_distances_are_scipys() -> None:
    rng = np.random.default_rng(0)
    z, mu = rng.normal(50, 1, (30, 4)).astype(np.float32), rng.normal(50, 1, (90, 4)).astype(np.float32)
    all_of_them = cdist(z, mu)
    found = interpolation.distances(z, mu)
    assert np.array_equal(found.row, all_of_them.argmin(1))
    np.testing.assert_allclose(found.distance, all_of_them.min(1), rtol=1e-9)
    assert interpolation.distances(mu[:5], mu).distance.tolist() == [0] * 5


def test_latents_of_another_space_have_no_distance() -> None:
    with pytest.raises(GenerationError, match=r"\(1, 3\) and \(4, 2\)"):
        interpolation.distances(np.zeros((1, 3)), np.zeros((4, 2)))


# --- traversals -------------------------------------------------------------------------------------------------------


def test_a_traversal_changes_one_dimension_a_row() -> None:
    z = np.array([0.5, -0.25, 1.5], np.float32)
    at = traversals.values(-2, 2, 5)
    assert at.tolist() == [-2, -1, 0, 1, 2]
    rows = traversals.traverse(z, [2, 0], at)
    assert (rows.shape, rows.dtype) == ((2, 5, 3), np.float32)
    assert np.array_equal(rows[0, :, 2], at)
    assert np.array_equal(rows[1, :, 0], at)
    assert (rows[0][:, :2] == z[:2]).all()
    assert (rows[1][:, 1:] == z[1:]).all()


@pytest.mark.parametrize(
    ("low", "high", "steps"), [(3, -3, 5), (1, 1, 5), (math.nan, 1, 5), (0, math.inf, 5), (-1, 1, 1), (-1, 101, 5)]
)
def test_a_bad_range_is_refused(low: float, high: float, steps: int) -> None:
    with pytest.raises(GenerationError, match="expected a"):
        traversals.values(low, high, steps)


@pytest.mark.parametrize("dims", [[], [3], [-1], [0, 9]])
def test_a_dimension_that_z_lacks_is_refused(dims: list[int]) -> None:
    with pytest.raises(GenerationError, match="expected some of 0 to 2"):
        traversals.traverse(np.zeros(3), dims, traversals.values())


def test_the_middle_of_a_range_is_zero() -> None:
    for steps in range(3, 60, 2):
        assert traversals.values(-2.7, 2.7, steps)[steps // 2] == 0
