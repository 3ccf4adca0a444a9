"""Training as a person does it: from the form to the finished model, through stops, reloads, tabs and restarts."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import open_page, wait_idle
from vae.checkpoints import checkpoint_files
from vae.jobs import queue

LONG_MS = 180_000  # loading PyTorch on a busy machine


def fill_in(page: Page, name: str, epochs: int) -> None:
    for field, value in (("Epochs", str(epochs)), ("Model name", name)):
        page.get_by_label(field, exact=True).fill(value)
        page.keyboard.press("Tab")
        wait_idle(page)


def start(page: Page) -> str:
    """Press Train and return the job's id, which is in the URL."""
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(re.compile(r"\?job="))
    return page.url.split("job=")[1]


def test_train_reload_and_open_in_explore(own_app: AppServer, page: Page) -> None:
    open_page(page, own_app, "train")
    expect(page.get_by_role("heading", name="Train a model")).to_be_visible()
    expect(page.get_by_text("Nothing is training.")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^(About .*|A moment) on this machine\."))).to_be_visible(timeout=LONG_MS)
    fill_in(page, "tiny", epochs=2)
    job_id = start(page)
    page.reload()
    expect(page.get_by_text("Train tiny", exact=True)).to_be_visible()
    assert page.url.endswith(f"train?job={job_id}")

    open_in_explore = page.get_by_role("button", name="Open in Explore")
    open_in_explore.wait_for(timeout=LONG_MS)
    wait_idle(page)
    expect(page.get_by_text("Trained 2 epochs, in")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(2)  # learning curves, KL per dimension
    expect(page.get_by_role("slider", name=re.compile("epoch", re.IGNORECASE))).to_be_visible()
    assert len(checkpoint_files.read("tiny").history) == 2
    expect(page.get_by_role("button", name="Train", exact=True)).to_have_count(0)  # folded: the run has the width

    page.get_by_role("button", name="Rename model").first.click()
    page.get_by_role("dialog").get_by_label("New name").fill("renamed")
    page.keyboard.press("Tab")
    page.get_by_role("dialog").get_by_role("button", name="Rename", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    wait_idle(page)
    assert len(checkpoint_files.read("renamed").history) == 2

    open_in_explore.click()
    page.wait_for_url(lambda url: "/train" not in url)
    wait_idle(page)
    expect(page).to_have_title(re.compile("Explore"))
    expect(page.get_by_role("combobox", name="Model")).to_have_value(re.compile("^renamed"))
    assert "Traceback" not in own_app.log_text()


def test_a_run_outlives_tab_and_app_and_a_stop_can_be_taken_back(own_app: AppServer, page: Page) -> None:
    open_page(page, own_app, "train")
    fill_in(page, "long", epochs=100_000)
    job_id = start(page)
    stop = page.get_by_role("button", name="Stop and keep the last finished epoch")
    stop.wait_for(timeout=LONG_MS)

    second = page.context.new_page()  # without a link: the newest run that has not ended
    open_page(second, own_app, "train")
    second.wait_for_url(re.compile(job_id))
    expect(second.get_by_text("Train long", exact=True)).to_be_visible()
    second.close()

    own_app.restart()
    page.goto(f"{own_app.url}/train?job={job_id}")
    stop.click(timeout=60_000)
    expect(page.get_by_text(re.compile(r"Stopped: kept epoch \d+ of 100000"))).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_role("button", name="Open in Explore")).to_be_visible(timeout=30_000)
    kept = len(checkpoint_files.read("long").history)
    assert (queue.get(job_id).state, kept >= 1) == ("stopped", True)

    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text(re.compile(r"Training · .* left"))).to_be_visible(timeout=LONG_MS)
    assert queue.get(job_id).state == "running"
    page.wait_for_function(
        "n => Number(document.body.innerText.match(/Epoch ([\\d,]+) of/)?.[1].replace(',', '')) > n", arg=kept
    )
    stop.click()
    expect(page.get_by_text(re.compile(r"Stopped: kept epoch \d+ of 100000"))).to_be_visible(timeout=LONG_MS)
    assert len(checkpoint_files.read("long").history) > kept

    page.get_by_role("button", name="Delete", exact=True).click()  # asks first
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=re.compile("Delete")).click()
    expect(page.get_by_text("Nothing is training.")).to_be_visible()
    assert queue.all_jobs() == [] or all(job.kind != "train" for job in queue.all_jobs())
    assert checkpoint_files.read("long").history  # the model stays
    assert "Traceback" not in own_app.log_text()


def test_a_run_that_diverges_explains_itself(own_app: AppServer, page: Page) -> None:
    open_page(page, own_app, "train")
    page.get_by_text("Advanced", exact=True).click()
    page.get_by_label("Learning rate", exact=True).fill("100")
    page.keyboard.press("Tab")
    wait_idle(page)
    start(page)
    expect(page.get_by_text(re.compile("The loss diverged in epoch 1")).first).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_text(re.compile("Lower the learning rate")).first).to_be_visible()
    assert "Traceback" not in own_app.log_text()
