"""Numbers, times and failures as people read them."""

from __future__ import annotations

import time

import pytest

from ui.shared import formatting


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.3, "a moment"),
        (4, "4 s"),
        (41.2, "40 s"),
        (57, "55 s"),
        (58, "1 min"),
        (200, "3 min"),
        (3_580, "1 h"),
        (4_800, "1 h 20 min"),
        (7_200, "2 h"),
    ],
)
def test_about(seconds: float, text: str) -> None:
    assert formatting.about(seconds) == text


def test_ago() -> None:
    now = time.mktime((2026, 3, 12, 12, 0, 0, 0, 0, -1))
    ages = {-5: "just now", 59: "just now", 60: "1 min ago", 3_599: "59 min ago", 7_300: "2 h ago"}
    assert {age: formatting.ago(now - age, now) for age in ages} == ages
    assert formatting.ago(now - 10 * 86_400, now) == "2 Mar"
    assert formatting.ago(now - 100 * 86_400, now) == "2 Dec 2025"


@pytest.mark.parametrize(
    ("value", "text"),
    [(-1234.567, "−1,234.57"), (0, "0.00"), (float("nan"), "–"), (float("-inf"), "–"), (None, "–"), ("3", "–")],
)
def test_number(value: object, text: str) -> None:
    assert formatting.number(value) == text


def test_size_count_and_capitals() -> None:
    assert [formatting.size(n) for n in (10, 54_000, 217_872, 2_500_000_000)] == ["1 kB", "54 kB", "0.2 MB", "2.5 GB"]
    assert [formatting.count(n, "epoch") for n in (0, 1, 1_257)] == ["0 epochs", "1 epoch", "1,257 epochs"]
    assert [formatting.first_upper(s) for s in ("t-SNE map", "reading images", "")] == [
        "t-SNE map",
        "Reading images",
        "",
    ]


def test_shortened() -> None:
    assert formatting.shortened("as it is", 8) == "as it is"
    assert formatting.shortened("one two three", 9) == "one two…"


def test_without_stack_trace() -> None:
    trace = (
        'reading\n  File "/a/b.py", line 3, in run\n    raise ValueError\n    ^^^^^\n'
        "Traceback (most recent call last):\nRuntimeError: not enough memory"
    )
    assert formatting.without_stack_trace(trace) == "reading\nRuntimeError: not enough memory"
    assert formatting.without_stack_trace("python -m vae train: No such thing.") == "No such thing."
    assert formatting.without_stack_trace("a list:\n  - kept") == "a list:\n  - kept"
    assert formatting.without_stack_trace("a \x1b[2J\u202e") == "a \\x1b[2J\\u202e"
