"""Generate: every view for every kind of model, links, pins, directions, and what it says when something is missing."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.pages.page import said, visit_page
from tests.vae.helpers import TINY, new_checkpoint
from ui import cache, explore_state, generate_state
from ui.explore_state import Place
from ui.manifold import Told
from vae import paths, store
from vae.config import ModelConfig
from vae.generation import anchors, direction_files, directions, groups, sampling
from vae.records import Checkpoint, NewCheckpoint
from vae.sample_quality import records

VIEWS = ("samples", "manifold", "traversals", "interpolation", "directions")
ONE_DIMENSION = ModelConfig("mlp", (1, 8, 8), 1, hidden=(4,))
COLOUR = ModelConfig("conv", (3, 8, 8), 3, hidden=(6,), channels=(4, 8))
THREE_PINS = ["row:3", "row:5", "class:1"]
HTML = "<b onclick=x>*a*</b>"


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("RUNS", "CHECKPOINTS", "DERIVED", "DATA"):
        monkeypatch.setenv(f"VAE_{variable}", str(tmp_path / variable.lower()))


@pytest.fixture
def digits() -> Checkpoint:
    """digits-mlp-8 and digits-mlp-2 are there; the first is returned."""
    for name in ("digits-mlp-8", "digits-mlp-2"):
        shutil.copytree(paths.PROJECT / "checkpoints" / name, paths.checkpoints_dir() / name)
    return store.read("digits-mlp-8")


@dataclass
class Browser:
    """In the place of the components: what they were given last, by key, and what they answer."""

    pictures: dict[str, NDArray[np.uint8]] = field(default_factory=dict)
    data: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)

    def click(self, key: str, index: int) -> None:
        self.answers[key] = {"index": index, "move": f"{key}{index}"}

    def show_pictures(self, images: NDArray[np.uint8], key: str, **about: Any) -> Any:
        self.pictures[key], self.data[key] = images.copy(), about
        return self.answers.get(key)

    def show_data(self, data: Mapping[str, Any], key: str) -> Any:
        name = key.rpartition("-")[0]
        self.data[name] = dict(data)
        return self.answers.get(name)

    def show_plane(self, data: Mapping[str, Any], key: str) -> Told:
        name = key.rpartition("-")[0]
        self.data[name] = dict(data)
        return Told(self.answers.get("visit"), self.answers.get("moved"))


@pytest.fixture(autouse=True)
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    fake = Browser()
    monkeypatch.setattr("ui.sheet.show", fake.show_pictures)
    monkeypatch.setattr("ui.scrub.show", fake.show_data)
    monkeypatch.setattr("ui.manifold.show", fake.show_plane)
    return fake


def write(name: str, new: NewCheckpoint) -> Checkpoint:
    store.write(new, paths.checkpoints_dir() / name)
    return store.read(name)


def mnist() -> NewCheckpoint:
    """A tiny model that says it is one of MNIST, whose images are not on this machine."""
    new = new_checkpoint()
    return replace(new, dataset=replace(new.dataset, name="mnist", title="MNIST"))


def one_class() -> NewCheckpoint:
    new = new_checkpoint()
    latents = replace(new.latents, labels=np.zeros_like(new.latents.labels))
    return replace(new, latents=latents, dataset=replace(new.dataset, class_names=("only",)))


def visit(**parameters: Any) -> AppTest:
    return visit_page("pages/generate.py", **parameters)


def warnings(at: AppTest) -> list[str]:
    said(at)
    return [element.value.replace("\\", "") for element in at.warning]


def url(at: AppTest) -> dict[str, list[str]]:
    """What the address says, but for the model and the usual seed, which Samples always says."""
    found = {name: value if isinstance(value, list) else [value] for name, value in at.query_params.items()}
    assert found.pop("model")
    assert ("seed" in found) == (found.get("view", ["samples"]) == ["samples"])
    return {name: values for name, values in found.items() if (name, values) != ("seed", ["0"])}


def press(at: AppTest, label: str) -> AppTest:
    [button] = [button for button in at.button if button.label == label]
    return button.click().run()


# --- every view, every kind of model ----------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["digits-mlp-8", "digits-mlp-2"])
@pytest.mark.parametrize("pins", [[], THREE_PINS], ids=["no pins", "pins"])
def test_every_view_of_the_shipped_models(digits: Checkpoint, browser: Browser, model: str, pins: list[str]) -> None:
    checkpoint = store.read(model)
    at = visit(model=model, pin=pins)
    for view in VIEWS:
        at.button_group(key="generate-view").set_value(view).run()
        text = said(at)
        assert (warnings(at), list(at.error)) == ([], [])
        assert url(at) == ({} if view == "samples" else {"view": [view]}) | ({"pin": pins} if pins else {})
        assert ("Python code" in [e.label for e in at.expander]) == (view != "interpolation" or len(pins) > 1)
        assert ("Pin two to six images" in text) == (view == "interpolation" and not pins)
    start = anchors.parse((pins or ["row:0"])[0], checkpoint)
    assert (f"outlined: {start.title}." if pins else f"starts from test {start.title}.") in said(at)
    if pins:
        expected = cache.decoded(checkpoint, np.stack([anchors.parse(pin, checkpoint).vector for pin in pins]))
        np.testing.assert_array_equal(browser.pictures["shelf"], expected)


@pytest.mark.parametrize(
    "new",
    [new_checkpoint(ONE_DIMENSION), one_class(), mnist(), new_checkpoint(COLOUR)],
    ids=["one dimension", "one class", "missing images", "colour"],
)
def test_every_view_of_unusual_models(browser: Browser, new: NewCheckpoint) -> None:
    checkpoint = write("a", new)
    browser.click("samples", 2)
    at = visit(pin=["row:3", "row:5"], source="mixture")
    for view in VIEWS:
        at.button_group(key="generate-view").set_value(view).run()
        text = said(at)
        assert (warnings(at), [e.value for e in at.error]) == ([], [])
        if view == "samples":
            named = at.selectbox(key="generate-class").options if len(checkpoint.dataset.class_names) > 1 else ["only"]
            assert len(named) > 1 or checkpoint.dataset.class_names == ("only",)
            missing = "MNIST's images are not on this machine" if new.dataset.name == "mnist" else "are not those"
            assert missing in text
        if view == "manifold":
            assert ("One latent dimension has no plane." in text) == (checkpoint.model.latent_dim == 1)
    assert browser.pictures["traversals"].shape[1:] == checkpoint.model.image_shape
    assert len(browser.pictures["traversals"]) == 11 * checkpoint.model.latent_dim
    assert "of the groups' distance" not in text


@pytest.mark.parametrize("view", VIEWS)
def test_a_decoder_that_the_browser_cant_evaluate(
    digits: Checkpoint, browser: Browser, monkeypatch: pytest.MonkeyPatch, view: str
) -> None:
    monkeypatch.setattr("ui.live.payload.browser_can_decode", lambda checkpoint: False)
    at = visit(model="digits-mlp-8", view=view, pin=THREE_PINS)
    text = said(at)
    assert (warnings(at), list(at.error)) == ([], [])
    assert not at.get("bidi_component")  # the weights would be sent for nothing
    assert not {"scrub", "direction", "manifold"} & set(browser.data)
    if view == "manifold":
        assert len(browser.pictures["manifold-still"]) == 400
        assert "scroll to zoom" not in text
    if view in ("interpolation", "directions"):
        name = {"interpolation": "at", "directions": "strength"}[view]
        at.slider(key=f"generate-{name}").set_value(1.5).run()
        assert url(at)[name] == ["1.5"]
        assert ("At t = 1.50" in said(at)) == (view == "interpolation")


# --- links ------------------------------------------------------------------------------------------------------------

LINKS: dict[str, dict[str, str]] = {
    "prior": {"seed": "7", "number": "30", "temperature": "0.8"},
    "mixture": {
        "seed": "3", "number": "20", "source": "mixture", "class": "4", "components": "2", "order": "farthest",
    },
    "manifold": {
        "view": "manifold", "axes": "principal", "first": "2", "second": "1", "scale": "even", "tiles": "12",
        "through": "1",
    },
    "traversals": {"view": "traversals", "steps": "5", "span": "2.5", "through": "2"},
    "interpolation": {"view": "interpolation", "between": "2,0", "kind": "slerp", "pictures": "4", "at": "0.25"},
    "directions": {
        "view": "directions", "a": "class:3 + rows:1-9", "b": "rest", "method": "classifier", "strength": "-1.5",
    },
}  # fmt: skip


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
    assert at.button_group(key="group-kind-b").value == "class"
    kind = "class" if text.startswith("near") else "near"
    at.button_group(key="group-kind-a").set_value(kind).run()  # and it can be put right
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
    at.number_input(key="generate-number").set_value(100).run()  # the usual value need not be said
    assert "number" not in url(at)


def test_a_stop_of_the_scrubber_is_in_the_url(digits: Checkpoint, browser: Browser) -> None:
    at = visit(model="digits-mlp-8", view="interpolation", pin=THREE_PINS)
    browser.answers["scrub"] = {"t": 1.25, "move": "a"}
    at.run()
    assert url(at)["at"] == ["1.25"]
    assert "At t = 1.25" in said(at)
    at.button_group(key="generate-view").set_value("directions").run()
    browser.answers["direction"] = {"t": -0.5, "move": "b"}
    at.run()
    assert url(at)["strength"] == ["-0.5"]


# --- the code that is shown -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("link", LINKS)
def test_the_code_on_the_page_makes_its_pictures(
    digits: Checkpoint, browser: Browser, link: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    at = visit(model="digits-mlp-8", pin=THREE_PINS, **{**LINKS[link], "order": "drawn"})
    names: dict[str, Any] = {}
    exec(at.code[0].value, names)  # noqa: S102
    np.testing.assert_array_equal(names["images"], cache.decoded(digits, names["z"]))
    if link == "manifold":  # the page draws it in the browser, from these two vectors and this place
        plane = browser.data["manifold"]["plane"]
        np.testing.assert_array_equal(plane["u"], names["plane"].u)
        np.testing.assert_array_equal(plane["base"], names["plane"].base)
        assert browser.data["manifold"]["home"] == [-3.0, 3.0, -3.0, 3.0]
        return
    key = {"prior": "samples", "mixture": "samples", "directions": "direction-strip"}.get(link, link)
    np.testing.assert_array_equal(browser.pictures[key], names["images"])


# --- pins -------------------------------------------------------------------------------------------------------------


def test_a_sample_is_pinned_chosen_and_removed(digits: Checkpoint, browser: Browser) -> None:
    browser.click("samples", 4)
    at = visit(model="digits-mlp-8", pin=["row:3"])
    at.button(key="sample-pin").click().run()
    z = sampling.from_prior(100, 8, 0)[4]
    anchor = anchors.of_vector(z, "Prior, seed 0, sample 4")
    assert url(at) == {"sample": ["4"], "through": ["1"], "pin": ["row:3", anchor.token]}
    assert browser.data["shelf"]["selected"] == 1
    assert at.button(key="sample-pin").disabled
    browser.click("shelf", 0)
    at.run()
    assert "through" not in url(at)
    assert browser.data["shelf"]["selected"] == 0
    at.button(key="shelf-remove").click().run()
    assert url(at) == {"sample": ["4"], "pin": [anchor.token]}
    at.button(key="shelf-remove").click().run()
    assert url(at) == {"sample": ["4"]}
    assert "None yet." in said(at)


@pytest.mark.parametrize("pin", ["row:003", "sample:01:0"])
def test_a_pin_written_otherwise_can_be_removed(digits: Checkpoint, pin: str) -> None:
    at = visit(model="digits-mlp-8", pin=[pin])
    at.button(key="shelf-remove").click().run()
    assert url(at) == {}


def test_ways_to_pin(digits: Checkpoint) -> None:
    at = visit(model="digits-mlp-8")
    at.number_input(key="shelf-row").set_value(7).run()
    at.button(key="shelf-row-pin").click().run()
    at.button_group(key="shelf-way").set_value("class").run()
    at.selectbox(key="shelf-class").set_value("4").run()
    at.button(key="shelf-class-pin").click().run()
    at.button_group(key="shelf-way").set_value("sample").run()
    at.number_input(key="shelf-sample").set_value(9).run()
    at.button(key="shelf-sample-pin").click().run()
    said(at)
    assert url(at) == {"through": ["2"], "pin": ["row:7", "class:4", "sample:9:0"]}


def test_a_picture_of_ones_own(digits: Checkpoint, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (20, 20), np.uint8)).save(tmp_path / "own.png")
    at = visit(model="digits-mlp-8")
    at.button_group(key="shelf-way").set_value("own").run()
    at.file_uploader(key="shelf-own").set_value(("own.png", (tmp_path / "own.png").read_bytes(), "image/png")).run()
    at.button(key="shelf-own-pin").click().run()
    said(at)
    [token] = url(at)["pin"]
    assert token.endswith("@own image own.png")
    at.file_uploader(key="shelf-own").set_value(("own.png", b"no picture", "image/png")).run()
    said(at)
    assert len(at.error) == 1


def test_there_is_room_for_twelve(digits: Checkpoint) -> None:
    at = visit(model="digits-mlp-8", pin=[f"row:{i}" for i in range(12)])
    at.button(key="shelf-row-random").click().run()
    assert "12 images are pinned already, the most there can be. Remove one first." in said(at)
    assert len(url(at)["pin"]) == 12


def test_latent_vectors_belong_to_their_model(digits: Checkpoint, browser: Browser) -> None:
    at = visit(model="digits-mlp-8", pin=["z:1,0,0,0,0,0,0,0@x", "row:3", "sample:1:0", "class:4"])
    at.selectbox(key="model_choice").set_value("digits-mlp-2").run()
    assert warnings(at) == []
    assert url(at)["pin"] == ["row:3", "class:4"]  # what a link of this model can show
    assert len(browser.pictures["shelf"]) == 2
    at.selectbox(key="model_choice").set_value("digits-mlp-8").run()
    assert len(browser.pictures["shelf"]) == 4
    assert url(at)["pin"] == ["z:1,0,0,0,0,0,0,0@x", "row:3", "sample:1:0", "class:4"]


def test_a_shelf_full_of_another_models_vectors_has_room(digits: Checkpoint, browser: Browser) -> None:
    at = visit(model="digits-mlp-8", pin=[f"sample:{i}:0" for i in range(12)])
    at.selectbox(key="model_choice").set_value("digits-mlp-2").run()
    at.button(key="shelf-row-pin").click().run()
    assert not at.error
    assert url(at)["pin"] == ["row:0"]


def test_a_new_link_says_whose_a_vector_is(digits: Checkpoint, browser: Browser) -> None:
    at = visit(model="digits-mlp-8", pin=["sample:1:0"])
    for name, value in {"model": "digits-mlp-2", "pin": ["sample:1:0"]}.items():
        at.query_params[name] = value
    at.run()
    assert url(at) == {"pin": ["sample:1:0"]}
    z = sampling.from_prior(1, 2, 1)
    np.testing.assert_array_equal(browser.pictures["shelf"], cache.decoded(store.read("digits-mlp-2"), z))


def test_removing_a_pin_leaves_the_others_of_a_way(digits: Checkpoint) -> None:
    at = visit(model="digits-mlp-8", view="interpolation", pin=[*THREE_PINS, "row:9"], between="3,2,0")
    at.button(key="shelf-remove").click().run()
    assert url(at)["between"] == ["2,1"]
    assert url(at)["pin"] == ["row:5", "class:1", "row:9"]


def through(at: AppTest) -> list[str]:
    """The pins that the way leads through."""
    return list(at.multiselect(key="generate-between").value)


def test_a_way_stays_the_same_while_models_are_switched(digits: Checkpoint, browser: Browser) -> None:
    link = {"pin": ["sample:0:0", "row:2", "row:5"], "between": "0,2", "at": "0.5"}
    at = visit(model="digits-mlp-8", view="interpolation", **link)
    before = url(at)
    assert through(at) == ["sample:0:0", "row:5"]
    at.selectbox(key="model_choice").set_value("digits-mlp-2").run()
    assert warnings(at) == []
    assert through(at) == ["row:2", "row:5"]  # one image is no way, so all that this model has
    assert "between" not in url(at)
    at.selectbox(key="model_choice").set_value("digits-mlp-8").run()
    assert warnings(at) == []
    assert through(at) == ["sample:0:0", "row:5"]
    assert url(at) == before


def test_places_on_the_shelf_mean_the_same_images_for_another_model(digits: Checkpoint, browser: Browser) -> None:
    pins = ["sample:0:0", "row:2", "row:5", "row:7"]
    at = visit(model="digits-mlp-8", view="interpolation", pin=pins, between="0,3,1", at="1.5")
    at.selectbox(key="model_choice").set_value("digits-mlp-2").run()
    assert warnings(at) == []
    assert through(at) == ["row:7", "row:2"]
    assert url(at)["between"] == ["2,0"]
    again = visit(**at.query_params)
    assert (through(again), warnings(again)) == (["row:7", "row:2"], [])
    at.multiselect(key="generate-between").set_value(["row:5", "row:2"]).run()
    assert url(at)["between"] == ["1,0"]
    at.selectbox(key="model_choice").set_value("digits-mlp-8").run()
    assert (through(at), url(at)["between"]) == (["row:5", "row:2"], ["2,1"])


def test_a_new_link_leads_another_way(digits: Checkpoint, browser: Browser) -> None:
    at = visit(model="digits-mlp-8", view="interpolation", pin=THREE_PINS, between="2,0")
    del at.query_params["between"]
    at.run()
    assert through(at) == THREE_PINS


@pytest.mark.parametrize("pin", ["row:3", "z:0.5,-0.25,0,1,2,-3,0.125,0"])
def test_open_in_explore(digits: Checkpoint, pin: str) -> None:
    at = visit(model="digits-mlp-8", pin=[pin])
    at.button(key="shelf-explore").click().run()
    said(at)
    anchor = anchors.parse(pin, digits)
    expected = Place(3) if pin == "row:3" else Place(None, anchor.z)
    assert at.session_state[explore_state.VECTORS][digits.identity] == expected
    assert at.session_state[explore_state.ROWS][digits.dataset.test_fingerprint] == expected.row
    assert at.get("plotly_chart")  # it is Explore that is shown


# --- the plane --------------------------------------------------------------------------------------------------------


def test_a_link_restores_what_the_plane_shows_and_where_it_was_clicked(digits: Checkpoint, browser: Browser) -> None:
    at = visit(model="digits-mlp-8", view="manifold", pin=["row:3"])
    assert browser.data["manifold"]["window"] == [0.0, 0.0, 1.0]
    browser.answers["moved"] = {"window": [0.25, 0.5, 0.125], "plane": "", "move": "m1"}
    browser.answers["visit"] = {"a": -1.5, "b": 0.25, "z": [], "plane": "", "move": "v1"}
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
    browser.answers["moved"] = {"window": [-1.0, 0.5, 4.0], "plane": "", "move": "m1"}
    at.run()
    browser.click("shelf", 1)
    at.run()  # the plane is all of latent space, whatever is pinned, but the ring is elsewhere
    assert url(at)["window"] == ["-1,0.5,4"]
    assert "place" not in url(at)
    browser.answers["moved"] = {"window": None, "plane": "", "move": "m2"}
    at.run()
    assert "window" not in url(at)


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


# --- one sample -------------------------------------------------------------------------------------------------------


def test_the_nearest_training_image_of_a_sample(digits: Checkpoint, browser: Browser) -> None:
    browser.click("samples", 4)
    at = visit(model="digits-mlp-8")
    sample = cache.decoded(digits, sampling.from_prior(5, 8, 0))[4]
    train = cache.train_images(digits).images
    difference = (train.astype(np.float64) - sample) / 255
    distances = np.sqrt((difference**2).sum((1, 2, 3)))
    row = int(distances.argmin())
    assert f"Row {row:,} of the training split" in said(at)
    assert f"Euclidean distance {distances.min():.2f} over pixels" in said(at)


def test_a_link_restores_the_clicked_sample(digits: Checkpoint, browser: Browser) -> None:
    link = {"model": "digits-mlp-8", "seed": "3", "order": "farthest"}
    visit(**link)
    browser.click("samples", 2)
    at = visit(**link)
    [text] = url(at)["sample"]
    browser.answers.clear()
    there = visit(**at.query_params)
    assert f"Prior, seed 3, sample {text}" in said(there)
    assert browser.data["samples"]["selected"] == 2  # it is the third of those farthest from every image
    there.number_input(key="generate-number").set_value(200).run()  # more samples keep the first ones
    assert url(there)["sample"] == [text]
    there.number_input(key="generate-seed").set_value(4).run()
    assert "sample" not in url(there)  # other samples: the clicked one is none of them
    assert browser.data["samples"]["selected"] is None
    assert any("sample 100, expected" in told for told in warnings(visit(**link, sample="100")))


def test_copies_come_first_and_are_counted(digits: Checkpoint, browser: Browser) -> None:
    visit(model="digits-mlp-8", seed="3", temperature="0.7")
    drawn = browser.pictures["samples"]
    at = visit(model="digits-mlp-8", seed="3", temperature="0.7", order="copies")
    train = cache.train_images(digits).images.reshape(1257, -1) / 255
    distances = np.array([np.linalg.norm(train - image.ravel() / 255, axis=1).min() for image in drawn])
    shown = browser.pictures["samples"]
    found = np.array([np.linalg.norm(train - image.ravel() / 255, axis=1).min() for image in shown])
    np.testing.assert_allclose(found, np.sort(distances), atol=1e-6)
    near = int((distances < cache.copy_reference(digits).p1).sum())
    assert f"Nearest to a training image first: {near} of 100 are nearer to one than 99 %" in said(at)
    names: dict[str, Any] = {}
    exec(at.code[0].value.replace('Path("samples.png").write_bytes', "len"), names)  # noqa: S102
    np.testing.assert_array_equal(names["images"], shown)
    browser.click("samples", 1)
    assert f"Prior, seed 3, temperature 0.7, sample {distances.argsort(kind='stable')[1]}" in said(at.run())


def test_without_training_images_nothing_is_called_a_copy(browser: Browser) -> None:
    write("a", mnist())
    at = visit(order="copies")
    assert "the training images to compare with are not on this machine" in said(at)


def test_missing_images_are_offered(browser: Browser) -> None:
    write("a", mnist())
    browser.click("samples", 0)
    at = visit()
    assert "The nearest training image can't be looked up: MNIST's images are not on this machine" in said(at)
    assert "Download MNIST (11 MB)" in [button.label for button in at.button]


# --- directions -------------------------------------------------------------------------------------------------------


def strip(browser: Browser, checkpoint: Checkpoint, found: directions.Direction, start: str = "row:0") -> None:
    """Assert that the strip shows this direction."""
    z = directions.apply(anchors.parse(start, checkpoint).vector, found, np.linspace(-2, 2, 9))
    np.testing.assert_array_equal(browser.pictures["direction-strip"], cache.decoded(checkpoint, z))


def test_two_classes_differ_and_equal_groups_do_not(digits: Checkpoint, browser: Browser) -> None:
    at = visit(model="digits-mlp-8", view="directions", a="class:3", b="class:6")
    assert ":material/check_circle: Real: the groups are told apart with" in said(at)
    strip(browser, digits, cache.directions_of(digits, "class:3", "class:6").mean)
    at.multiselect(key="group-classes-b").set_value(["3"]).run()
    assert "Both groups are the same" in said(at)
    assert url(at) == {"view": ["directions"], "a": ["class:3"], "b": ["class:3"]}
    at.multiselect(key="group-classes-b").set_value([]).run()
    assert "There is no class" in said(at)
    at.button_group(key="group-kind-b").set_value("rest").run()
    assert not at.error
    strip(browser, digits, cache.directions_of(digits, "class:3", "rest").mean)


def keep(at: AppTest, name: str) -> AppTest:
    [field_] = [element for element in at.text_input if element.label == "Name"]
    field_.set_value(name).run()
    return press(at, "Keep")


def test_directions_are_kept_chosen_and_deleted(digits: Checkpoint, browser: Browser) -> None:
    at = visit(model="digits-mlp-8", view="directions", a="class:3", b="class:6", method="classifier")
    keep(at, " it's <b> ")
    said(at)
    assert not at.error
    [kept] = direction_files.kept(digits)
    assert (kept.name, kept.kind) == ("it's <b>", directions.CLASSIFIER)
    strip(browser, digits, kept)
    at.selectbox(key="generate-direction").set_value("it's <b>").run()
    assert url(at)["direction"] == ["it's <b>"]
    strip(browser, digits, kept)
    again = visit(**at.query_params)
    assert (warnings(again), again.selectbox(key="generate-direction").value) == ([], "it's <b>")
    [table] = at.dataframe
    assert (table.value["name"][0], table.value["angle"][0]) == ("it's <b>", 0)
    at.button(key="direction-delete").click().run()
    assert direction_files.kept(digits) == []
    assert "direction" not in url(at)
    assert not at.error


def test_a_bad_name_is_refused(digits: Checkpoint) -> None:
    at = keep(visit(model="digits-mlp-8", view="directions"), "   ")
    said(at)
    assert len(at.error) == 1
    assert direction_files.kept(digits) == []


def upload(at: AppTest, content: str) -> AppTest:
    at.file_uploader(key="direction-import").set_value(("d.json", content.encode(), "application/json")).run()
    return at.button(key="direction-import-now").click().run()


def test_what_was_exported_is_imported(digits: Checkpoint, browser: Browser) -> None:
    found = replace(cache.directions_of(digits, "class:3", "class:6").mean, name="mine")
    at = upload(visit(model="digits-mlp-8", view="directions"), direction_files.to_json([found]))
    assert "Imported mine." in said(at)
    assert direction_files.kept(digits) == [found]
    assert "Export all (JSON)" in [element.label for element in at.get("download_button")]


def test_directions_of_another_model_are_said_to_be_so(digits: Checkpoint, browser: Browser) -> None:
    found = replace(cache.directions_of(digits, "class:3", "class:6").mean, name="mine", identity="0" * 64)
    at = upload(visit(model="digits-mlp-8", view="directions"), direction_files.to_json([found]))
    assert '"mine" was measured on another checkpoint' in said(at)
    at.selectbox(key="generate-direction").set_value("mine").run()
    assert "Not measured here" in said(at)
    strip(browser, digits, direction_files.kept(digits)[0])


@pytest.mark.parametrize("content", ["", "no JSON", "[]", '{"format": "vae-directions", "version": 1}', "[" * 5_000])
def test_a_file_that_holds_no_directions_is_refused(digits: Checkpoint, content: str) -> None:
    at = upload(visit(model="digits-mlp-8", view="directions"), content)
    said(at)
    assert len(at.error) == 1
    assert direction_files.kept(digits) == []


def test_directions_of_another_dimension_are_refused(digits: Checkpoint) -> None:
    other = store.read("digits-mlp-2")
    found = directions.from_groups("flat", groups.pair("class:3", "class:6", other), other).mean
    at = upload(visit(model="digits-mlp-8", view="directions"), direction_files.to_json([found]))
    assert "flat: the direction has 2 dimensions, this checkpoint's latent space 8." in said(at)
    assert direction_files.kept(digits) == []


def test_a_minus_b_plus_c(digits: Checkpoint) -> None:
    at = visit(model="digits-mlp-8", view="directions", pin=THREE_PINS)
    chosen = dict(zip(generate_state.TERMS, ("row:3", "class:1", "class:4"), strict=True))
    for name, token in chosen.items():
        at.selectbox(key=f"generate-{name}").set_value(token).run()
    assert url(at)["to"] == ["class:4"]  # the first two are the usual ones here, or are said, too
    assert all(url(at).get(name, [token]) == [token] for name, token in chosen.items())
    at.button(key="arithmetic-pin").click().run()
    a, b, c = (anchors.parse(token, digits).vector for token in ("row:3", "class:1", "class:4"))
    pinned = anchors.parse(url(at)["pin"][-1], digits)
    np.testing.assert_allclose(pinned.vector, a - b + c, atol=1e-4)
    assert f"{active_distances(digits, (a - b + c)[None])[0]:.2f} from the nearest test image's posterior mean" in said(
        at
    )


# --- interpolation, quality -------------------------------------------------------------------------------------------


def test_more_pins_than_can_be_joined_are_told(digits: Checkpoint, browser: Browser) -> None:
    pins = [f"row:{row}" for row in range(8)]
    assert "The first 6 of 8 pinned images" in said(visit(model="digits-mlp-8", view="interpolation", pin=pins))
    at = visit(model="digits-mlp-8", view="interpolation", pin=pins, between="7,0")
    assert "The first" not in said(at)


def test_the_original_of_a_pinned_test_image_is_shown(digits: Checkpoint, browser: Browser) -> None:
    assert "The original." in said(visit(model="digits-mlp-8", pin=["row:3"]))
    assert "The original." not in said(visit(model="digits-mlp-8", pin=["class:3"]))


def test_an_arithmetic_that_was_linked_is_open(digits: Checkpoint, browser: Browser) -> None:
    for link, opened in (({}, False), ({"plus": "class:2"}, True)):
        at = visit(model="digits-mlp-8", view="directions", **link)
        [expander] = [found for found in at.expander if found.label.startswith("Arithmetic")]
        assert expander.proto.expanded == opened


def test_groups_that_differ_by_class_are_told(digits: Checkpoint, browser: Browser) -> None:
    labels = digits.latents.labels
    a, b = (groups.of_rows(np.flatnonzero(labels == label)[:30]) for label in (0, 1))
    text = said(visit(model="digits-mlp-8", view="directions", a=a, b=b))
    assert "100 % of group A are class 0 and 100 % of group B are class 1" in text
    assert "this may be a direction between classes" in text
    assert "only if the images were picked by what they show" in text
    assert "may be a direction between" not in said(visit(model="digits-mlp-8", view="directions"))


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


def active_distances(checkpoint: Checkpoint, z: NDArray[np.float32]) -> NDArray[np.float64]:
    """From each latent to the nearest image's mean, in the four dimensions of digits-mlp-8 that carry something."""
    dims = checkpoint.latents.mu.var(0) > 0.01
    assert dims.sum() == 4
    apart = z[:, None, dims].astype(np.float64) - checkpoint.latents.mu[None, :, dims]
    distances: NDArray[np.float64] = np.linalg.norm(apart, axis=2).min(1)
    return distances


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


