"""Generate: what a link restores, and what is said of one that asks for what there is not."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tests.pages.generate.page import HTML, LINKS, THREE_PINS, Browser, press, url, visit, warnings
from tests.pages.page import said
from ui.generate import state
from ui.shared import cache
from vae.checkpoints.checkpoint import Checkpoint
from vae.generation import anchors, sampling


@pytest.mark.parametrize("link", LINKS)
def test_a_link_restores_everything(digits: Checkpoint, browser: Browser, link: str) -> None:
    pins = [*THREE_PINS[:2], "z:0.5,-0.25,0,1,2,-3,0.125,0@it's"]
    at = visit(model="digits-mlp-8", pin=pins, **LINKS[link])
    assert (warnings(at), list(at.error)) == ([], [])
    assert url(at) == {name: [value] for name, value in LINKS[link].items()} | {"pin": pins}
    first, told = dict(browser.pictures), dict(browser.data)
    browser.pictures.clear()
    browser.data.clear()
    again = visit(**at.query_params)
    assert url(again) == url(at)
    assert browser.pictures.keys() == first.keys()
    for key, images in browser.pictures.items():
        np.testing.assert_array_equal(images, first[key])
    assert browser.data == told
    assert url(again.run()) == url(at)  # and it stays


def test_what_the_manifolds_units_are_is_told_to_the_page(digits: Checkpoint, browser: Browser) -> None:
    for axes, measured in {"latent": "prior", "principal": "data"}.items():
        visit(model="digits-mlp-8", view="manifold", axes=axes)
        assert browser.data["manifold"]["measured"] == measured


def test_samples_are_those_of_the_link_as_drawn_or_holes_first(digits: Checkpoint, browser: Browser) -> None:
    visit(model="digits-mlp-8", seed="5", number="9", temperature="1.5")
    z = sampling.from_prior(9, 8, 5, 1.5)
    drawn = browser.pictures["samples"]
    np.testing.assert_array_equal(drawn, cache.decoded(digits, z))
    visit(model="digits-mlp-8", seed="5", number="9", temperature="1.5", order="farthest")
    active = digits.latents.mu.var(0) > 0.01
    assert 0 < active.sum() < 8
    distances = np.linalg.norm((z[:, None].astype(np.float64) - digits.latents.mu[None])[..., active], axis=2).min(1)
    np.testing.assert_array_equal(browser.pictures["samples"], drawn[np.argsort(-distances)])


def test_the_place_on_the_way_and_the_strength_are_told_to_the_page(digits: Checkpoint, browser: Browser) -> None:
    visit(model="digits-mlp-8", pin=THREE_PINS, **LINKS["interpolation"])
    scrub = browser.data["scrub"]
    assert (scrub["t"], scrub["path"]["kind"]) == (0.25, "slerp")
    wanted = [list(anchors.parse(pin, digits).z) for pin in ("class:1", "row:3")]
    assert scrub["path"]["anchors"] == wanted
    visit(model="digits-mlp-8", **LINKS["directions"])
    assert browser.data["direction"]["t"] == -1.5


WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({"view": "foo", "pin": "row:99999"}, ["view foo, expected one of samples, manifold", "names no test image"]),
    (
        {"temperature": "0", "number": "1000000", "seed": "-1", "source": HTML},
        [
            "temperature 0, expected a number from 0.05 to 5",
            "number 1000000, expected a whole number from 1 to 400",
            "seed -1, expected a whole number from 0 to 999,999",
            f"source {HTML}, expected one of prior, mixture",
        ],
    ),
    (
        {"temperature": "-1", "seed": "--5", "number": HTML, "pin": f"class:{HTML}"},
        ["temperature -1", "seed --5", f"number {HTML}", f"There is no class '{HTML}'"],
    ),
    (
        {"temperature": "nan", "seed": "1" * 10_000, "pin": ["z:1,2", "class:nope", "z:" + "9," * 5_000]},
        [
            "temperature nan",
            "seed has 10,000 characters, expected at most 2,000",
            "The anchor has 2 numbers, digits-mlp-8 has 8 latent dimensions.",
            "There is no class 'nope'",
            "pin has 10,002 characters, expected at most 2,000",
        ],
    ),
    ({"pin": [f"row:{i}" for i in range(100)]}, ["The link pins 100 images, expected at most 12"]),
    (
        {"source": "mixture", "class": "77", "components": "99"},
        ["class 77, expected one of 0, 1", "components 99, expected a whole number from 1 to 40"],
    ),
    (
        {"view": "manifold", "first": "9", "second": "x", "tiles": "41", "axes": ""},
        [
            "first 9, expected one of",
            "second x, expected one of",
            "tiles 41, expected",
            "axes , expected one of latent",
        ],
    ),
    (
        {"view": "traversals", "span": "inf", "steps": "2", "through": "1"},
        ["span inf, expected a number", "steps 2, expected a whole number from 3 to 21"],
    ),
    (
        {"view": "interpolation", "at": "9", "between": "0,77", "kind": "x", "pictures": "31", "pin": THREE_PINS},
        ["at 9, expected a number from 0 to 2", "between 0,77, expected", "kind x", "pictures 31"],
    ),
    (
        {"view": "interpolation", "between": HTML, "through": "3", "pin": THREE_PINS},
        [f"between {HTML}, expected", "through 3, expected a whole number from 0 to 2"],
    ),
    (
        {"view": "directions", "strength": "3", "direction": "gone", "method": "x"},
        ["strength 3, expected a number from -2 to 2", "direction gone, expected none", "method x"],
    ),
]


@pytest.mark.parametrize(("link", "expected"), WRONG, ids=lambda value: str(value)[:40])
def test_what_is_wrong_with_a_link_is_said_and_left_out(
    digits: Checkpoint, browser: Browser, link: dict[str, Any], expected: list[str]
) -> None:
    at = visit(model="digits-mlp-8", order="farthest", **link)
    told = warnings(at)
    assert len(told) == len(expected)
    for one in expected:
        assert any(one in warning for warning in told), one
    assert not at.error
    assert all(HTML not in element.value for element in at.warning)  # escaped, so shown literally
    good = {"view", "source", "order"} - ({"view"} if link.get("view") == "foo" else set())
    left = {name: [value] for name, value in link.items() if name in good and HTML not in value}
    pins = [pin for pin in link.get("pin", []) if pin.startswith("row:") or pin == "class:1"][:12]
    pins = pins if isinstance(link.get("pin"), list) else []
    order = {} if "view" in left else {"order": ["farthest"]}
    assert url(at) == left | order | ({"pin": pins} if pins else {})
    assert warnings(visit(**at.query_params)) == []


@pytest.mark.parametrize(
    "text",
    ["class:nope", "rows:99999", "rows:" + "1," * 990 + "1", "near:0:1", "near:999:50", "", HTML, "rest", "x"],
    ids=lambda text: text[:20],
)
def test_a_group_that_is_none_says_why_and_the_page_stays(digits: Checkpoint, browser: Browser, text: str) -> None:
    at = visit(model="digits-mlp-8", view="directions", a=text)
    said(at)
    [error] = [element.value for element in at.error]
    assert HTML not in error
    assert "direction-strip" not in browser.pictures
    assert url(at) == {"view": ["directions"], "a": [text]}
    assert at.selectbox(key="group-kind-b").value == "class"
    kind = "class" if text.startswith("near") else "near"
    at.selectbox(key="group-kind-a").set_value(kind).run()  # and it can be put right
    assert (list(at.error), url(at).get("a")) == ([], None if kind == "class" else ["near:0:50"])
    assert "direction-strip" in browser.pictures


def test_settings_go_into_the_url_and_make_the_same_pictures(digits: Checkpoint, browser: Browser) -> None:
    at = visit(model="digits-mlp-8")
    at.number_input(key="generate-number").set_value(12).run()
    press(at, "New samples")
    at.number_input(key="generate-temperature").set_value(0.7).run()
    assert {name: value for name, value in url(at).items() if name != "seed"} == {
        "number": ["12"],
        "temperature": ["0.7"],
    }
    [seed] = url(at)["seed"]
    images = browser.pictures["samples"]
    np.testing.assert_array_equal(images, cache.decoded(digits, sampling.from_prior(12, 8, int(seed), 0.7)))
    at.button_group(key="generate-source").set_value("mixture").run()
    at.selectbox(key="generate-class").set_value("4").run()
    images = browser.pictures["samples"]
    visit(**at.query_params)
    np.testing.assert_array_equal(browser.pictures["samples"], images)
    at.number_input(key="generate-number").set_value(100).run()  # the default need not be said
    assert "number" not in url(at)


def test_a_stop_of_the_scrubber_is_in_the_url(digits: Checkpoint, browser: Browser) -> None:
    at = visit(model="digits-mlp-8", view="interpolation", pin=THREE_PINS)
    browser.answers["scrub"] = {"t": 1.25, "id": "a"}
    at.run()
    assert url(at)["at"] == ["1.25"]
    assert "Between images, t = 1.25" in said(at)
    at.button_group(key="generate-view").set_value("directions").run()
    browser.answers["direction"] = {"t": -0.5, "id": "b"}
    at.run()
    assert url(at)["strength"] == ["-0.5"]


def test_the_state_is_plain(digits: Checkpoint) -> None:
    """The session holds text only, so that nothing of it can outlive its model."""
    at = visit(model="digits-mlp-8", pin=THREE_PINS, **LINKS["directions"])
    values = at.session_state[state.STATE.key].values
    assert json.loads(json.dumps(values)) == LINKS["directions"]
