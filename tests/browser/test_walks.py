"""The three walks of docs/walks.md, each from its first step to its last, in one app."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.drive import anomalies, explore, generate
from tests.browser.drive.server import PROJECT, AppServer
from tests.browser.drive.visit import open_page, wait_idle

LONG_MS = 240_000  # a training beside other tests
COMMAND_SECONDS = 150


@pytest.fixture(scope="module")
def walked_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """An app of these walks' own, which read pictures below its folder."""
    folder = tmp_path_factory.mktemp("walks")
    with AppServer(folder, {"VAE_DATA": str(folder / "data"), "VAE_FOLDERS": str(folder)}) as server:
        yield server


def vae(server: AppServer, *words: str) -> str:
    """Run a command of `python -m vae` in the app's folders; returns what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "vae", *words],
        env=os.environ | server.env,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return done.stdout


def trained(server: AppServer, *words: str) -> str:
    """Train one; returns its name. A second attempt of a test finds what the first has made, and gets other names."""
    before = {folder.name for folder in server.checkpoints.iterdir()}
    vae(server, "train", *words)
    [name] = {folder.name for folder in server.checkpoints.iterdir()} - before
    return name


def click_point(page: Page) -> str:
    """Click a point of Explore's map; returns its row."""
    target = explore.lonely_point(page)
    page.mouse.click(target.x, target.y)
    expect(page.locator(".panel")).to_have_attribute("data-row", str(target.row))
    explore.settle(page)
    return str(target.row)


def test_a_teacher(walked_app: AppServer, page: Page) -> None:
    explore.open_explore(page, walked_app, "?model=digits-mlp-2")
    before = explore.picture(page, "decoded")
    left, right, y = explore.grab(page)
    page.mouse.move(left + 0.9 * (right - left), y, steps=8)
    page.mouse.up()
    explore.settle(page)
    assert explore.picture(page, "decoded") != before

    click_point(page)
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
    assert "Traceback" not in walked_app.log_text()


def test_a_researcher(walked_app: AppServer, page: Page) -> None:
    same = ("--dataset", "digits", "--latent-dim", "4", "--epochs", "5")
    plain, beta4 = (trained(walked_app, *same, "--beta", beta) for beta in ("1", "4"))
    assert "beta4" in beta4  # the names tell them apart
    assert "beta" not in plain

    open_page(page, walked_app, "train")
    table = page.get_by_test_id("stDataFrame")
    expect(table).to_have_count(1)  # of one kind of loss: they can be compared
    newest, before = 52, 87  # y of the first two rows, below the headings
    table.click(position={"x": 150, "y": before})
    expect(page.get_by_text(f"Train {plain}", exact=True)).to_be_visible()
    table.click(position={"x": 150, "y": newest})
    expect(page.get_by_text(f"Train {beta4}", exact=True)).to_be_visible()
    expect(page.get_by_text("β = 4").first).to_be_visible()
    expect(page.get_by_text(re.compile("independent pixels", re.IGNORECASE)).first).to_be_visible()
    wait_idle(page)
    for y in (newest, before):
        table.click(position={"x": 18, "y": y})
        wait_idle(page)
    expect(page.get_by_text("Learning curves compared")).to_be_visible()

    name = page.get_by_role("combobox", name="Model")
    expect(name).to_have_value(re.compile(f"^{beta4}"))  # the card is the run's
    page.get_by_role("link", name="Explore").click()
    explore.wait_usable(page)
    expect(name).to_have_value(re.compile(f"^{beta4}"))
    row = click_point(page)
    page.get_by_role("radio", name="Latent axes").click(force=True)
    wait_idle(page)
    expect(page.locator(".panel")).to_have_attribute("data-row", row)

    told: dict[str, Any] = json.loads(vae(walked_app, "evaluate", beta4, "--json"))
    loss = -told["metrics"]["elbo"]["value"]
    expect(page.get_by_text(f"Test loss (−ELBO): {loss:.2f} nats")).to_be_visible()
    latents = walked_app.folder / "latents.npz"
    vae(walked_app, "encode", beta4, "--output", str(latents))
    with np.load(latents) as arrays:
        assert arrays["mu"].shape == arrays["sigma"].shape == (360, 4)
    assert "Traceback" not in walked_app.log_text()


def test_a_practitioner(walked_app: AppServer, page: Page, tmp_path: Path) -> None:
    """With coloured pictures of one kind, which are not square."""
    parts = re.sub("[^a-z0-9]", "", f"parts{tmp_path.name}")  # another in a second attempt
    normal, checked = walked_app.folder / f"{parts}-normal", walked_app.folder / f"{parts}-checked"
    draw_parts(normal, 60, odd=0, seed=0)
    (normal / "notes.txt").write_text("not a picture")
    (normal / "broken.png").write_bytes(b"not a picture")
    draw_parts(checked, 12, odd=3, seed=1)
    report = vae(walked_app, "import", parts, str(normal), "--size", "24x32")
    assert "60 taken, 2 left out" in report
    assert "broken.png" in report
    model = trained(walked_app, "--dataset", parts, "--epochs", "8")  # a test has no time for all of them

    open_page(page, walked_app, f"anomalies?model={model}")
    expect(page.get_by_text("All training images: the data set has one class.")).to_be_visible()
    page.get_by_role("radio", name="Folder").click(force=True)
    wait_idle(page)
    page.get_by_label("Folder on the computer that runs this app").fill(str(checked))
    page.keyboard.press("Tab")
    wait_idle(page)
    page.get_by_role("button", name="Read this folder").click()
    page.get_by_role("button", name="Check 15 images").click()
    page.wait_for_selector(anomalies.HISTOGRAM, timeout=LONG_MS)
    wait_idle(page)

    before = anomalies.flagged(page)
    anomalies.drag_threshold(page, -0.02)  # to the lowest score
    page.mouse.up()
    wait_idle(page)
    assert anomalies.flagged(page) > before  # the counts follow
    expect(page.get_by_text(re.compile(rf"^{anomalies.flagged(page)} of 15 flagged"))).to_be_visible()

    first = page.locator(".review .tile").first
    expect(first).to_contain_text("odd-")
    first.click()
    page.keyboard.press("c")
    page.keyboard.press("End")  # the one that is least like an anomaly
    page.keyboard.press("x")
    wait_idle(page)
    rows = anomalies.csv_rows(page)
    assert len(rows) == 15
    assert {row["review"]: row["name"].split("-")[0] for row in rows if row["review"]} == {
        "confirmed": "odd",
        "rejected": "part",
    }
    assert sum(row["decision"] == "anomaly" for row in rows) == anomalies.flagged(page)
    assert "Traceback" not in walked_app.log_text()


def draw_parts(folder: Path, normal: int, odd: int, seed: int) -> None:
    """Coloured discs on grey, wider than high; odd ones have a bright bar across."""
    folder.mkdir()
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:24, :32]
    for i in range(normal + odd):
        image = np.full((24, 32, 3), 90.0) + random.normal(0, 3, (24, 32, 3))
        y, x = 12 + random.uniform(-2, 2), 16 + random.uniform(-2, 2)
        image[(rows - y) ** 2 + (columns - x) ** 2 < 36] = (40, 110, 160)
        if i >= normal:
            image[10:14, 6:26] = (250, 230, 60)
        name = f"odd-{i}.png" if i >= normal else f"part-{i:02}.png"
        Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(folder / name)
