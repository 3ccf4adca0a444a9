"""Generate: every view for every kind of model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.pages.generate.page import (
    COLOUR,
    ONE_DIMENSION,
    THREE_PINS,
    VIEWS,
    Browser,
    mnist,
    one_class,
    url,
    visit,
    warnings,
    write,
)
from tests.pages.page import said
from tests.vae.helpers import new_checkpoint
from ui.components.live_decoder import panel_data
from ui.decoding import python_decoder
from ui.shared import cache
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint, NewCheckpoint
from vae.generation import anchors, posterior_files
from vae.maps import pca


@pytest.mark.parametrize("model", ["digits-mlp-8", "digits-mlp-2"])
@pytest.mark.parametrize("pins", [[], THREE_PINS], ids=["no pins", "pins"])
def test_every_view_of_the_shipped_models(digits: Checkpoint, browser: Browser, model: str, pins: list[str]) -> None:
    checkpoint = checkpoint_files.read(model)
    at = visit(model=model, pin=pins)
    for view in VIEWS:
        at.button_group(key="generate-view").set_value(view).run()
        text = said(at)
        assert (warnings(at), list(at.error)) == ([], [])
        assert url(at) == ({} if view == "samples" else {"view": [view]}) | ({"pin": pins} if pins else {})
        assert "Python code" in [e.label for e in at.expander]
        assert ("(an example)" in text) == (view != "samples" and not pins)
        labels = [button.label for button in (*at.button, *at.get("download_button"))]
        assert labels.count("Download") == labels.count("Explore from here") <= 2  # one panel; and A − B + C
    if pins:
        assert anchors.parse(pins[0], checkpoint).title in text
        expected = cache.decoded(checkpoint, np.stack([anchors.parse(pin, checkpoint).vector for pin in pins]))
        np.testing.assert_array_equal(browser.pictures["pins"], expected)


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
            missing = "The training images are not on this" if new.dataset.name == "mnist" else "are not those"
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
    monkeypatch.setattr("ui.components.model_store.browser_model.can_decode", lambda checkpoint: False)
    at = visit(model="digits-mlp-8", view=view, pin=THREE_PINS)
    text = said(at)
    assert (warnings(at), list(at.error)) == ([], [])
    moves = {"interpolation": "scrub", "directions": "direction", "manifold": "manifold"}.get(view)
    assert bool(at.get("bidi_component")) == bool(moves)  # the latents would be sent for nothing
    assert {"scrub", "direction", "manifold"} & set(browser.data) == ({moves} if moves else set())
    if moves:
        assert browser.data[moves]["socket"] is not None
    if view == "manifold":
        at.session_state["generate_no_socket"] = True
        at.run()
        assert len(browser.pictures["manifold-still"]) == 400
        assert "scroll to zoom" in text and "scroll to zoom" not in said(at)
    elif moves:
        decoded = browser.data[moves]["decoded"]
        picture = python_decoder.decode(digits, np.array([decoded["z"]], np.float32))[0]
        assert decoded["pixels"] == panel_data.pixels_base64(picture)


def test_the_mixture_says_which_images_it_is_fitted_to(digits: Checkpoint) -> None:
    there = {"model": "digits-mlp-8", "source": "mixture", "components": "2"}

    def told(**link: str) -> str:
        return visit(**there, **link).number_input(key="generate-components").help

    assert "fitted to the posteriors of 360 test images;" in told()
    assert "vae encode digits-mlp-8" in told()
    posterior_files.keep(digits, digits.latents.take(np.arange(200)))  # as the job that measures does
    assert "fitted to the posteriors of 200 training images;" in told()
    of_three = int((digits.latents.labels[:200] == 3).sum())
    assert f"fitted to the posteriors of {of_three} training images;" in told(**{"class": "3"})


def test_samples_that_are_all_alike_are_not_called_good(browser: Browser) -> None:
    """An untrained or collapsed decoder makes one picture of every latent; no share of holes means anything then."""
    new = new_checkpoint()
    write("a", replace(new, weights={name: 0 * weights for name, weights in new.weights.items()}))
    at = visit()
    assert "These 100 samples are all alike" in said(at)
    assert "where the model saw no data" not in said(at)


def test_an_autoencoder_is_not_measured_by_a_prior_that_it_was_not_trained_for(browser: Browser) -> None:
    new = new_checkpoint(COLOUR)
    write("a", replace(new, train=replace(new.train, objective="autoencoder")))
    drawn = visit(model="a").button_group(key="generate-source")
    assert drawn.value == "mixture"
    assert "not trained to follow the prior" in drawn.help
    assert visit(model="a", source="prior").button_group(key="generate-source").value == "prior"
    across = visit(model="a", view="manifold").selectbox(key="generate-first")
    assert across.options and not [title for title in across.options if "nats" in title]


def test_an_autoencoders_plane_and_traversals_reach_as_far_as_its_codes(browser: Browser) -> None:
    new = new_checkpoint(COLOUR)
    far = replace(new.latents, mu=4 * new.latents.mu)
    write("vae", replace(new, latents=far, maps=[pca.fit(far.mu)]))
    plain = write(
        "plain", replace(new, latents=far, maps=[pca.fit(far.mu)], train=replace(new.train, objective="autoencoder"))
    )
    visit(model="plain", view="manifold", scale="quantile")
    data = browser.data["manifold"]
    order = np.argsort(-plain.latents.mu.var(0), kind="stable")[:2]
    farthest = float(np.abs(plain.latents.mu[:, order]).max())
    assert data["names"] == [f"z{j}" for j in order]
    assert data["scale"] == "even"
    assert farthest <= data["home"][1] <= farthest + 0.1
    visit(model="vae", view="manifold")
    assert (browser.data["manifold"]["scale"], browser.data["manifold"]["home"][1]) == ("quantile", 3.0)
    at = visit(model="plain", view="traversals")
    assert at.number_input(key="generate-span").value >= min(10.0, float(np.abs(plain.latents.mu).max()))
    assert "KL" not in said(at)
    assert visit(model="vae", view="traversals").number_input(key="generate-span").value == 3.0
