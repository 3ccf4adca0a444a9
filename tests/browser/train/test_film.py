"""The film of a training run: scrubbing and playing happen in the page, and new epochs arrive by themselves."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page, WebSocket, expect

from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import eventually, open_page, wait_idle
from tests.runs import add_frames, fixed, history, plant, progress_of, train_arguments
from vae.jobs import queue
from vae.training.run_folder import history as run_history
from vae.training.run_folder.film_files import Fixed

EPOCHS = 40
LARGE = 200_000  # bytes: less than the frames of this film, more than a page's small messages in some seconds


def planted(state: str, done: int, shape: tuple[int, int, int] = (1, 8, 8)) -> str:
    job_id = plant(state, train_arguments("new"), progress_of("new", EPOCHS, done, fraction=done / EPOCHS))
    add_frames(queue.get(job_id).folder, range(done + 1), fixed(100, shape))
    return job_id


def film(page: Page) -> Locator:
    shown = page.locator(".film[data-ready=yes]")
    shown.wait_for()
    return shown


def ink(page: Page, selector: str) -> str:
    """The canvas as it is, as text."""
    return str(page.locator(f".film {selector}").evaluate("(canvas) => canvas.toDataURL()"))


def go_on(folder: Path, epoch: int, stays: Fixed) -> None:
    """Another epoch of a run that goes on."""
    run_history.append(folder, history(epoch)[-1])
    add_frames(folder, [epoch], stays)


def test_scrubbing_asks_nothing_of_the_server(planted_app: AppServer, page: Page) -> None:
    sent: list[int] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(len(data))))
    open_page(page, planted_app, f"train?job={planted('stopped', 30)}")
    shown = film(page)
    expect(shown).to_have_attribute("data-epoch", "30")
    expect(shown).to_have_attribute("data-frames", "31")
    expect(shown.get_by_text("Epoch 30 of 40")).to_be_visible()
    wait_idle(page)
    last, before = {name: ink(page, name) for name in (".scatter", ".pairs", ".samples")}, len(sent)
    shown.get_by_role("slider").fill("0")
    expect(shown.get_by_text("Before training")).to_be_visible()
    for name, content in last.items():
        assert ink(page, name) != content
    shown.get_by_role("slider").fill("30")
    expect(shown).to_have_attribute("data-epoch", "30")
    assert {name: ink(page, name) for name in last} == last
    assert len(sent) == before


def test_keys_step_jump_and_play(planted_app: AppServer, page: Page) -> None:
    open_page(page, planted_app, f"train?job={planted('stopped', 30)}")
    shown = film(page)
    shown.focus()
    steps = {"ArrowLeft": 29, "ArrowDown": 28, "ArrowRight": 29, "Home": 0, "ArrowUp": 1, "End": 30}
    for key, epoch in steps.items():
        page.keyboard.press(key)
        expect(shown).to_have_attribute("data-epoch", str(epoch))
    page.keyboard.press("Space")  # from the end: plays from the beginning
    expect(shown).to_have_attribute("data-playing", "yes")
    shown.get_by_role("button", name="Pause").click()
    expect(shown).to_have_attribute("data-playing", "no")
    assert int(shown.get_attribute("data-epoch") or 30) < 30
    shown.get_by_role("slider").fill("25")
    shown.get_by_role("button", name="Play").focus()
    page.keyboard.press("Space")  # on the button, which is itself pressed by it: once, not twice
    expect(shown).to_have_attribute("data-playing", "yes")
    expect(shown).to_have_attribute("data-epoch", "30", timeout=20_000)
    expect(shown).to_have_attribute("data-playing", "no")


def test_a_live_film_follows_until_somebody_scrubs_back(planted_app: AppServer, page: Page) -> None:
    job_id = planted("running", 3)
    open_page(page, planted_app, f"train?job={job_id}")
    folder, stays = queue.get(job_id).folder, fixed(100)
    shown = film(page)
    newest = shown.get_by_role("button", name="Newest")
    expect(shown).to_have_attribute("data-epoch", "3")
    expect(newest).to_be_hidden()
    go_on(folder, 4, stays)
    expect(shown).to_have_attribute("data-epoch", "4", timeout=20_000)
    shown.get_by_role("slider").fill("1")
    go_on(folder, 5, stays)
    expect(shown.get_by_role("slider")).to_have_attribute("max", "5", timeout=20_000)
    expect(shown).to_have_attribute("data-epoch", "1")
    newest.click()
    expect(shown).to_have_attribute("data-epoch", "5")
    go_on(folder, 6, stays)
    expect(shown).to_have_attribute("data-epoch", "6", timeout=20_000)


def test_frames_are_sent_once(planted_app: AppServer, page: Page) -> None:
    received: list[int] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: received.append(len(data)))

    page.on("websocket", listen)
    job_id = planted("running", 30, (1, 28, 28))
    open_page(page, planted_app, f"train?job={job_id}")
    film(page)
    assert eventually(page, lambda: sum(received) > 2 * LARGE)
    wait_idle(page)
    received.clear()
    page.wait_for_timeout(3_000)  # the page looks again every second
    assert sum(received) < LARGE
    go_on(queue.get(job_id).folder, 31, fixed(100, (1, 28, 28)))
    expect(page.locator(".film")).to_have_attribute("data-epoch", "31", timeout=20_000)


def test_on_a_narrow_page_the_pictures_go_below(planted_app: AppServer, page: Page) -> None:
    page.set_viewport_size({"width": 520, "height": 900})
    open_page(page, planted_app, f"train?job={planted('stopped', 3)}")
    film(page)
    scatter, pictures = (page.locator(f".film {name}").bounding_box() for name in (".scatter", ".pictures"))
    assert scatter is not None
    assert pictures is not None
    assert pictures["y"] > scatter["y"] + scatter["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 520


def test_nothing_moves_by_itself_where_motion_is_not_welcome(planted_app: AppServer, page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    open_page(page, planted_app, f"train?job={planted('stopped', 6)}")
    shown = film(page)
    page.wait_for_timeout(500)
    assert (shown.get_attribute("data-epoch"), shown.get_attribute("data-playing")) == ("6", "no")
