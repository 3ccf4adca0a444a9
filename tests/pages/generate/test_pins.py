"""Generate: pinned images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.pages.generate.page import THREE_PINS, Browser, add, url, visit, warnings
from tests.pages.page import said
from ui.shared import cache, explore_place
from ui.shared.explore_place import Place
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint
from vae.generation import anchors, sampling


def test_a_sample_is_pinned_chosen_and_removed(digits: Checkpoint, browser: Browser) -> None:
    browser.click("samples", 4)
    at = visit(model="digits-mlp-8", pin=["row:3"])
    at.button(key="sample-pin").click().run()
    z = sampling.from_prior(100, 8, 0)[4]
    anchor = anchors.of_vector(z, "Prior, seed 0, sample 4")
    assert url(at) == {"sample": ["4"], "through": ["1"], "pin": ["row:3", anchor.token]}
    assert browser.data["pins"]["selected"] == 1
    assert at.button(key="sample-pin").disabled
    browser.click("pins", 0)
    at.run()
    assert "through" not in url(at)
    assert browser.data["pins"]["selected"] == 0
    at.button(key="pins-remove").click().run()
    assert url(at) == {"sample": ["4"], "pin": [anchor.token]}
    at.button(key="pins-remove").click().run()
    assert url(at) == {"sample": ["4"]}
    assert not [button for button in at.button if button.key == "pins-remove"]


@pytest.mark.parametrize("pin", ["row:003", "sample:01:0"])
def test_a_pin_written_otherwise_can_be_removed(digits: Checkpoint, pin: str) -> None:
    at = visit(model="digits-mlp-8", pin=[pin])
    at.button(key="pins-remove").click().run()
    assert url(at) == {}


def test_ways_to_pin(digits: Checkpoint) -> None:
    at = add(visit(model="digits-mlp-8", view="traversals"))
    at.number_input(key="pins-row").set_value(7).run()
    at.button(key="pins-row-pin").click().run()
    assert not [field for field in at.number_input if field.key == "pins-row"]  # the dialog has closed
    add(at).button_group(key="pins-way").set_value("class").run()
    at.selectbox(key="pins-class").set_value("4").run()
    at.button(key="pins-class-pin").click().run()
    add(at).button_group(key="pins-way").set_value("sample").run()
    at.number_input(key="pins-sample").set_value(9).run()
    at.button(key="pins-sample-pin").click().run()
    said(at)
    assert url(at) == {"view": ["traversals"], "through": ["2"], "pin": ["row:7", "class:4", "sample:9:0"]}


def test_a_picture_of_ones_own(digits: Checkpoint, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (20, 20, 3), np.uint8)).save(tmp_path / "own.png")
    at = add(visit(model="digits-mlp-8", view="traversals"))
    at.button_group(key="pins-way").set_value("own").run()
    at.file_uploader(key="pins-own").set_value(("own.png", (tmp_path / "own.png").read_bytes(), "image/png")).run()
    assert "Changed: 1 resized to 8 × 8 pixels; 1 made grey." in said(at)
    at.button(key="pins-own-pin").click().run()
    said(at)
    [token] = url(at)["pin"]
    assert token.endswith("@own image own.png")
    add(at).button_group(key="pins-way").set_value("own").run()
    at.file_uploader(key="pins-own").set_value(("own.png", b"no picture", "image/png")).run()
    said(at)
    assert len(at.error) == 1


def test_there_is_room_for_twelve(digits: Checkpoint) -> None:
    at = visit(model="digits-mlp-8", pin=[f"row:{i}" for i in range(12)])
    add(at).button(key="pins-row-random").click().run()
    assert "12 images are pinned already, the most there can be. Remove one first." in said(at)
    assert len(url(at)["pin"]) == 12


def test_latent_vectors_belong_to_their_model(digits: Checkpoint, browser: Browser) -> None:
    at = visit(model="digits-mlp-8", pin=["z:1,0,0,0,0,0,0,0@x", "row:3", "sample:1:0", "class:4"])
    at.selectbox(key="model_choice").set_value("digits-mlp-2").run()
    assert warnings(at) == []
    assert url(at)["pin"] == ["row:3", "class:4"]  # what a link of this model can show
    assert len(browser.pictures["pins"]) == 2
    at.selectbox(key="model_choice").set_value("digits-mlp-8").run()
    assert len(browser.pictures["pins"]) == 4
    assert url(at)["pin"] == ["z:1,0,0,0,0,0,0,0@x", "row:3", "sample:1:0", "class:4"]


def test_a_shelf_full_of_another_models_vectors_has_room(digits: Checkpoint, browser: Browser) -> None:
    at = visit(model="digits-mlp-8", view="traversals", pin=[f"sample:{i}:0" for i in range(12)])
    at.selectbox(key="model_choice").set_value("digits-mlp-2").run()
    add(at).button(key="pins-row-pin").click().run()
    assert not at.error
    assert url(at)["pin"] == ["row:0"]


def test_a_new_link_says_whose_a_vector_is(digits: Checkpoint, browser: Browser) -> None:
    at = visit(model="digits-mlp-8", pin=["sample:1:0"])
    for name, value in {"model": "digits-mlp-2", "pin": ["sample:1:0"]}.items():
        at.query_params[name] = value
    at.run()
    assert url(at) == {"pin": ["sample:1:0"]}
    z = sampling.from_prior(1, 2, 1)
    np.testing.assert_array_equal(browser.pictures["pins"], cache.decoded(checkpoint_files.read("digits-mlp-2"), z))


def test_removing_a_pin_leaves_the_others_of_a_way(digits: Checkpoint) -> None:
    at = visit(model="digits-mlp-8", view="interpolation", pin=[*THREE_PINS, "row:9"], between="3,2,0")
    at.button(key="pins-remove").click().run()
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


def test_explore_from_a_generated_image(digits: Checkpoint, browser: Browser) -> None:
    browser.click("samples", 4)
    at = visit(model="digits-mlp-8")
    at.button(key="sample-explore").click().run()
    said(at)
    anchor = anchors.of_vector(sampling.from_prior(100, 8, 0)[4], "x")
    assert at.session_state[explore_place.VECTORS][digits.identity] == Place(None, anchor.z)
    assert at.session_state[explore_place.ROWS][digits.dataset.test_fingerprint] is None
    assert at.get("plotly_chart")  # it is Explore that is shown


def test_the_original_of_a_pinned_test_image_is_shown(digits: Checkpoint, browser: Browser) -> None:
    assert "Original" in said(visit(model="digits-mlp-8", pin=["row:3"]))
    assert "Original" not in said(visit(model="digits-mlp-8", pin=["class:3"]))


def test_ones_own_images_are_called_by_their_files(
    digits: Checkpoint, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = tuple(f"s{row % 3}/<b>{row}.png" for row in range(len(digits.latents.mu)))
    monkeypatch.setattr(cache, "file_names", lambda checkpoint: names)
    at = visit(model="digits-mlp-8", pin=["row:3"])
    assert "Original, s0/<b>3.png" in said(at)
    add(at)
    [sheet] = [data for key, data in browser.data.items() if "sheet" in key]
    assert tuple(sheet["titles"]) == names[: len(sheet["titles"])]
