"""The histogram's data. What its front end makes of it is in tests/browser/anomalies/test_threshold.py."""

from __future__ import annotations

import base64
import itertools
import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ui.components.threshold.histogram import BINS, ScoreGroup, histogram

Scores = NDArray[np.float32]
RNG = np.random.default_rng(0)
PLAIN = RNG.normal(10, 3, 500).astype(np.float32)
TIED = np.repeat(np.float32([1, 2, 2.5]), [5, 6, 7])
BROKEN = np.float32([np.nan, np.inf, -np.inf, 1, 2, np.nan, 3])
ALL = {
    "plain": PLAIN,
    "tied": TIED,
    "broken": BROKEN,
    "none": PLAIN[:0],
    "one": PLAIN[:1],
    "constant": np.full(9, 1e30, np.float32),
    "not a number": BROKEN[:1],
    "backwards": PLAIN[::-2],
}


def sorted_scores(group: dict[str, Any]) -> Scores:
    """As threshold.js reads them."""
    return np.frombuffer(base64.b64decode(group["sorted"]), "<f4")


@pytest.mark.parametrize("scores", ALL.values(), ids=ALL)
@pytest.mark.parametrize("value", [2.0, -1e6, 3e38])
def test_the_histogram_holds_every_score_and_the_threshold(scores: Scores, value: float) -> None:
    data = histogram([ScoreGroup("a", scores, "#123456")], value, "Score", 3)
    json.dumps(data, allow_nan=False)
    edges, [group] = np.array(data["edges"]), data["groups"]
    assert len(edges) == len(group["counts"]) + 1 == BINS + 1
    assert (np.diff(edges) > 0).all()
    assert edges[0] <= value <= edges[-1]
    assert sum(group["counts"]) == np.isfinite(scores).sum()
    np.testing.assert_array_equal(sorted_scores(group), np.sort(scores))
    assert (data["threshold"], data["label"], data["revision"]) == (value, "Score", 3)


def test_bars_count_what_lies_in_them_and_the_outermost_what_lies_beyond() -> None:
    far = np.append(np.tile(PLAIN, 5), np.float32([1e9, -1e9]))
    data = histogram([ScoreGroup("a", far, "")], 12.0, "", 0)
    edges, counts = np.array(data["edges"]), data["groups"][0]["counts"]
    assert -10 < edges[0] < edges[-1] < 30  # two far outliers squeeze nothing
    expected = [int(((low <= far) & (far < high)).sum()) for low, high in itertools.pairwise(edges)]
    assert counts[1:-1] == expected[1:-1]
    assert counts[0] == (far < edges[1]).sum()
    assert counts[-1] == (far >= edges[-2]).sum()


def test_groups_share_the_bins_and_keep_what_they_are() -> None:
    hostile = '</script><b onclick="x">'
    data = histogram(
        [ScoreGroup(hostile, PLAIN, "#1", False), ScoreGroup("b", PLAIN + 5, "#2", True), ScoreGroup("c", TIED, "#3")],
        1,
        "",
        0,
    )
    assert [group["outlier"] for group in data["groups"]] == [False, True, None]
    assert [group["name"] for group in data["groups"]] == [hostile, "b", "c"]
    alone = histogram([ScoreGroup("", np.concatenate([PLAIN, PLAIN + 5, TIED]), "")], 1, "", 0)
    assert data["edges"] == alone["edges"]
    assert np.sum([group["counts"] for group in data["groups"]], 0).tolist() == alone["groups"][0]["counts"]


def test_the_fingerprint_is_of_the_scores_alone() -> None:
    def fingerprint(scores: Scores, value: float = 1.0, revision: int = 0) -> str:
        return str(histogram([ScoreGroup("a", scores, "")], value, "", revision)["fingerprint"])

    assert fingerprint(PLAIN) == fingerprint(PLAIN[::-1], 2.0, 5)
    assert len({fingerprint(scores) for scores in (PLAIN, PLAIN[:-1], np.nextafter(PLAIN, 99), TIED)}) == 4


def test_without_a_finite_threshold_there_is_a_histogram() -> None:
    edges = histogram([ScoreGroup("a", PLAIN, "")], float("inf"), "", 0)["edges"]
    assert np.isfinite(edges).all()
    assert len(histogram([], float("nan"), "", 0)["edges"]) == BINS + 1
