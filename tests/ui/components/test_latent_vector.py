"""Latent vectors from a browser or a link: checked before they are believed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ui.components.latent_vector import finite_vector


@pytest.mark.parametrize("good", [[1, 2.5], (0, -100), ["1", " -2e1 "], [np.float32(0.5), np.int64(3)]], ids=str)
def test_vectors(good: Any) -> None:
    assert finite_vector(good, 2) == [float(v) for v in good]


@pytest.mark.parametrize(
    "bad",
    [None, 1, "12", {"0": 1, "1": 2}, [], [1], [1, 2, 3]],
    ids=str,
)
def test_no_vectors(bad: Any) -> None:
    assert finite_vector(bad, 2) is None


@pytest.mark.parametrize(
    "bad", [float("nan"), float("-inf"), 100.5, None, "x", [2], 10**400, 2j], ids=lambda b: repr(b)[:9]
)
def test_no_numbers(bad: Any) -> None:
    assert finite_vector([1, bad], 2) is None
