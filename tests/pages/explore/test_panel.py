"""Explore, the panel: pictures that Python decodes, and images that are not on this machine."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.explore.page import of_mnist, panel, place, shown, texts, visit, write
from tests.runs import plant
from tests.vae.helpers import new_checkpoint
from ui.shared.explore_place import Place
from vae.checkpoints import loading
from vae.checkpoints.checkpoint import Checkpoint
from vae.jobs import queue
from vae.jobs.job import Job


def sent(picture: dict[str, Any], shape: tuple[int, ...] = (1, 8, 8)) -> Any:
    """Pixels as the page gets them."""
    return np.frombuffer(base64.b64decode(picture["pixels"]), np.uint8).reshape(shape)


def decoded_by_torch(checkpoint: Checkpoint, z: Any) -> Any:
    import torch

    model = loading.load_model(checkpoint)
    with torch.inference_mode():
        return model.decode_mean(torch.tensor(np.asarray(z, np.float32)[None]))[0].numpy() * 255


def report(at: AppTest, checkpoint: Checkpoint, row: int | None, z: list[float]) -> AppTest:
    """What the page tells when somebody lets go."""
    serial = at.session_state["serial"] + 1 if "serial" in at.session_state else 1
    at.session_state["serial"] = serial
    view = {"row": row, "z": z, "id": str(serial)}
    at.session_state[f"panel-{checkpoint.identity[:16]}"] = {"view": view}
    return at.run()


def test_python_decodes_what_the_panel_shows_and_keeps_the_rest(digits: Checkpoint) -> None:
    z = [0.5, -1.0, 0.0, 1.0, 2.0, -2.0, 0.25, 2.875]
    at = visit(model="digits-mlp-8", row="12", z=",".join(map(str, z)))
    browser = panel(at)
    assert browser["decoded"] is None
    at.toggle(key="python").set_value(True).run()
    assert shown(at) == "digits-mlp-8"
    python = panel(at)
    assert python["decoded"]["z"] == z
    np.testing.assert_allclose(sent(python["decoded"]), decoded_by_torch(digits, z), atol=0.51)
    assert (python["socket"]["path"], browser["socket"]) == ("/decode", None)
    assert {
        **python,
        "decoded": None,
        "socket": None,
    } == browser  # the same panel otherwise
    z[3] = 1.5
    report(at, digits, 12, z)
    assert place(at, digits) == Place(12, tuple(z))
    assert panel(at)["decoded"]["z"] == z
    np.testing.assert_allclose(sent(panel(at)["decoded"]), decoded_by_torch(digits, z), atol=0.51)
    report(at, digits, 7, digits.latents.mu[7].tolist())
    assert at.query_params["row"] == "7"
    np.testing.assert_allclose(panel(at)["decoded"]["z"], digits.latents.mu[7], atol=1e-6)
    at.toggle(key="python").set_value(False).run()
    assert (panel(at)["row"], panel(at)["decoded"]) == (7, None)


def test_a_decoder_that_is_too_large_for_a_browser_is_decoded_in_python(
    digits: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.components.model_store.browser_model.BROWSER_MULTIPLICATIONS", 1000)
    at = visit(model="digits-mlp-8", row="3")
    assert at.toggle(key="python").disabled
    np.testing.assert_allclose(sent(panel(at)["decoded"]), decoded_by_torch(digits, digits.latents.mu[3]), atol=0.51)


# --- images that are not on this machine ------------------------------------------------------------------------------


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], str]]:
    """Arguments and lane of the jobs that the page submits; each becomes a running one."""
    seen: list[tuple[list[str], str]] = []

    def submit(kind: str, title: str, arguments: list[str], lane: str = "compute") -> Job:
        seen.append((arguments, lane))
        return queue.get(plant("running", arguments, kind=kind, title=title, lane=lane))

    monkeypatch.setattr(queue, "submit", submit)
    return seen


def offered(at: AppTest) -> list[str]:
    """The buttons of the page but those that make maps, which this model lacks."""
    return [button.label for button in at.main.button if not str(button.key).startswith("explore_make_")]


def test_a_model_of_missing_images_works_and_offers_to_fetch_them(submitted: list[tuple[list[str], str]]) -> None:
    write("mnist-a", of_mnist())
    at = visit(row="5")
    assert shown(at) == "mnist-a"
    original = panel(at)["original"]
    assert (original["row"], original["pixels"], original["problem"]) == (5, None, "Not on this machine")
    assert offered(at) == ["Download MNIST (11 MB)"]
    at.button(key="download-mnist").click().run()
    assert submitted == [(["fetch", "mnist"], "network")]
    assert "**Download MNIST**" in texts(at)
    assert "download-mnist" not in [button.key for button in at.button]
    assert panel(at)["row"] == 5


def test_nothing_is_offered_before_an_image_is_selected() -> None:
    write("mnist-a", of_mnist())
    at = visit()
    assert panel(at)["original"] is None
    assert not offered(at)


def test_other_images_than_the_model_was_measured_on_are_not_shown() -> None:
    write("a", new_checkpoint())  # of digits with another fingerprint
    at = visit(row="5")
    assert shown(at) == "a"
    original = panel(at)["original"]
    assert original["pixels"] is None
    assert original["problem"].startswith("The scikit-learn digits test images on this machine are not those")
    assert not offered(at)