def test_recorded_quality_is_shown_with_what_it_is(digits: Checkpoint) -> None:
    at = visit(model="digits-mlp-8")
    [table] = at.dataframe
    quality = records.recorded(digits)
    assert quality is not None
    assert list(table.value[""])[:2] == ["Samples from the prior", "Samples from the mixture"]
    assert list(table.value["squared Fréchet distance"]) == [f"{row.distance:.2f}" for row in quality.rows]
    assert "Measure again" in [button.label for button in at.button]


def test_what_is_not_measured_or_cant_be_is_said() -> None:
    write("unmeasured", new_checkpoint(TINY))
    at = visit()
    assert "Not measured yet" in said(at)
    assert "Measure" in [button.label for button in at.button]
    new = new_checkpoint(TINY, seed=1)
    write("cats", replace(new, dataset=replace(new.dataset, name="cats", title="Cats")))
    at = visit(model="cats")
    assert "a classifier, which ships for mnist and digits only" in said(at)
    assert "Measure" not in [button.label for button in at.button]


def test_the_state_is_plain(digits: Checkpoint) -> None:
    """The session holds text only, so that nothing of it can outlive its model."""
    at = visit(model="digits-mlp-8", pin=THREE_PINS, **LINKS["directions"])
    values = at.session_state[generate_state.STATE.key].values
    assert json.loads(json.dumps(values)) == LINKS["directions"]
