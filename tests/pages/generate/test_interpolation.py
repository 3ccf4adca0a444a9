"""Generate: interpolation."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest

from tests.pages.generate.page import Browser, active_distances, press, url, visit
from tests.pages.page import said
from ui.components.reach import reach_data
from ui.shared import cache
from vae.checkpoints.checkpoint import Checkpoint
from vae.generation import anchors


def test_more_pins_than_can_be_joined_are_told(digits: Checkpoint, browser: Browser) -> None:
    pins = [f"row:{row}" for row in range(8)]
    assert "The first 6 of 8 pinned images" in said(visit(model="digits-mlp-8", view="interpolation", pin=pins))
    at = visit(model="digits-mlp-8", view="interpolation", pin=pins, between="7,0")
    assert "The first" not in said(at)


@pytest.mark.parametrize("pins", [[], ["class:1"], ["row:3"]], ids=["none", "a mean", "an image"])
def test_it_opens_with_a_path_between_two_classes(digits: Checkpoint, browser: Browser, pins: list[str]) -> None:
    at = visit(model="digits-mlp-8", view="interpolation", pin=pins)
    assert len(browser.pictures["interpolation"]) == 12
    start, end = np.array(browser.data["scrub"]["path"]["anchors"])
    if pins:
        np.testing.assert_allclose(start, anchors.parse(pins[0], digits).vector, atol=1e-6)
    rows = [int(np.abs(digits.latents.mu - z).sum(1).argmin()) for z in (start, end)]
    assert digits.latents.labels[rows[0]] != digits.latents.labels[rows[1]]
    press(at, "Two random images")
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
    assert f"**{int((active_distances(digits, z) > known.limit).sum())} of 5** steps lie where the model saw" in said(
        at
    )
    assert browser.data["scrub"]["reach"] == reach_data(known)
