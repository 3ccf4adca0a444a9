"""A large model comes into the page from an address, also where the server does not answer at first."""

from __future__ import annotations

from playwright.sync_api import Page, Route

from tests.browser.drive.modules import ORIGIN, mount
from ui.components.model_store import browser_model
from vae.checkpoints import checkpoint_files
from vae.storage import paths


def test_a_model_is_fetched_once_and_again_where_the_server_does_not_answer(page: Page) -> None:
    checkpoint = checkpoint_files.read("digits-mlp-2", paths.PROJECT / "checkpoints")
    packed = browser_model.pack(checkpoint, checkpoint_files.read_weights(checkpoint), {})
    fingerprint = browser_model.fingerprint(checkpoint, {})
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            route.fulfill(status=503)
        else:
            route.fulfill(body=packed, content_type="application/octet-stream")

    page.route(f"{ORIGIN}/", lambda route: route.fulfill(body="<title>x</title>", content_type="text/html"))
    page.route(f"{ORIGIN}/model/*", answer)
    page.goto(f"{ORIGIN}/")
    mount(page, "model_store/store_entry.js")
    data = {"address": "/model/abc", "fingerprint": fingerprint}
    page.evaluate("(data) => { receive(data); receive({ ...data }) }", data)
    page.wait_for_function("(name) => window.latentSpaceExplorer.models.has(name)", arg=fingerprint)
    page.evaluate("(data) => receive(data)", data)
    count = page.evaluate(
        "(name) => window.latentSpaceExplorer.models.get(name).tensors.labels.data.length", fingerprint
    )
    assert count == len(checkpoint.latents.labels)
    assert len(asked) == 2
