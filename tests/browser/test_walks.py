"""The teacher's walk of docs/walks.md, from its first step to its last."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.drive import explore, generate
from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import wait_idle

LONG_MS = 240_000  # a training beside other tests


def test_a_teacher(own_app: AppServer, page: Page) -> None:
    explore.open_explore(page, own_app, "?model=digits-mlp-2")
    before = explore.picture(page, "decoded")
    left, right, y = explore.grab(page)
    page.mouse.move(left + 0.9 * (right - left), y, steps=8)
    page.mouse.up()
    explore.settle(page)
    assert explore.picture(page, "decoded") != before

    target = explore.lonely_point(page)
    page.mouse.click(target.x, target.y)
    expect(page.locator(".panel")).to_have_attribute("data-row", str(target.row))
    explore.settle(page)
    assert max(explore.picture(page, "original")) > 100

    page.get_by_role("link", name="Generate").click()
    page.get_by_role("radio", name="Manifold").click(force=True)
    generate.wait_complete(page)
    stage = generate.box_of(page.locator(generate.STAGE))
    page.mouse.move(stage.x + stage.width / 2, stage.y + stage.height / 2)
    page.mouse.wheel(0, -400)
    expect(page).to_have_url(re.compile("[?&]window="))  # other places are shown, and the link keeps them
    generate.wait_complete(page)

    page.get_by_role("link", name="Train").click()
    page.get_by_text("Watch it fail").click()
    wait_idle(page)
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(re.compile(r"\?job="))
    expect(page.get_by_role("button", name="Open in Explore")).to_be_visible(timeout=LONG_MS)
    wait_idle(page)
    expect(page.get_by_text(re.compile("collapse|vanish", re.IGNORECASE)).first).to_be_visible()

    second = page.context.new_page()
    second.goto(page.url)
    expect(second.get_by_role("button", name="Open in Explore")).to_be_visible()
    assert "Traceback" not in own_app.log_text()
