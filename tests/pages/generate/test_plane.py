"""Generate: what the plane of images shows, and where it was clicked."""

from __future__ import annotations

import numpy as np
import pytest

from tests.pages.generate.page import Browser, url, visit, warnings
from tests.pages.page import said
from vae.checkpoints.checkpoint import Checkpoint
from vae.generation import anchors


def test_a_link_restores_what_the_plane_shows_and_where_it_was_clicked(digits: Checkpoint, browser: Browser) -> None:
    at = visit(model="digits-mlp-8", view="manifold", pin=["row:3"])
    assert browser.data["manifold"]["window"] == [0.0, 0.0, 1.0]
    browser.answers["moved"] = {"window": [0.25, 0.5, 0.125], "plane": "", "id": "m1"}
    browser.answers["visit"] = {"a": -1.5, "b": 0.25, "z": [], "plane": "", "id": "v1"}
    at.run()
    assert url(at) == {"view": ["manifold"], "window": ["0.25,0.5,0.125"], "place": ["-1.5,0.25"], "pin": ["row:3"]}
    assert "Place on the manifold" in said(at)

    browser.answers.clear()
    there = visit(**at.query_params)
    data = browser.data["manifold"]
    assert (data["window"], data["here"]) == ([0.25, 0.5, 0.125], [-1.5, 0.25])
    z = anchors.parse("row:3", digits).vector.copy()
    first, second = (int(name[1:]) for name in data["names"])
    z[first], z[second] = -1.5, 0.25
    there.button(key="sample-pin").click().run()  # the ring starts from the pinned place, which is the clicked one
    assert any(np.allclose(anchors.parse(pin, digits).vector, z, atol=1e-4) for pin in url(there)["pin"])
    assert url(there)["place"] == ["-1.5,0.25"]
    assert browser.data["manifold"]["window"] == [0.25, 0.5, 0.125]

    there.button_group(key="generate-axes").set_value("principal").run()  # another plane
    assert not {"window", "place"} & set(url(there))
    assert browser.data["manifold"]["window"] == [0.0, 0.0, 1.0]
    assert "Nearest training image" not in said(there)


def test_what_is_forgotten_of_the_plane_and_what_is_kept(digits: Checkpoint, browser: Browser) -> None:
    at = visit(model="digits-mlp-2", view="manifold", pin=["row:3", "row:5"], window="0.5,0.25,0.25", place="1,-1")
    at.button_group(key="generate-scale").set_value("even").run()  # the same place lies elsewhere on the screen
    assert "window" not in url(at)
    assert url(at)["place"] == ["1,-1"]
    browser.answers["moved"] = {"window": [-1.0, 0.5, 4.0], "plane": "", "id": "m1"}
    at.run()
    browser.click("pins", 1)
    at.run()  # the plane is all of latent space, whatever is pinned, but the ring is elsewhere
    assert url(at)["window"] == ["-1,0.5,4"]
    assert "place" not in url(at)
    browser.answers["moved"] = {"window": None, "plane": "", "id": "m2"}
    at.run()
    assert "window" not in url(at)


@pytest.mark.parametrize("scale", ["quantile", "even"])
def test_a_pin_out_of_view_takes_the_plane_with_it(digits: Checkpoint, browser: Browser, scale: str) -> None:
    pins = ["row:3", "z:2.5,-2.5@corner"]  # at the right, below
    window = "0,0,0.5" if scale == "quantile" else "0.2,0.2,0.4"
    at = visit(model="digits-mlp-2", view="manifold", scale=scale, pin=pins, window=window)
    assert browser.data["manifold"]["window"] == pytest.approx([float(part) for part in window.split(",")])
    browser.click("pins", 1)
    at.run()
    assert "window" not in url(at)
    assert browser.data["manifold"]["here"] == pytest.approx([2.5, -2.5])
    assert browser.data["manifold"]["window"] == [0, 0, 1]


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ({"window": "0.5,0.5"}, "window 0.5,0.5, expected 3 numbers from -1000 to 1000"),
        ({"window": "a,b,c"}, "window a,b,c"),
        ({"window": "nan,0,1"}, "window nan,0,1"),
        ({"place": "1,101"}, "place 1,101, expected 2 numbers from -100 to 100"),
    ],
)
def test_a_link_to_no_part_of_the_plane_is_told(
    digits: Checkpoint, browser: Browser, link: dict[str, str], told: str
) -> None:
    at = visit(model="digits-mlp-8", view="manifold", **link)
    [warning] = warnings(at)
    assert told in warning
    assert browser.data["manifold"]["window"] == [0.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("scale", "window", "shown"),
    [
        ("quantile", "0.9,-5,0.5", [0.5, 0.0, 0.5]),
        ("quantile", "0,0,0", [0.0, 0.0, 2.0**-12]),
        ("even", "900,0,1", [0.5 + 100 / 6 - 1, 0.0, 1.0]),
    ],
)
def test_a_link_beyond_the_plane_is_moved_inside(
    digits: Checkpoint, browser: Browser, scale: str, window: str, shown: list[float]
) -> None:
    at = visit(model="digits-mlp-8", view="manifold", scale=scale, window=window)
    assert not at.error
    assert browser.data["manifold"]["window"] == pytest.approx(shown)


def test_even_steps_show_the_image_that_the_ring_starts_from(digits: Checkpoint, browser: Browser) -> None:
    link = {"model": "digits-mlp-8", "view": "manifold", "scale": "even", "first": "0", "second": "1"}
    visit(**link, pin=["z:6,0,0,0,0,0,0,0@far"])
    data = browser.data["manifold"]
    left, _, side = data["window"]
    assert data["here"] == pytest.approx([6, 0])
    low, high = (data["home"][0] + share * (data["home"][1] - data["home"][0]) for share in (left, left + side))
    assert (low, high) == pytest.approx((-6.6, 6.6))
    visit(**link, pin=["row:3"])
    assert browser.data["manifold"]["window"] == [0, 0, 1]
