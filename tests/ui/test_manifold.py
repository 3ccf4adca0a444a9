"""What the plane of decoded images tells Python is checked, and its script holds what its worker needs."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from ui import manifold

GOOD: dict[str, Any] = {"a": 0.5, "b": -1, "z": [0.5, -1.0, 0.25], "move": "1-1"}


def test_a_visit_is_taken_over_as_floats() -> None:
    assert manifold.visit_of(GOOD, 3) == {"a": 0.5, "b": -1.0, "z": [0.5, -1.0, 0.25], "move": "1-1"}


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "z",
        [0.5, 1.0],
        {},
        GOOD | {"a": None},
        GOOD | {"b": math.nan},
        GOOD | {"a": 1e6},
        GOOD | {"z": [0.5, -1.0]},
        GOOD | {"z": [0.5, -1.0, math.inf]},
        GOOD | {"z": ["x", 1.0, 2.0]},
        GOOD | {"z": "123"},
    ],
)
def test_what_is_no_place_in_this_latent_space_is_none(odd: Any) -> None:
    assert manifold.visit_of(odd, 3) is None


def test_a_mark_is_text_of_bounded_length() -> None:
    visit = manifold.visit_of(GOOD | {"move": "x" * 10_000}, 3)
    assert visit is not None
    assert 0 < len(visit["move"]) < 100


def test_the_script_carries_the_worker_as_one_constant() -> None:
    """The worker's text is inside a string, so that nothing of it runs in the page, and comes out as it went in."""
    line = next(line for line in manifold.component_script().splitlines() if line.startswith("const WORKER_SOURCE = "))
    carried = json.loads(line.removeprefix("const WORKER_SOURCE = "))
    assert carried == manifold.worker_script()
    assert "function buildDecoder(" in carried
    assert "self.onmessage" in carried
    assert "export default" not in carried
    assert manifold.component_script().count("export default") == 1
