"""Nearest neighbours by Euclidean distance, exactly: the one search for latents, features and pixels. numpy only.

Matrix products say which points can be among the nearest, rounding allowed for, and only those are measured, coordinate
by coordinate. So copies are at distance 0, and of equally near points the first comes first. scikit-learn's brute force
takes roots of the rounded products and may give either; it is up to twice as fast on one core.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EXACT_PRODUCTS = 1_024  # 2(x-128)(y-128) is an even number up to 2^15: float32 adds up 2^10 of them without rounding
POINT_BYTES = 4 * 2**20  # of points at a time: small enough to stay in the cache
QUERY_BYTES = 16 * 2**20  # of queries at a time, and of their distances to these points

Numbers = NDArray[np.floating] | NDArray[np.uint8]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
OnBlock = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Nearest:
    """Of each of Q queries the rows of the k nearest points and their distances, both (Q, k): nearest first, of equally
    near ones the first row first.
    """

    rows: Ints
    distances: Floats


@dataclass(frozen=True, eq=False)
class Block:
    """Squared distances (q, r) of some queries (q, P) and points (r, P): those from the rows `query` and `point` on."""

    query: int
    point: int
    queries: NDArray[np.floating]
    points: NDArray[np.floating]
    squared: Floats

    @property
    def of_queries(self) -> slice:
        """Which of all queries these are."""
        return slice(self.query, self.query + len(self.queries))

    @property
    def of_points(self) -> slice:
        """Which of all points these are."""
        return slice(self.point, self.point + len(self.points))

    def rounding(self) -> Floats:
        """How far `squared` may be from the true numbers, for each query: (q,), 0 for bytes."""
        if self.queries.dtype == np.float32:
            return np.zeros(len(self.queries))
        relative = (self.queries.shape[1] + 8) * np.finfo(np.float64).eps
        return np.asarray(relative * (_squares(self.queries) + _squares(self.points).max()))


def nearest(
    queries: Numbers,
    points: Numbers,
    k: int = 1,
    own: Ints | None = None,
    on_block: OnBlock = lambda done, total: None,
) -> Nearest:
    """The k points (N, …) nearest to each query (Q, …), or all of fewer, with 200 MB of memory beside both.

    Both are uint8, such as images, or both floating; points may be a memory map. `own` (Q,) says which point a query
    is itself, so that it is not its own neighbour. `on_block(done, total)` is told how many pairs are done and may
    raise to stop.

    Raises
    ------
    ValueError
        For arrays that don't fit each other, and k < 0.
    """
    _check(queries, points)
    if k < 0:
        raise ValueError(f"k is {k}, expected 0 or more")
    best = _Best(len(queries), min(k, len(points) - (own is not None)))
    if not best.rows.size:
        return Nearest(best.rows, best.squared)
    done, total = 0, len(queries) * len(points)
    for block in blocks(queries, points):
        if own is not None:
            _leave_out(block, own)
        best.add(block)
        done += block.squared.size
        on_block(done, total)
    return Nearest(best.rows, np.sqrt(best.squared))


def blocks(queries: Numbers, points: Numbers) -> Iterator[Block]:
    """The squared distances of all queries (Q, …) to all points (N, …), in blocks of bounded size.

    |x|² + |y|² − 2xy: exact for bytes; otherwise rounded, and perhaps a little below 0. Raises ValueError for arrays
    that don't fit each other.
    """
    _check(queries, points)
    coordinates = int(np.prod(points.shape[1:]))
    item = 4 if points.dtype == np.uint8 else 8
    many = min(len(points), max(1, POINT_BYTES // (item * coordinates)))
    some = max(1, QUERY_BYTES // max(item * coordinates, 8 * many))
    centre = None if points.dtype == np.uint8 else points.reshape(len(points), -1).mean(0, dtype=np.float64)
    for query in range(0, len(queries), some):
        x = _centred(queries[query : query + some], centre)
        x_squares = _squares(x)[:, None]
        for point in range(0, len(points), many):
            y = _centred(points[point : point + many], centre)
            squared = _products(-2 * x, y)
            squared += _squares(y)
            squared += x_squares
            yield Block(query, point, x, y, squared)


class _Best:
    """The nearest points found so far."""

    def __init__(self, queries: int, k: int) -> None:
        self.rows = np.zeros((queries, k), np.int64)
        self.squared = np.full((queries, k), np.inf)

    def add(self, block: Block) -> None:
        """The block's points where they are nearer than those known."""
        k = self.squared.shape[1]
        slack = block.rounding()
        # an equally near one comes later than those known, and so must be nearer
        limit = np.nextafter(self.squared[block.of_queries, -1], -np.inf)
        some = np.flatnonzero(block.squared.min(1) <= limit + slack)  # of the queries: few after the first blocks
        squared = block.squared if len(some) == len(block.squared) else block.squared[some]
        limit, slack = limit[some], slack[some]
        near = squared <= (np.minimum(limit, _at_most_kth(squared, k) + slack) + slack)[:, None]
        query, point = np.divmod(np.flatnonzero(near), squared.shape[1])
        exact = squared[query, point] if not slack.any() else _measured(block, some[query], point)
        nearer = exact <= limit[query]
        self._merge(block.query + some[query[nearer]], block.point + point[nearer], exact[nearer])

    def _merge(self, query: Ints, point: Ints, squared: Floats) -> None:
        """Pairs of a query and a point, both rising, and their squared distances: the k nearest of all are known."""
        changed, starts = np.unique(query, return_index=True)
        for row, start, end in zip(changed, starts, np.append(starts, len(query))[1:], strict=True):
            both = np.concatenate([self.squared[row], squared[start:end]])
            order = np.argsort(both, kind="stable")[: len(self.squared[row])]  # those known have the lower rows
            self.rows[row] = np.concatenate([self.rows[row], point[start:end]])[order]
            self.squared[row] = both[order]


