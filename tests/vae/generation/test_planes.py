"""Planes through latent space."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.decomposition import PCA

from vae.errors import GenerationError
from vae.generation import planes
from vae.generation.planes import Plane


def data(count: int = 400) -> np.ndarray:
    """(N, 5), its principal axes turned against the coordinates, with standard deviations 4, 3, 2, 1 and 0.5."""
    rng = np.random.default_rng(0)
    turn, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    return (rng.normal(size=(count, 5)) * (4, 3, 2, 1, 0.5) @ turn + (1, 2, 3, 4, 5)).astype(np.float32)


Z = np.array([0.3, -1.2, 2.2, 0.7, -0.4], np.float32)


def test_a_latent_plane_holds_its_point_at_its_own_coordinates() -> None:
    plane = planes.latent_plane(Z, 3, 1)
    assert np.array_equal(plane.at(Z[3], Z[1]), Z)
    assert plane.place(Z) == pytest.approx((Z[3], Z[1]))
    assert plane.names == ("z3", "z1")
    moved = plane.at(9.0, -8.0)
    assert (moved[3], moved[1]) == (9, -8)
    assert np.array_equal(np.delete(moved, [1, 3]), np.delete(Z, [1, 3]))


@pytest.mark.parametrize(("i", "j"), [(0, 1), (1, 0), (2, 4)])
def test_a_principal_plane_counts_standard_deviations_from_the_mean(i: int, j: int) -> None:
    mu = data()
    plane = planes.principal_plane(Z, mu, i, j)
    pca = PCA().fit(mu.astype(np.float64))
    for axis, k in ((plane.u, i), (plane.v, j)):
        found = pca.components_[k] * pca.singular_values_[k] / np.sqrt(len(mu))
        assert abs(axis @ found) == pytest.approx(np.linalg.norm(found) ** 2, rel=1e-5)  # the same but for its sign
        assert np.linalg.norm(axis) == pytest.approx(np.linalg.norm(found), rel=1e-5)
        assert axis[np.abs(axis).argmax()] > 0
    np.testing.assert_allclose(plane.at(*plane.place(Z)), Z, atol=1e-5)  # z lies in the plane
    a, b = plane.place(mu)
    np.testing.assert_allclose([a.mean(), b.mean()], 0, atol=1e-5)  # the mean projects to (0, 0)
    np.testing.assert_allclose([a.std(), b.std()], 1, rtol=1e-5)
    np.testing.assert_allclose(np.corrcoef(a, b)[0, 1], 0, atol=1e-5)
    assert plane.names == (f"PC {i + 1}", f"PC {j + 1}")


def test_place_is_the_nearest_point_even_on_skew_axes() -> None:
    rng = np.random.default_rng(1)
    base, u, v = rng.normal(size=(3, 5)).astype(np.float32)
    plane = Plane(base, u, v, ("a", "b"))
    points = rng.normal(size=(10, 5))
    a, b = plane.place(points)
    assert a.shape == (10,)
    rest = points - plane.at(a, b)
    np.testing.assert_allclose(rest @ np.stack([plane.u, plane.v], 1), 0, atol=1e-5)


def test_at_broadcasts() -> None:
    plane = planes.latent_plane(Z, 0, 1)
    assert plane.at(1.0, 2.0).shape == (5,)
    assert plane.at(np.zeros((1, 4)), np.zeros((3, 1))).shape == (3, 4, 5)


def test_a_sheet_lies_like_a_map() -> None:
    """First row: the largest b. First column: the smallest a."""
    plane = planes.latent_plane(Z, 0, 1)
    grid = planes.sheet(plane, np.array([-1.0, 0, 1]), np.array([5.0, 6]))
    assert grid.shape == (2, 3, 5)
    assert grid[:, :, 0].tolist() == [[-1, 0, 1]] * 2
    assert grid[:, :, 1].tolist() == [[6] * 3, [5] * 3]


def test_quantiles_split_the_prior_into_equal_parts() -> None:
    np.testing.assert_allclose(planes.quantiles(20), norm.ppf((np.arange(20) + 0.5) / 20), atol=1e-9)
    assert planes.quantiles(1).tolist() == [0]
    np.testing.assert_allclose(planes.quantiles(5, 0.5, 0.6), norm.ppf(0.5 + (np.arange(5) + 0.5) / 50), atol=1e-9)
    np.testing.assert_allclose(planes.even_steps(4, -1, 3), [-0.5, 0.5, 1.5, 2.5])
    for low, high in [(-0.1, 0.5), (0.5, 0.5), (0.5, 1.1), (float("nan"), 1)]:
        with pytest.raises(GenerationError, match="expected a range inside 0 to 1"):
            planes.quantiles(5, low, high)
    for n in (0, -1, 101, 2.0, True):
        with pytest.raises(GenerationError, match="expected a whole number from 1 to 100"):
            planes.quantiles(n)


@pytest.mark.parametrize(("i", "j"), [(0, 0), (0, 5), (-1, 0)])
def test_axes_that_span_no_plane_are_refused(i: int, j: int) -> None:
    with pytest.raises(GenerationError, match="two different ones from 0 to 4"):
        planes.latent_plane(Z, i, j)
    with pytest.raises(GenerationError, match="two different ones from 0 to 4"):
        planes.principal_plane(Z, data(), i, j)


def test_one_dimension_has_no_plane() -> None:
    with pytest.raises(GenerationError, match="One latent dimension has no plane"):
        planes.latent_plane(np.zeros(1), 0, 1)


def test_an_axis_without_variance_is_refused() -> None:
    mu = data()
    mu[:, 2:] = 0
    planes.principal_plane(Z, mu, 0, 1)
    with pytest.raises(GenerationError, match="does not vary along principal axis 3"):
        planes.principal_plane(Z, mu, 0, 2)


def test_a_damaged_plane_is_refused() -> None:
    with pytest.raises(GenerationError, match=r"expected \(d,\) three times"):
        Plane(Z, Z, Z[:3], ("a", "b"))
    with pytest.raises(GenerationError, match="not finite"):
        Plane(Z, Z, Z * np.float32(np.nan), ("a", "b"))
