"""The nearest-neighbour search against brute force: every pair measured, then sorted, equal ones in their order."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from vae import neighbours
from vae.neighbours import Nearest, Numbers, nearest


def brute_force(queries: Numbers, points: Numbers, k: int, own: NDArray[np.int64] | None = None) -> Nearest:
    x, y = (a.reshape(len(a), -1).astype(np.float64) for a in (queries, points))
    distances = cdist(x, y)
    if own is not None:
        distances[np.arange(len(own)), own] = np.inf
    rows = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return Nearest(rows, np.take_along_axis(distances, rows, 1))


def same(found: Nearest, expected: Nearest) -> None:
    assert np.array_equal(found.rows, expected.rows)
    np.testing.assert_allclose(found.distances, expected.distances, rtol=1e-12, atol=1e-14)
    assert (found.rows.dtype.name, found.distances.dtype.name) == ("int64", "float64")


def normal(count: int, d: int, seed: int, dtype: str = "f8") -> NDArray[np.floating]:
    return np.random.default_rng(seed).normal(size=(count, d)).astype(dtype)


def images(count: int, seed: int, shape: tuple[int, ...] = (3, 19, 27)) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)


@pytest.fixture(params=["one block", "many blocks"])
def _blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "many blocks":
        monkeypatch.setattr(neighbours, "POINT_BYTES", 8 * 4 * 13)
        monkeypatch.setattr(neighbours, "QUERY_BYTES", 8 * 4 * 50)


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("k", [1, 3, 20, 89])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_as_brute_force(k: int, dtype: str) -> None:
    queries, points = normal(30, 4, 0, dtype), normal(90, 4, 1, dtype)
    same(nearest(queries, points, k), brute_force(queries, points, k))
    same(nearest(points, points, k, own=np.arange(90)), brute_force(points, points, k, np.arange(90)))


@pytest.mark.parametrize("k", [1, 10])
def test_thousands_of_points_as_brute_force(k: int) -> None:
    """So many that groups of points have a bound in common."""
    queries, points = normal(200, 16, 0), normal(7_000, 16, 1)
    same(nearest(queries, points, k), brute_force(queries, points, k))


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("k", [1, 5, 40])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_copies_are_at_distance_0_and_the_first_of_equals_comes_first(k: int, offset: float) -> None:
    """Far from the origin squares would cancel to anything, and a product of equal rows may be rounded otherwise."""
    points = np.tile(normal(13, 4, 0) + offset, (7, 1))
    found = nearest(points, points, k)
    same(found, brute_force(points, points, k))
    assert (found.distances[:, : min(k, 7)] == 0).all()
    assert np.array_equal(found.rows[:, 0], np.arange(91) % 13)


@pytest.mark.usefixtures("_blocks")
def test_equally_near_points_stay_in_their_order() -> None:
    grid = np.stack(np.meshgrid(np.arange(5.0), np.arange(5.0)), -1).reshape(25, 2)
    same(nearest(grid, grid, 9, own=np.arange(25)), brute_force(grid, grid, 9, np.arange(25)))
    assert nearest(np.zeros((1, 2)), np.zeros((60, 2)), 4).rows.tolist() == [[0, 1, 2, 3]]


@pytest.mark.parametrize("k", [1, 4])
def test_images_as_brute_force(k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    queries, points = images(9, 0), images(300, 1)
    points[200:] = points[:100]
    expected = brute_force(queries, points, k)
    same(nearest(queries, points, k), expected)
    monkeypatch.setattr(neighbours, "POINT_BYTES", 4 * 3 * 19 * 27 * 13)
    monkeypatch.setattr(neighbours, "QUERY_BYTES", 4 * 3 * 19 * 27 * 7)
    same(nearest(queries, points, k), expected)


def test_white_images_that_differ_in_one_level_are_told_apart() -> None:
    """float32 alone would lose 1 in a sum of 50 million."""
    points = np.full((3, 3, 40, 40), 255, np.uint8)
    points[0, 0, 0, :2], points[1, 2, 39, 39] = 254, 254
    found = nearest(points[2:], points[:2], 2)
    assert found.rows.tolist() == [[1, 0]]
    np.testing.assert_array_equal(found.distances, [[1, 2**0.5]])
    far = nearest(np.zeros((1, 3, 40, 40), np.uint8), points[2:])
    assert far.distances[0, 0] == 255 * 4800**0.5


def test_all_are_found_where_more_are_asked_for() -> None:
    points = normal(5, 2, 0)
    assert nearest(points[:3], points, 9).rows.shape == (3, 5)
    assert nearest(points, points, 9, own=np.arange(5)).rows.shape == (5, 4)
    assert nearest(points[:1], points[:1], 1, own=np.arange(1)).rows.shape == (1, 0)
    assert nearest(points[:3], points, 0).distances.shape == (3, 0)
    assert nearest(points[:0], points, 2).rows.shape == (0, 2)


def test_every_pair_is_reported_and_a_report_may_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "points.npy", images(100, 0, (1, 8, 8)))
    points = np.load(tmp_path / "points.npy", mmap_mode="r")
    monkeypatch.setattr(neighbours, "POINT_BYTES", 4 * 64 * 13)
    monkeypatch.setattr(neighbours, "QUERY_BYTES", 4 * 64 * 7)
    reports: list[tuple[int, int]] = []
    nearest(np.array(points[:30]), points, on_block=lambda done, total: reports.append((done, total)))
    assert len(reports) == 5 * 8  # 30 queries by 7, 100 points by 13
    assert reports[-1] == (3_000, 3_000)

    def stop(done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        nearest(np.array(points[:30]), points, on_block=stop)


@pytest.mark.parametrize("equal", [False, True])
def test_memory_is_bounded(equal: bool) -> None:
    """All distances together would be 320 MB; of equal points every pair is a candidate."""
    points = np.zeros((10_000, 8)) if equal else normal(10_000, 8, 0)
    tracemalloc.start()
    nearest(points[: 4_000 if not equal else 500], points, 5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < (220e6 if equal else 100e6)


def test_blocks_hold_every_distance_to_their_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "POINT_BYTES", 8 * 3 * 11)
    monkeypatch.setattr(neighbours, "QUERY_BYTES", 8 * 3 * 20)
    queries, points = normal(30, 3, 0) + 1e3, normal(40, 3, 1) + 1e3
    squared, filled = cdist(queries, points, "sqeuclidean"), np.zeros((30, 40), int)
    for block in neighbours.blocks(queries, points):
        here = np.s_[block.query : block.query + len(block.queries), block.point : block.point + len(block.points)]
        assert (np.abs(block.squared - squared[here]) <= block.rounding()[:, None]).all()
        filled[here] += 1
    assert (filled == 1).all()
    assert not next(neighbours.blocks(images(2, 0), images(3, 1))).rounding().any()


@pytest.mark.parametrize(
    ("queries", "points", "k"),
    [
        (np.zeros((2, 3)), np.zeros((4, 2)), 1),
        (np.zeros(3), np.zeros((4, 3)), 1),
        (np.zeros((2, 3)), np.zeros((0, 3)), 1),
        (np.zeros((2, 3)), np.zeros((4, 3), np.uint8), 1),
        (np.zeros((2, 3)), np.zeros((4, 3)), -1),
    ],
)
def test_what_cant_be_compared_is_refused(queries: Numbers, points: Numbers, k: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        nearest(queries, points, k)
