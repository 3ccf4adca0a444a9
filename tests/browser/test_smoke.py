"""The app opens, as a person opens it."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import open_page
from ui.components import page_icon


def test_the_app_opens_without_errors(app: AppServer, first_visit: Page, console_errors: list[str]) -> None:
    open_page(first_visit, app)
    assert first_visit.get_by_test_id("stException").count() == 0
    assert "Traceback" not in app.log_text()
    assert console_errors == []


def test_nothing_is_asked_of_other_servers(app: AppServer, first_visit: Page) -> None:
    asked: list[str] = []
    first_visit.on("request", lambda request: asked.append(request.url))
    open_page(first_visit, app)
    own = (app.url, app.url.replace("http:", "ws:"), "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []


def test_the_tab_has_the_compass(app: AppServer, first_visit: Page) -> None:
    open_page(first_visit, app)
    href = first_visit.locator("link[rel~='icon']").first.get_attribute("href")
    assert href == page_icon.ADDRESS
    size = first_visit.evaluate(
        "async (href) => { const i = new Image(); i.src = href; await i.decode(); return i.naturalWidth }", href
    )
    assert size > 0  # a picture that the browser can draw
