"""Generate: interpolation."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest

from tests.pages.generate.page import Browser, active_distances, press, url, visit
from tests.pages.page import said
from ui.shared import cache
from vae.checkpoints.checkpoint import Checkpoint
from vae.generation import anchors


def test_more_pins_than_can_be_joined_are_told(digits: Checkpoint, browser: Browser) -> None:
    pins = [f"row:{row}" for row in range(8)]
    assert "The first 6 of 8 pinned images" in said(visit(model="digits-mlp-8", view="interpolation", pin=pins))
    at = visit(model="digits-mlp-8", view="interpolation", pin=pins, between="7,0")
    assert "The first" not in said(at)


@pytest.mark.parametrize("pins", [[], ["class:1"]], ids=["none", "one"])
def test_two_random_images_are_offered(digits: Checkpoint, browser: Browser, pins: list[str]) -> None:
    at = visit(model="digits-mlp-8", view="interpolation", pin=pins)
    assert "Pin two to six images" in said(at)
    press(at, "Take two random test images")
    tokens = url(at)["pin"]
    assert len(set(tokens)) == len(pins) + 2
    assert all(token.startswith("row:") for token in tokens[len(pins) :])
    assert len(browser.pictures["interpolation"]) == 12 * (1 + len(pins))  # a row a leg, with both its ends
    assert browser.data["interpolation"]["columns"] == 12


def test_distances_leave_out_dimensions_that_carry_nothing(digits: Checkpoint, browser: Browser) -> None:
    at = visit(model="digits-mlp-8", view="interpolation", pin=["row:3", "sample:0:0"], pictures="5")
    [chart] = at.get("plotly_chart")
    [line] = json.loads(chart.proto.spec)["data"]
    ends = np.stack([anchors.parse(pin, digits).vector for pin in ("row:3", "sample:0:0")])
    z = ends[0] + np.linspace(0, 1, 5)[:, None] * (ends[1] - ends[0])
    drawn = np.frombuffer(base64.b64decode(line["y"]["bdata"]), line["y"]["dtype"])
    np.testing.assert_allclose(drawn, active_distances(digits, z), atol=1e-5)
    known = cache.reach(digits)
    assert f"in the 4 of 8 dimensions that carry something. Grey: up to {known.limit:.2f}," in said(at)
    assert browser.data["scrub"]["reach"] == {"dims": known.dims.tolist(), "limit": known.limit}
    at = visit(model="digits-mlp-2", view="interpolation", pin=["row:3", "sample:0:0"])
    assert "dimensions that carry" not in said(at)
