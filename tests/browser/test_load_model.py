"""A model from elsewhere is loaded on the page: an ONNX pair, weights whose activation is guessed, a bad pickle."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from tests.browser.drive import explore
from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import eventually
from tests.vae.adoption.onnx_models import foreign_pair
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint
from vae.export import writing
from vae.storage import paths

LONG_MS = 240_000  # a job that imports torch, beside other tests


@pytest.fixture(scope="module")
def loading_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """An app of these tests' own: they add models."""
    folder = tmp_path_factory.mktemp("loading")
    with AppServer(folder, {"VAE_DATA": str(folder / "data")}) as server:
        yield server


@pytest.fixture(scope="module")
def shipped() -> Checkpoint:
    """What the models that are loaded here come from: an mlp with SiLU."""
    return checkpoint_files.read("digits-mlp-8", paths.PROJECT / "checkpoints")


def dialog_of(page: Page, server: AppServer) -> Locator:
    """The dialog, with the digits chosen."""
    explore.open_explore(page, server, "?model=digits-mlp-8")
    page.get_by_role("button", name="Load a model").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("combobox", name="Images")).to_have_value("scikit-learn digits · 8×8")
    return dialog


@pytest.fixture
def attempt(tmp_path: Path) -> str:
    """What names end in: a test that runs once more finds the models that its first attempt has made."""
    return tmp_path.name[-1]


def load(dialog: Locator, files: list[Path], name: str) -> None:
    dialog.locator("input[type=file]").set_input_files([str(file) for file in files])
    expect(dialog.get_by_text(files[-1].name)).to_be_visible()
    field = dialog.get_by_label("Name", exact=True)
    expect(field).not_to_have_value("")  # one is suggested after the files
    field.fill(name)
    field.press("Tab")
    dialog.get_by_role("button", name="Load", exact=True).click()


def test_an_onnx_pair_is_loaded_and_its_sliders_decode_in_the_page(
    page: Page, loading_app: AppServer, shipped: Checkpoint, tmp_path: Path, attempt: str
) -> None:
    for name, raw in writing.contents(shipped, "onnx").items():
        (tmp_path / name).write_bytes(raw)
    load(dialog_of(page, loading_app), [tmp_path / "decoder.onnx", tmp_path / "encoder.onnx"], f"from-onnx-{attempt}")
    expect(page.get_by_text(f"from-onnx-{attempt} is loaded.")).to_be_visible(timeout=LONG_MS)
    explore.wait_usable(page)
    expect(page.get_by_text("Test loss (−ELBO): 23.76")).to_be_visible()  # digits-mlp-8's own
    before = explore.picture(page, "decoded")
    left, right, y = explore.grab(page)
    page.mouse.move(0.2 * left + 0.8 * right, y, steps=5)  # held: Python hears of a slider when it is let go
    assert eventually(page, lambda: explore.picture(page, "decoded") != before)
    page.mouse.up()


def test_a_pair_that_only_onnx_runtime_knows_is_loaded_and_its_picture_follows_the_hand(
    page: Page, loading_app: AppServer, tmp_path: Path, attempt: str
) -> None:
    files = dict(foreign_pair((1, 8, 8)))
    for name, raw in files.items():
        (tmp_path / name).write_bytes(raw)
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    load(dialog_of(page, loading_app), [tmp_path / "decoder.onnx", tmp_path / "encoder.onnx"], f"foreign-{attempt}")
    expect(page.get_by_text(f"foreign-{attempt} is loaded.")).to_be_visible(timeout=LONG_MS)
    expect(page.locator(".slider")).to_have_count(3, timeout=60_000)  # the panel waits for its first picture
    explore.settle(page)
    before = explore.picture(page, "decoded")
    left, right, y = explore.grab(page)
    page.mouse.move(0.2 * left + 0.8 * right, y, steps=5)  # held: Python hears of a slider when it is let go

    def is_onnx_runtimes() -> bool:
        order = [int(name[1:]) for name in page.locator(".slider .name span").all_inner_texts()]
        z = np.zeros((1, len(order)), np.float32)
        z[0, order] = explore.slider_values(page)
        session = onnxruntime.InferenceSession(files["decoder.onnx"], providers=["CPUExecutionProvider"])
        expected = 255 * session.run(None, {"x": z})[0].reshape(-1)
        return bool(np.abs(np.array(explore.picture(page, "decoded")) - expected).max() < 2)

    assert eventually(page, lambda: explore.picture(page, "decoded") != before)
    assert eventually(page, is_onnx_runtimes)
    assert [url for url in sockets if url.endswith("/decode")]
    page.mouse.up()
    explore.settle(page)
    assert is_onnx_runtimes()


