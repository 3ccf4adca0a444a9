"""Own images come in, are trained on and explored; a data set that a model uses is renamed and deleted."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.drive import explore
from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import open_page, wait_idle
from vae.data import datasets

LONG_MS = 240_000  # jobs, beside other tests
HOSTILE = "<b>bold</b> :red[x] $y$"  # a class


def picture(seed: int, size: tuple[int, int] = (24, 16)) -> bytes:
    """A colour picture of (width, height): a bright bar on a dark ground."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 60, (size[1], size[0], 3), np.uint8)
    pixels[:, 4 + seed % 12 : 8 + seed % 12] = (200, 40 + 50 * (seed % 4), 90)
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG")
    return written.getvalue()


@pytest.fixture
def library(own_app: AppServer, page: Page, monkeypatch: pytest.MonkeyPatch) -> Page:
    """The page, in an app whose data sets this process sees."""
    monkeypatch.setenv("VAE_DATA", own_app.env["VAE_DATA"])
    open_page(page, own_app, "library")
    return page


def drop(page: Page, *files: Path) -> None:
    page.locator("input[type=file]").first.set_input_files([str(file) for file in files])
    expect(page.locator(".import-preview figure").first).to_be_visible()
    wait_idle(page)


def bring(page: Page, name: str) -> None:
    """Name what was dropped, and import it."""
    page.get_by_label("Name", exact=True).fill(name)
    page.keyboard.press("Tab")
    wait_idle(page)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text(f"{name} is in the library.")).to_be_visible(timeout=LONG_MS)
    wait_idle(page)


def test_a_zip_is_dropped_imported_trained_on_explored_renamed_and_deleted(
    library: Page, own_app: AppServer, tmp_path: Path
) -> None:
    page = library
    with zipfile.ZipFile(tmp_path / "bars.zip", "w") as archive:
        for k in range(40):
            archive.writestr(f"bars/{HOSTILE.replace('/', '') if k % 2 else 'other'}/{k}.png", picture(k))
        archive.writestr("bars/notes.txt", "x")
    drop(page, tmp_path / "bars.zip")
    expect(page.get_by_text("40 images, 2 classes, 1 file left out.")).to_be_visible()
    expect(page.locator(".import-preview .before i").first).to_be_visible()  # the frame of what is kept
    bring(page, "bars")
    assert datasets.info("bars").image_shape == (3, 32, 32)
    assert datasets.info("bars").class_names == (HOSTILE.replace("/", ""), "other")
    assert not list(own_app.runs.glob("*/upload.zip"))
    expect(page.get_by_text("1 file left out of 41")).to_be_visible()

    page.get_by_role("button", name="Train on it").first.click()
    expect(page.get_by_role("heading", name="Train a model")).to_be_visible()
    wait_idle(page)
    expect(page.get_by_role("combobox", name="Data set")).to_have_value(re.compile("^bars"))
    for field, value in (("Epochs", "1"), ("Model name", "of-bars")):
        page.get_by_label(field, exact=True).fill(value)
        page.keyboard.press("Tab")
        wait_idle(page)
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_role("button", name="Open in Explore").wait_for(timeout=LONG_MS)

    open_page(page, own_app, "library?set=bars")
    page.get_by_role("button", name="Rename", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Model of-bars still finds it.")).to_be_visible()
    dialog.get_by_label("New name").fill("stripes")
    page.keyboard.press("Tab")
    dialog.get_by_role("button", name="Rename", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("heading", name="stripes")).to_be_visible()
    page.get_by_role("link", name="of-bars").click()
    explore.wait_usable(page)
    expect(page.get_by_role("combobox", name="Model")).to_have_value(re.compile("^of-bars"))
    expect(page.get_by_text("Not on this machine", exact=True)).to_have_count(0)

    open_page(page, own_app, "library?set=stripes")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(dialog.get_by_text(re.compile("Model of-bars was trained on it"))).to_be_visible()
    dialog.get_by_role("button", name="Delete the data set").click()
    expect(dialog).to_have_count(0)
    wait_idle(page)
    assert not datasets.is_known("stripes")
    open_page(page, own_app, "?model=of-bars&row=1")
    explore.wait_usable(page)  # it still decodes
    expect(page.get_by_text("Not on this machine", exact=True)).to_be_visible()
    assert "Traceback" not in own_app.log_text()


def test_arrays_and_pictures_with_a_table_come_in_and_what_can_not_come_in_says_why(
    library: Page, own_app: AppServer, tmp_path: Path
) -> None:
    page = library
    images = np.random.default_rng(0).integers(0, 4_096, (30, 28, 28)).astype(np.uint16)
    np.savez(tmp_path / "grey.npz", images=images, labels=np.arange(30) % 3)
    drop(page, tmp_path / "grey.npz")
    expect(page.get_by_text("30 images, 3 classes.")).to_be_visible()
    expect(page.get_by_text("Keep their size, 28 × 28 pixels")).to_be_visible()
    bring(page, "grey")
    assert datasets.info("grey").image_shape == (1, 28, 28)
    assert datasets.info("grey").class_names == ("0", "1", "2")
    page.get_by_role("button", name="Done").click()

    for k in range(12):
        (tmp_path / f"{k}.png").write_bytes(picture(k))
    rows = "".join(f"{k}.png,{'left' if k < 5 else 'right'}\n" for k in range(12))
    (tmp_path / "labels.csv").write_text(f"file,label\n{rows}")
    drop(page, *(tmp_path / f"{k}.png" for k in range(12)), tmp_path / "labels.csv")
    expect(page.get_by_text("12 images, 2 classes.")).to_be_visible()
    page.get_by_role("radio", name="Pad").or_(page.get_by_role("button", name="Pad")).first.click()
    wait_idle(page)
    bring(page, "sides")
    assert datasets.info("sides").class_names == ("left", "right")
    assert datasets.info("sides").reading.fit == "pad"
    page.get_by_role("button", name="Done").click()

    (tmp_path / "bad.zip").write_bytes((tmp_path / "grey.npz").read_bytes()[:500])
    page.locator("input[type=file]").first.set_input_files(str(tmp_path / "bad.zip"))
    expect(page.get_by_text("bad.zip is no ZIP archive that can be read")).to_be_visible()

    before = datasets.names()  # no server can be reached from this app
    page.get_by_role("radio", name="Public data set").or_(
        page.get_by_role("button", name="Public data set")
    ).first.click()
    box = page.get_by_role("combobox", name="Data set")
    box.fill("KMNIST", timeout=LONG_MS)
    box.press("Enter")
    page.get_by_role("button", name="Download", exact=True).click()
    expect(page.get_by_text("KMNIST could not be downloaded")).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_text("Nothing was changed")).to_be_visible()
    assert datasets.names() == before
    assert "Traceback" not in own_app.log_text()


def test_folders_that_hold_one_image_each_may_be_taken_without_classes(library: Page, tmp_path: Path) -> None:
    page, said = library, "Every class has a single image"
    with zipfile.ZipFile(tmp_path / "people.zip", "w") as archive:
        for k in range(12):
            archive.writestr(f"person {k}/portrait.png", picture(k))
    drop(page, tmp_path / "people.zip")
    expect(page.get_by_text("12 images, 12 classes.")).to_be_visible()
    expect(page.get_by_text(said)).to_be_visible()
    page.get_by_role("combobox", name="Classes").click()
    page.get_by_role("option", name="No classes").click()
    expect(page.get_by_text("12 images, no classes.")).to_be_visible()
    expect(page.get_by_text(said)).to_have_count(0)
