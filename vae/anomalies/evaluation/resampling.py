"""Stratified bootstrap of detection measures, without a loop over resamples: each image gets a count per resample.

Efron 1979. numpy only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CHUNK = 2**21  # counts in memory at once


def resampled(
    ranks: NDArray[np.int64], truth: NDArray[np.bool_], wanted_recall: float, resamples: int, seed: int
) -> NDArray[np.float64]:
    """AUROC, average precision and false-alarm rate at `wanted_recall` of each of B resamples: (3, B).

    `ranks` (n,) are whole numbers, equal for equal scores; `truth` (n,) holds both kinds.
    """
    generator = np.random.default_rng(seed)
    order = np.argsort(-ranks, kind="stable")
    truth, ends = truth[order], np.flatnonzero(np.append(np.diff(ranks[order]) != 0, True))  # the last of each tie
    rows = max(1, CHUNK // len(truth))
    parts = []
    for start in range(0, resamples, rows):
        number = min(rows, resamples - start)
        counts = np.zeros((number, len(truth)), np.int64)  # how often each image was drawn
        counts[:, truth] = _drawn(generator, number, int(truth.sum()))
        hits = np.cumsum(counts * truth, axis=1)[:, ends]
        counts[:, ~truth] = _drawn(generator, number, int((~truth).sum()))
        alarms = np.cumsum(counts * ~truth, axis=1)[:, ends]
        parts.append(_areas(hits, alarms, wanted_recall))
    return np.concatenate(parts, axis=1)


def _drawn(generator: np.random.Generator, number: int, count: int) -> NDArray[np.int64]:
    """How often each of `count` images comes in a draw of `count` with replacement: (number, count)."""
    rows = generator.integers(0, count, (number, count)) + count * np.arange(number)[:, None]
    return np.bincount(rows.ravel(), minlength=number * count).reshape(number, count)


def _areas(hits: NDArray[np.int64], alarms: NDArray[np.int64], wanted_recall: float) -> NDArray[np.float64]:
    """(3, b) of flagged outliers and normal images (b, T) at T falling thresholds."""
    recall, false = hits / hits[:, -1:], alarms / alarms[:, -1:]
    before = np.pad(recall, ((0, 0), (1, 0)))[:, :-1]
    area = (np.diff(false, axis=1, prepend=0) * (recall + before) / 2).sum(1)
    precision = hits / np.maximum(hits + alarms, 1)
    average = ((recall - before) * precision).sum(1)
    first = (recall >= wanted_recall - 1e-12).argmax(1)
    return np.stack([area, average, false[np.arange(len(false)), first]])
