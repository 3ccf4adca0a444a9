"""What is kept for all sessions is bounded in number and in bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from ui.shared import progress_cache as module
from ui.shared.progress_cache import remembered, size


@dataclass(frozen=True, eq=False)
class Inner:
    numbers: np.ndarray
    name: str = "x"


@dataclass(frozen=True, eq=False)
class Result:
    inner: Inner
    several: tuple[np.ndarray, ...]
    by_name: dict[str, np.ndarray]
    nothing: None = None


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    module._results.clear()
    yield
    module._results.clear()


def made_anew(key: str, value: Any = 0) -> bool:
    """Whether a result had to be made."""
    made: list[bool] = []

    def make() -> Any:
        made.append(True)
        return value

    remembered((key,), make)
    return bool(made)


def test_a_result_is_made_once() -> None:
    assert [made_anew("a"), made_anew("a"), made_anew("b")] == [True, False, True]


def test_a_result_is_as_large_as_its_arrays() -> None:
    result = Result(Inner(np.zeros(10, np.float64)), (np.zeros((2, 3), np.uint8),) * 2, {"a": np.zeros(4, np.float32)})
    assert size(result) == 80 + 2 * 6 + 16
    assert [size(value) for value in (None, "text", 3, Result, [], [np.zeros(2, np.int16), "x"])] == [0, 0, 0, 0, 0, 4]


def test_the_number_is_bounded_and_what_was_used_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    for key in "abcad":  # a is used again, so b goes first
        made_anew(key)
    assert [made_anew(key) for key in "acd"] == [False, False, False]
    assert made_anew("b")


def test_the_bytes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1_000)
    hundreds = {key: Inner(np.zeros(400, np.uint8)) for key in "abc"}
    for key in "abc":
        made_anew(key, hundreds[key])
    assert [key for (key,) in module._results().by_key] == ["b", "c"]
    made_anew("small", 0)
    assert [key for (key,) in module._results().by_key] == ["b", "c", "small"]


def test_a_result_above_the_bound_pushes_out_all_others_and_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1_000)
    made_anew("a")
    made_anew("huge", Inner(np.zeros(5_000, np.uint8)))
    assert not made_anew("huge")  # or the page would make it again at every click
    assert [key for (key,) in module._results().by_key] == ["huge"]