def _at_most_kth(squared: Floats, k: int) -> Floats:
    """A bound (q,) on the k-th smallest of each row of (q, r), seldom much above it; infinite where there are fewer.

    The k-th smallest of all is at most the k-th smallest of groups' minima, and of those there are few to sort.
    """
    q, r = squared.shape
    if r < k:
        return np.full(q, np.inf)
    if k == 1:
        return np.asarray(squared.min(1))
    groups = min(8 * k + 256, r)
    size = r // groups
    minima = squared[:, : groups * size].reshape(q, size, groups).min(1)
    return np.asarray(np.partition(minima, k - 1, axis=1)[:, k - 1])


def _measured(block: Block, query: Ints, point: Ints) -> Floats:
    """The squared distance of each pair, coordinate by coordinate: equal pairs give equal numbers, copies 0."""
    squared = np.empty(len(query))
    size = max(1, POINT_BYTES // (8 * block.points.shape[1]))
    for start in range(0, len(query), size):
        pairs = slice(start, start + size)
        difference = block.queries[query[pairs]] - block.points[point[pairs]]
        squared[pairs] = np.einsum("np,np->n", difference, difference)
    return squared


def _centred(rows: Numbers, centre: Floats | None) -> NDArray[np.floating]:
    """Rows (n, P) from the centre: squares of small numbers cancel less.

    Without a centre they are bytes, and become integers from -128 to 127 as float32.
    """
    flat = np.ascontiguousarray(rows).reshape(len(rows), -1)
    if centre is not None:
        return np.asarray(flat - centre, np.float64)
    return (flat.astype(np.uint8, copy=False) ^ np.uint8(128)).view(np.int8).astype(np.float32)  # top bit: minus 128


def _products(x: NDArray[np.floating], y: NDArray[np.floating]) -> Floats:
    """Every row of x (q, P) with every row of y (r, P): (q, r)."""
    products = ((x[:, part] @ y[:, part].T).astype(np.float64, copy=False) for part in _exact_parts(x))
    return functools.reduce(np.add, products)


def _squares(rows: NDArray[np.floating]) -> Floats:
    """The squared length of each row (n,)."""
    parts = (rows[:, part] for part in _exact_parts(rows))
    return functools.reduce(np.add, (np.einsum("np,np->n", part, part).astype(np.float64) for part in parts))


def _exact_parts(rows: NDArray[np.floating]) -> Iterator[slice]:
    """Coordinates whose products can be added up: of float32 integers so many that nothing is rounded."""
    size = EXACT_PRODUCTS if rows.dtype == np.float32 else rows.shape[1]
    return (slice(start, start + size) for start in range(0, rows.shape[1], size))


def _leave_out(block: Block, own: Ints) -> None:
    """No query is its own neighbour."""
    mine = own[block.of_queries] - block.point
    rows = np.flatnonzero((mine >= 0) & (mine < len(block.points)))
    block.squared[rows, mine[rows]] = np.inf


def _check(queries: Numbers, points: Numbers) -> None:
    bytes_or_floats = {array.dtype == np.uint8 for array in (queries, points)}
    if queries.ndim < 2 or queries.shape[1:] != points.shape[1:] or not len(points) or len(bytes_or_floats) > 1:
        raise ValueError(
            f"queries are {queries.dtype} {queries.shape}, points {points.dtype} {points.shape}: "
            "expected (Q, …) and (N, …) of one kind, and at least one point"
        )