def test_a_guessed_activation_is_shown_beside_the_runner_up_and_changed_by_hand(
    page: Page, loading_app: AppServer, shipped: Checkpoint, tmp_path: Path, attempt: str
) -> None:
    weights = checkpoint_files.read_weights(shipped)
    state = {f"model.{name}": torch.tensor(array) for name, array in weights.items()}
    torch.save({"state_dict": state, "epoch": 3, "hyper_parameters": {"lr": 1e-3}}, tmp_path / "digits.ckpt")
    load(dialog_of(page, loading_app), [tmp_path / "digits.ckpt"], f"from-ckpt-{attempt}")
    expect(page.get_by_text(re.compile(f"from-ckpt-{attempt} is loaded"))).to_be_visible(timeout=LONG_MS)
    assert not list(loading_app.runs.glob("*/digits.ckpt"))  # the page has it, as long as it may be read otherwise
    guessed = taken(page)
    assert guessed["Function between layers"] == "SiLU"
    assert error_of(guessed) < 40
    dialog = page.get_by_role("dialog")
    choose(page, dialog, "Function between layers", "Tanh")
    dialog.get_by_role("button", name="Read it again").click()
    expect(page.get_by_text(re.compile("is loaded"))).to_have_count(0)  # the first reading's answer goes
    expect(page.get_by_text(re.compile(f"from-ckpt-{attempt} is loaded"))).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_role("dialog")).to_have_count(0)
    changed = taken(page)
    assert changed["Function between layers"] == "Tanh"
    assert error_of(changed) > error_of(guessed) + 5
    page.keyboard.press("Escape")
    assert not list(loading_app.runs.glob("*/digits.ckpt"))
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("button", name="Load a model")).to_be_visible()


def taken(page: Page) -> dict[str, str]:
    """The first column of the dialog's table."""
    page.get_by_role("button", name="How it is read").click()
    rows = page.get_by_role("dialog").locator("table tr")
    expect(rows.nth(1)).to_be_visible()
    cells = [row.locator("th, td").all_inner_texts() for row in rows.all()[1:]]
    return {row[-len(cells[0]) :][0]: row[1] for row in cells}


def error_of(column: dict[str, str]) -> float:
    return float(column["Error"].split()[0])


def choose(page: Page, inside: Locator, label: str, option: str) -> None:
    inside.get_by_role("combobox", name=re.compile(label)).click()
    page.get_by_role("option", name=option, exact=True).click()


class Payload:
    """Unpickled, it would leave a file behind."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


def test_a_pickle_that_wants_to_run_code_is_refused_by_name(
    page: Page, loading_app: AppServer, tmp_path: Path, attempt: str
) -> None:
    marker = tmp_path / "run"
    torch.save({"weight": torch.zeros(2, 2), "more": Payload(f"touch {marker}")}, tmp_path / "bad.pt")
    load(dialog_of(page, loading_app), [tmp_path / "bad.pt"], f"bad-{attempt}")
    said = page.get_by_text(re.compile(r"it wants posix\.system, which could run code"))
    expect(said).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_text(re.compile("save_file"))).to_be_visible()
    assert not marker.exists()
    assert not (loading_app.checkpoints / f"bad-{attempt}").exists()
    page.get_by_role("button", name="Close").last.click()
    expect(page.get_by_role("button", name="Load a model")).to_be_visible()
