"""Fixtures of the browser tests: a browser, the app, and a page that remembers what went wrong.

`app` is one server for the whole folder, for tests that look, or leave what disturbs nobody; `planted_app` is the same
one for tests that plant jobs in it. `own_app` and `start_app` start further ones, for tests that train, restart the app
or show a script of their own. A test that fails leaves a screenshot of its page in test-output/, and its servers' logs
stand in the report.

Most of the time that opening a page takes goes into compiling Streamlit's and Plotly's scripts. A process of Chromium
that has compiled them keeps the result, so all pages of a worker share one process: `tabs` holds it alive.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, expect, sync_playwright

from tests.browser.drive.chromium import launch
from tests.browser.drive.server import PROJECT, AppServer
from vae.jobs import queue

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
        browser = launch(playwright, "--process-per-site")
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The app with the shipped checkpoints."""
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
def planted_app(app: AppServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppServer]:
    """The shared app, in whose folders this process plants training runs; they are gone when the test ends."""
    _see_folders_of(app, monkeypatch)
    yield app
    for job in queue.all_jobs():
        if job.kind == "train":
            shutil.rmtree(job.folder)


@pytest.fixture
def own_app(start_app: StartApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppServer:
    """An app of the test's own, whose jobs and models this process sees. Its images are the digits that come with
    scikit-learn, which train in a second; it reaches no other machine."""
    nowhere = "http://127.0.0.1:9"
    offline = {"https_proxy": nowhere, "http_proxy": nowhere, "no_proxy": "localhost,127.0.0.1"}
    server = start_app({"VAE_DATA": str(tmp_path / "data")} | offline)
    _see_folders_of(server, monkeypatch)
    return server


def _see_folders_of(server: AppServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RUNS", "CHECKPOINTS", "DERIVED"):
        monkeypatch.setenv(f"VAE_{name}", server.env[f"VAE_{name}"])


@pytest.fixture
def console_errors() -> list[str]:
    """Errors of the page's console and uncaught exceptions, in the order they came."""
    return []


@pytest.fixture(scope="package")
def tabs(browser: Browser, app: AppServer) -> Iterator[BrowserContext]:
    """What all pages are tabs of. Its first tab stays open, so that the process with the compiled scripts lives on."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.new_page().goto(f"{app.url}/_stcore/health")
    yield context
    context.close()


@pytest.fixture
def page(tabs: BrowserContext, console_errors: list[str]) -> Iterator[Page]:
    """An empty tab of 1440 × 900. Whatever pages and their servers store in the browser goes with it."""
    first, *_ = tabs.pages
    page = tabs.new_page()
    _write_down_errors(page, console_errors)
    yield page
    for tab in tabs.pages:
        if tab is not first:
            tab.close()
    tabs.clear_cookies()
    first.evaluate("localStorage.clear()")


@pytest.fixture
def first_visit(browser: Browser, console_errors: list[str]) -> Iterator[Page]:
    """An empty page of a browser that has never seen the app: nothing is in its cache, nothing is compiled."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    _write_down_errors(page, console_errors)
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


def _write_down_errors(page: Page, errors: list[str]) -> None:
    page.on("console", lambda message: errors.append(_words(message)) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))


def _words(message: ConsoleMessage) -> str:
    return f"{message.text} ({message.location['url']})"


def _screenshot(page: Page, test: str) -> str:
    path = SCREENSHOTS / (re.sub(r"[^\w.-]+", "-", test) + ".png")
    try:
        page.screenshot(path=path)
    except Error as error:
        return f"none: {error.message.splitlines()[0]}"
    return str(path)
