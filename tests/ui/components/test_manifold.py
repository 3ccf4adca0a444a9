"""What the plane of decoded images tells Python is checked, and its script holds what its worker needs."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from ui.components import assets, manifold

GOOD: dict[str, Any] = {"a": 0.5, "b": -1, "z": [0.5, -1.0, 0.25], "plane": "this", "id": "1-1"}


def test_a_visit_is_taken_over_as_floats() -> None:
    expected = {"a": 0.5, "b": -1.0, "z": [0.5, -1.0, 0.25], "plane": "this", "id": "1-1"}
    assert manifold.visit_of(GOOD, 3, "this") == expected


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
        GOOD | {"plane": "another"},
        {name: value for name, value in GOOD.items() if name != "plane"},
    ],
)
def test_what_is_no_place_in_this_latent_space_is_none(odd: Any) -> None:
    assert manifold.visit_of(odd, 3, "this") is None


def test_where_the_sheet_came_to_rest_is_checked() -> None:
    good = {"window": [0.25, 0, 0.5], "plane": "this", "id": "1-1"}
    assert manifold.moved_of(good, "this") == {"window": [0.25, 0.0, 0.5], "plane": "this", "id": "1-1"}
    assert manifold.moved_of(good | {"window": None}, "this") == good | {"window": None}  # the view at home
    odd: list[Any] = [None, "x", {}, good | {"plane": "another"}]
    odd += [good | {"window": window} for window in ("123", [1, 2], [0, math.nan, 1], [0, 1e9, 1], {}, [0, 0, "x"])]
    assert [manifold.moved_of(value, "this") for value in odd] == [None] * len(odd)


def test_a_plane_has_another_name_once_its_axes_its_image_or_its_scale_are_others() -> None:
    plane = {"base": [0.0, 0.0, 0.5], "u": [1.0, 0.0, 0.0], "v": [0.0, 1.0, 0.0]}
    data: Any = {"fingerprint": "model", "plane": plane, "here": [0.5, 0.5], "tiles": 20, "scale": "even"}
    changes: list[dict[str, Any]] = [
        {"fingerprint": "another"},
        {"plane": plane | {"base": [0.0, 0.0, 0.25]}},
        {"plane": plane | {"v": [0.0, 0.0, 1.0]}},
        {"scale": "quantile"},  # the same part of the screen is another part of the plane
    ]
    names = {manifold.plane_name(data | change) for change in changes}
    assert len(names) == len(changes)
    assert manifold.plane_name(data) not in names
    assert manifold.plane_name(data | {"tiles": 10, "here": [0.5, -0.5]}) == manifold.plane_name(data)


def test_the_script_carries_the_worker_as_one_constant() -> None:
    """The worker's text is inside a string, so that nothing of it runs in the page, and comes out as it went in."""
    worker, script = assets.script("manifold/tiles/worker.js"), assets.script("manifold/manifold.js")
    assert script.count(json.dumps(worker)) == 1
    assert "function buildNetwork(" in worker
    assert "self.onmessage" in worker
    assert "self.onmessage" not in script.replace(json.dumps(worker), "")
