"""Back and Forward go one step for one press, at any speed, and opening a page makes one history entry."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser.drive import explore
from tests.browser.drive.modules import load, mount
from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import eventually, open_page, wait_idle
from tests.runs import plant, progress_of, train_arguments

MODEL = "model=digits-mlp-8"


def choose_radio(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).first.click(force=True)


def shows_radio(page: Page, name: str) -> None:
    expect(page.get_by_role("radio", name=name, exact=True).first).to_be_checked()


@dataclass(frozen=True)
class Steps:
    """A page whose choices are made and seen by name: what it shows at first, three choices, and their parameter."""

    path: str
    parameter: str
    titles: tuple[str, str, str, str]
    values: tuple[str | None, str | None, str | None, str | None]


PAGES = {
    "explore": Steps(
        f"?{MODEL}&map=pca", "map", ("PCA", "t-SNE", "Latent axes", "PCA"), ("pca", "tsne", "latent", "pca")
    ),
    "generate": Steps(
        f"generate?{MODEL}&number=9",
        "view",
        ("Samples", "Traversals", "Directions", "Interpolation"),
        (None, "traversals", "directions", "interpolation"),
    ),
    "anomalies": Steps(
        f"anomalies?{MODEL}&step=review",
        "look",
        ("Images", "Map", "Curves", "All scores"),
        (None, "map", "curves", "scores"),
    ),
}


def at_step(page: Page, steps: Steps, place: int) -> None:
    """The page and its address are at a step, and stay."""
    value = steps.values[place]
    for _ in range(2):
        shows_radio(page, steps.titles[place])
        if value is None:
            expect(page).not_to_have_url(re.compile(rf"[?&]{steps.parameter}="))
        else:
            expect(page).to_have_url(re.compile(rf"[?&]{steps.parameter}={value}\b"))
        wait_idle(page)


def entries(page: Page) -> int:
    return int(page.evaluate("history.length"))


@pytest.fixture(params=["explore"])  # all pages share one mechanism, which test_back_across_pages meets on each
def steps(request: pytest.FixtureRequest, page: Page, app: AppServer) -> Steps:
    found = PAGES[request.param]
    open_page(page, app, found.path)
    at_step(page, found, 0)
    return found


def walk(page: Page, steps: Steps) -> None:
    """All three choices, each as soon as the one before is in the address."""
    for place in (1, 2, 3):
        choose_radio(page, steps.titles[place])
        expect(page).to_have_url(re.compile(rf"[?&]{steps.parameter}={steps.values[place]}\b"))


def test_opening_a_page_makes_one_entry_and_a_choice_another(page: Page, steps: Steps) -> None:
    assert entries(page) == 2  # about:blank and the page
    walk(page, steps)
    assert entries(page) == 5
    at_step(page, steps, 3)
    page.reload()
    wait_idle(page)
    at_step(page, steps, 3)
    assert entries(page) == 5


def test_back_as_soon_as_the_address_has_changed(page: Page, steps: Steps) -> None:
    walk(page, steps)
    for place in (2, 1, 0):
        page.go_back()
        at_step(page, steps, place)
    page.go_forward()
    at_step(page, steps, 1)
    assert entries(page) == 5


def choose_and_go_back(page: Page, name: str, wait_ms: float | None) -> None:
    """A choice and Back so many milliseconds later; None: before the page does anything else."""
    page.get_by_role("radio", name=name, exact=True).first.evaluate(
        """async (radio, wait) => {
            radio.click()
            if (wait !== null) await new Promise((resolve) => setTimeout(resolve, wait))
            history.back()
        }""",
        wait_ms,
    )


def test_back_before_the_address_has_changed_undoes_the_choice(page: Page, steps: Steps) -> None:
    walk(page, steps)
    at_step(page, steps, 3)
    # before the choice is sent, before Python begins with it, and about when the browser makes an entry of it
    for wait_ms in (None, 5, 60):
        choose_and_go_back(page, steps.titles[1], wait_ms)
        at_step(page, steps, 3)
    choose_radio(page, steps.titles[1])
    page.evaluate("history.back()")
    at_step(page, steps, 3)
    page.go_back()
    at_step(page, steps, 2)


def press(page: Page, *moves: int) -> None:
    """Back (-1) and Forward (1), each as soon as the browser has followed the one before."""
    page.evaluate(
        """async (moves) => {
            for (const by of moves) {
                const moved = new Promise((resolve) => addEventListener("popstate", resolve, { once: true }))
                history.go(by)
                await moved
            }
        }""",
        list(moves),
    )


def test_presses_in_one_go(page: Page, steps: Steps) -> None:
    walk(page, steps)
    press(page, -1, -1, 1)
    at_step(page, steps, 2)
    press(page, -1, -1)
    at_step(page, steps, 0)
    press(page, 1, 1)
    at_step(page, steps, 2)


def test_a_choice_right_after_back_counts(page: Page, steps: Steps) -> None:
    walk(page, steps)
    at_step(page, steps, 3)
    page.go_back()
    choose_radio(page, steps.titles[1])
    at_step(page, steps, 1)
    page.go_back()
    at_step(page, steps, 2)


@pytest.mark.parametrize("steps", list(PAGES), indirect=True)
def test_back_across_pages(page: Page, steps: Steps) -> None:
    walk(page, steps)
    page.get_by_test_id("stSidebar").get_by_role("link", name="Train").click()
    expect(page).to_have_url(re.compile("/train$"))
    wait_idle(page)
    assert entries(page) == 6
    page.go_back()
    at_step(page, steps, 3)
    press(page, -1, 1, 1)
    expect(page).to_have_url(re.compile("/train$"))
    expect(page.get_by_role("heading", name="Train a model")).to_be_visible()
    press(page, -1, -1)
    at_step(page, steps, 2)


def slider_stays_at(page: Page, value: float) -> None:
    for _ in range(2):
        assert eventually(page, lambda: explore.slider_values(page)[0] == pytest.approx(value, abs=0.011))
        wait_idle(page)


def test_back_after_a_slider_was_let_go(page: Page, app: AppServer) -> None:
    explore.open_explore(page, app, f"?{MODEL}&row=7")
    handle, moved = explore.slider(page), []
    for _ in range(3):
        before = page.url
        handle.press("ArrowRight")
        expect(page).not_to_have_url(before)
        moved.append(explore.slider_values(page)[0])
    for value in (moved[1], moved[0]):
        page.go_back()
        slider_stays_at(page, value)
    handle.press("ArrowRight")
    page.evaluate("history.back()")  # before its address has changed
    slider_stays_at(page, moved[0])
    page.go_back()
    expect(page).not_to_have_url(re.compile("[?&]z="))
    wait_idle(page)
    expect(page.locator(".panel")).to_have_attribute("data-row", "7")


def test_back_to_the_run_that_was_shown(planted_app: AppServer, page: Page) -> None:
    runs = [plant("stopped", train_arguments(name), progress_of(name, 3, 1)) for name in ("first", "second")]
    open_page(page, planted_app, f"train?job={runs[0]}")
    wait_idle(page)
    before = entries(page)
    table = page.get_by_test_id("stDataFrame")
    table.click(position={"x": 150, "y": 52})  # the newest run's row, below the headings
    expect(page).to_have_url(re.compile(rf"\?job={runs[1]}$"))
    assert entries(page) == before + 1
    page.go_back()
    wait_idle(page)
    expect(page).to_have_url(re.compile(rf"\?job={runs[0]}$"))
    page.go_forward()
    wait_idle(page)
    expect(page).to_have_url(re.compile(rf"\?job={runs[1]}$"))


HISTORY = """async (waits) => {
    const ended = []
    let serial = 0
    const tell = (step, search, visit, forward = false) =>
        receive({ session: "a", serial: ++serial, visit, step, forward, search })
    const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
    for (let step = 0; step <= 3; step++) tell(step, `at=${step}`, 0)
    for (const [place, wait] of waits.entries()) {
        await rest(300) // the browser has all entries
        const { visit } = backForward
        history.back()
        await rest(0) // on its way
        for (const end = performance.now() + wait; performance.now() < end;);
        const step = 4 + place
        tell(step, `at=other${place}`, visit) // Python answers a choice that came before Back
        await rest(1_000)
        // where Back was the first, Python hears of it now
        if (backForward.visit === visit + 1 && location.search === "?at=2") tell(step, "at=2", visit + 1, true)
        await rest(1_000)
        ended.push(location.search)
    }
    return ended
}"""


def test_back_at_the_moment_in_which_a_choice_gets_its_entry(page: Page) -> None:
    load(page)
    mount(page, "back_forward/back_forward.js")
    assert page.evaluate(HISTORY, [20, 5, 0]) == ["?at=3"] * 3


ACTS = """() => {
    const sending = new Sending()
    const acted = (event) => {
        sending.traversed(true, false)
        window.dispatchEvent(event)
        return !sending.back
    }
    return [
        acted(new WheelEvent("wheel", { deltaX: 1, deltaY: 50 })), // zooms the map
        acted(new WheelEvent("wheel", { deltaX: 50, deltaY: 1 })), // goes back on a touchpad
        acted(new KeyboardEvent("keydown", { key: "a" })),
        acted(new KeyboardEvent("keydown", { key: "BrowserBack" })),
        acted(new Event("keydown")), // a browser that fills in a field
    ]
}"""


def test_what_counts_as_a_choice_after_back(page: Page) -> None:
    load(page, "back_forward/sending.js")
    assert page.evaluate(ACTS) == [True, False, True, False, True]
