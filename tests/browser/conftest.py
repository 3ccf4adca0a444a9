"""Fixtures of the browser tests: a browser, the app, and a page that remembers what went wrong.

`app` is one server for the whole folder, for tests that only look. `start_app` starts further ones, for tests that
train, delete or restart. A test that fails leaves a screenshot of its page in test-output/, and its servers' logs stand
in the report.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect, sync_playwright

from tests.browser.drive.chromium import launch
from tests.browser.drive.server import PROJECT, AppServer

SCREENSHOTS = PROJECT / "test-output"
LOG_CHARACTERS = 4_000
expect.set_options(timeout=30_000)  # ms: a slow machine is no failure, and what comes at once is not waited for


class StartApp:
    """`start_app({"VAE_DATA": …})` starts an app of the test's own: no runs, and a copy of the shipped checkpoints."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.servers: list[AppServer] = []

    def __call__(self, environment: Mapping[str, str] | None = None, script: Path = PROJECT / "app.py") -> AppServer:
        self.servers.append(AppServer(self.folder / f"app-{len(self.servers)}", environment, script))
        return self.servers[-1].start()


# Playwright keeps an asyncio loop running in this thread while it lives, so it ends with this folder's tests.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, headless."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The app with the shipped checkpoints, shared by all tests that change nothing."""
    with AppServer(tmp_path_factory.mktemp("app")) as server:
        yield server


@pytest.fixture
def start_app(tmp_path: Path) -> Iterator[StartApp]:
    """Starts apps that end with the test."""
    start = StartApp(tmp_path)
    yield start
    for server in start.servers:
        server.close()


@pytest.fixture
def own_app(start_app: StartApp, monkeypatch: pytest.MonkeyPatch) -> AppServer:
    """An app of the test's own, whose jobs and models this process sees and plants too."""
    server = start_app()
    for name in ("RUNS", "CHECKPOINTS", "DERIVED"):
        monkeypatch.setenv(f"VAE_{name}", server.env[f"VAE_{name}"])
    return server


@pytest.fixture
def console_errors() -> list[str]:
    """Errors of the page's console and uncaught exceptions, in the order they came."""
    return []


@pytest.fixture
def page(browser: Browser, console_errors: list[str]) -> Iterator[Page]:
    """An empty page of 1440 × 900 in a fresh context."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.on("console", lambda message: console_errors.append(_words(message)) if message.type == "error" else None)
    page.on("pageerror", lambda error: console_errors.append(str(error)))
    yield page
    context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a failure what is needed to understand it."""
    report = yield
    if report.failed:
        for value in list(getattr(item, "funcargs", {}).values()):
            servers = value.servers if isinstance(value, StartApp) else [value] if isinstance(value, AppServer) else []
            for server in servers:
                report.sections.append((f"log of {server.url}", server.log_text()[-LOG_CHARACTERS:]))
            if isinstance(value, Page):
                report.sections.append(("screenshot", _screenshot(value, item.name)))
    return report


def _words(message: ConsoleMessage) -> str:
    return f"{message.text} ({message.location['url']})"


def _screenshot(page: Page, test: str) -> str:
    path = SCREENSHOTS / (re.sub(r"[^\w.-]+", "-", test) + ".png")
    try:
        page.screenshot(path=path)
    except Error as error:
        return f"none: {error.message.splitlines()[0]}"
    return str(path)
