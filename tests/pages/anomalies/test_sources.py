"""Anomalies: what is scored, by source."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from numpy.typing import NDArray
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.pages.anomalies.page import (
    HTML,
    ZERO_ONE,
    Browser,
    asks,
    explained,
    folder_of,
    png,
    url,
    visit,
    visit_folder,
    wrong,
)
from tests.pages.page import said
from ui.anomalies import looking, scoring
from ui.anomalies.source import folder_source, uploads
from ui.shared import cache, explore_place
from ui.shared.images.folder_walk import AskedFolder, FolderField
from vae import commands
from vae.anomalies import sources, streaming
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints.checkpoint import Checkpoint
from vae.data import datasets
from vae.data.folders import image_walk
from vae.data.folders.image_walk import ImageWalk
from vae.errors import BudgetError


def test_another_data_set_is_resized_with_a_note(
    digits: Checkpoint, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "MOST_BESIDE", 7)  # as many as the command takes
    rng = np.random.default_rng(0)
    for k in range(80):
        png(rng.integers(0, 256, (16, 16), np.uint8), tmp_path / "own" / "ab"[k % 2], f"{k}.png")
    commands.main(["import", "noise", str(tmp_path / "own"), "--size", "16"])
    at = visit(source="dataset", dataset="noise", normal="1")
    assert wrong(at) == []
    normal, outliers = browser.groups  # what is not normal is an outlier, beside the model's own test images
    count = len(outliers.scores)
    assert f"Changed: {count} resized to 8 × 8 pixels" in said(at)
    assert (normal.outlier, outliers.outlier) == (False, True)
    assert len(normal.scores) == 7
    assert browser.flagged() == count
    assert {row["class"] for row in browser.rows()} == {"a", "b"}
    at.button_group(key="anomalies-look").set_value("curves").run()
    text = f"the normal ones are {len(normal.scores)} images of digits, test split, scored beside"
    assert text in explained(at)
    assert len(at.get("plotly_chart")) == 2


def test_as_many_images_of_another_data_set_are_not_taken_for_the_own(
    digits: Checkpoint, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = datasets.load("digits", "test")
    other = replace(test, images=255 - test.images)
    monkeypatch.setattr(cache, "split", lambda name, which: other)
    at = visit(source="dataset", look="map")
    assert wrong(at) == []
    assert "among 360 test images in grey" in said(at)
    at.button(key="anomalies-image-explore").click().run()
    assert at.session_state[explore_place.VECTORS][digits.identity].row is None


def test_sub_folders_that_are_no_normal_classes_are_taken_for_outliers(
    digits: Checkpoint, browser: Browser, tmp_path: Path
) -> None:
    test = cache.test_images(digits)
    for row in range(40):
        if test.labels[row] in (1, 7):
            png(test.images[row, 0], tmp_path / "sorted" / str(test.labels[row]), f"{row}.png")
    visit_folder(tmp_path / "sorted", normal="1")
    assert [group.outlier for group in browser.groups] == [False, True]
    usual, others = (len(group.scores) for group in browser.groups)
    png(test.images[0, 0], tmp_path / "sorted" / "extra", "0.png")
    png(test.images[0, 0], tmp_path / "sorted", "beside.png")
    at = visit_folder(tmp_path / "sorted", normal="1", look="curves")
    assert [group.outlier for group in browser.groups] == [False, True, None]
    assert [len(group.scores) for group in browser.groups] == [usual, others + 1, 1]
    assert "1 images of which nothing is known are left out" in explained(at)
    at.multiselect(key="anomalies-aliases").set_value(["extra"]).run()
    assert [len(group.scores) for group in browser.groups] == [usual + 1, others, 1]
    assert url(at)["aliases"] == "extra"


def test_a_folder_of_which_no_sub_folder_is_normal_is_not_judged_until_one_is_named(
    digits: Checkpoint, browser: Browser, tmp_path: Path
) -> None:
    test = cache.test_images(digits)
    for row in range(12):
        png(test.images[row, 0], tmp_path / "sorted" / ("good", "bad")[row % 2], f"{row}.png")
    at = visit_folder(tmp_path / "sorted", look="curves")
    assert [group.outlier for group in browser.groups] == [None]
    assert "No sub-folder (bad, good) is named as normal" in said(at)
    at.multiselect(key="anomalies-aliases").set_value(["good"]).run()
    assert [group.outlier for group in browser.groups] == [False, True]
    assert len(at.get("plotly_chart")) == 2


def test_sessions_share_what_is_fitted_but_not_the_sub_folders_that_they_call_normal(digits: Checkpoint) -> None:
    mine = scoring.fitted(digits, NormalChoice(("1",), ("good",)), "kl")
    other = scoring.fitted(digits, NormalChoice(("1",)), "kl")
    assert (mine.aliases, other.aliases) == (("good",), ())
    assert mine.state is other.state


def test_no_room_for_normal_images_beside_is_said(
    digits: Checkpoint, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise BudgetError("That takes too much memory.")

    monkeypatch.setattr(streaming, "normal_test_images", refuse)
    test = replace(datasets.load("digits", "test"), name="other", class_names=tuple("abcdefghij"))
    monkeypatch.setattr(cache, "split", lambda name, which: test)
    at = visit(source="dataset", dataset="digits", normal="1", look="curves")
    assert "no others to compare them with: That takes too much memory." in said(at)


def test_a_folder_of_own_images(digits: Checkpoint, browser: Browser, tmp_path: Path) -> None:
    folder = folder_of(digits, tmp_path)
    at = visit(source="folder")
    assert asks(at)
    at.text_input(key="anomalies-folder").set_value(f" {folder} ").run()
    assert url(at) == {"source": "folder", "folder": str(folder)}
    assert asks(at)
    at.button(key="anomalies-read-folder").click().run()
    text = said(at)
    assert wrong(at) == []
    assert "2 files left out of 9" in [element.label for element in at.expander]
    assert "cut.png" in text
    assert HTML.replace("/", "") in text
    assert "1 resized to 8 × 8 pixels" in text
    rows = browser.rows()
    assert [row["name"] for row in rows] == ["0.png", "1.png", "2.png", "3.png", "4.png", "5-noise.png", "6-large.png"]
    assert "class" not in rows[0]
    assert {row["name"] for row in rows if row["decision"] == "anomaly"} >= {"5-noise.png", "6-large.png"}
    np.testing.assert_array_equal(browser.pictures["anomalies-gallery"][-1], seen_first(digits, rows))
    assert "5-noise.png" in text or "6-large.png" in text  # the worst is the one explained
    again = visit(**at.query_params)
    assert asks(again)
    assert said(again.button(key="anomalies-read-folder").click().run()) == text


def test_a_link_reads_no_folder(digits: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def walked(*_: Any) -> Any:
        raise AssertionError("A folder was walked that nobody has clicked on.")

    monkeypatch.setattr(image_walk, "entries_below", walked)
    monkeypatch.setattr(image_walk, "is_inside", walked)
    at = visit(source="folder", folder=str(folder_of(digits, tmp_path)))
    assert asks(at)
    assert wrong(at) == []


def test_folders_outside_those_allowed_are_not_read(
    digits: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, other = folder_of(digits, tmp_path / "in"), folder_of(digits, tmp_path / "out")
    (folder / "link.png").symlink_to(other / "1.png")
    monkeypatch.setenv("VAE_FOLDERS", os.pathsep.join(["", str(tmp_path / "in"), "~nobody-of-that-name"]))
    [error] = wrong(visit_folder(other))
    assert f"below {tmp_path / 'in'}." in error
    at = visit_folder(folder)
    assert wrong(at) == []
    assert "1 (it is a link that leads out of the folders allowed here): link.png" in said(at).replace("**", "")


@pytest.mark.parametrize("value", ["", "none"])
def test_reading_folders_can_be_switched_off(
    digits: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("VAE_FOLDERS", value)
    at = visit(source="folder", folder=str(folder_of(digits, tmp_path)))
    assert "Reading folders is switched off here" in said(at)
    assert not [button for button in at.button if button.key == "anomalies-read-folder"]


def test_a_folder_of_too_many_files_is_left_alone(
    digits: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_source, "FOLDER", dataclasses.replace(folder_source.FOLDER, most_entries=3))
    [error] = wrong(visit_folder(folder_of(digits, tmp_path)))
    assert "more than 20,000 images or 3 files, too many for a page" in error


def test_a_walk_can_be_stopped_between_two_steps(
    digits: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page runs again after every step, as it does when somebody presses Stop meanwhile."""
    walk = ImageWalk(folder_of(digits, tmp_path))
    assert [walk.go_on(0.0) for _ in range(9)] == [False] * 9
    assert walk.entries == 9
    at = visit(source="folder", folder=str(walk.root))
    reading = "anomalies_folder_reading"
    at.session_state[reading] = AskedFolder(str(walk.root), walk)
    monkeypatch.setattr(FolderField, "_go_on", lambda field, _: st.button("Stop", on_click=field.forget))
    at.run()
    at.button[[button.label for button in at.button].index("Stop")].click().run()
    assert reading not in at.session_state
    assert asks(at)


def test_a_look_at_many_images_can_be_stopped_and_goes_on(
    digits: Checkpoint, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step ends after a chunk; the page runs again, and what was chosen meanwhile is heard."""
    folder = folder_of(digits, tmp_path)
    monkeypatch.setattr(sources, "CHUNK_FILES", 1)  # four at a time are decoded
    monkeypatch.setattr(looking, "STEP_SECONDS", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(st, "rerun", st.stop)  # the moment between two steps
        at = visit(source="folder", folder=str(folder))
        at.button(key="anomalies-read-folder").click().run()  # walks
        at.run()  # looks at the first four
        at.run()  # and at the next
        at.button(key="anomalies-stop-look").click().run()
        assert "Stopped after 8 of 9 images." in said(at)
        assert "Stopped after 8 of 9 images." in said(at.run())  # it stays so
    at.button(key="anomalies-go-on").click().run()
    assert wrong(at) == []
    rows = browser.rows()
    assert looking.LOOK not in at.session_state
    assert "anomalies-stop-look" not in [button.key for button in at.button]
    monkeypatch.undo()
    st.cache_resource.clear()  # what is remembered
    visit_folder(folder)
    assert browser.rows() == rows


def test_a_stopped_look_at_much_keeps_no_pixels(
    digits: Checkpoint, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(digits, tmp_path)
    monkeypatch.setattr(sources, "CHUNK_FILES", 1)
    monkeypatch.setattr(looking, "STEP_SECONDS", 0.0)
    monkeypatch.setattr(looking, "MOST_STOPPED_BYTES", 100)
    with monkeypatch.context() as patch:
        patch.setattr(st, "rerun", st.stop)
        at = visit(source="folder", folder=str(folder))
        at.button(key="anomalies-read-folder").click().run()
        at.run()
        at.run()
        at.button(key="anomalies-stop-look").click().run()
        assert "Stopped after 8 of 9 images. Their pixels take more than" in said(at)
        look = at.session_state[looking.LOOK]
        assert (look.parts, look.size, look.done) == ([], 0, 0)
    again = at.button(key="anomalies-go-on")
    assert again.label == "Begin again"
    again.click().run()
    assert wrong(at) == []
    assert len(browser.rows()) == 7


def test_a_look_that_fails_begins_anew(
    digits: Checkpoint, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(digits, tmp_path)
    monkeypatch.setattr(looking, "MOST_BYTES", 10)
    at = visit_folder(folder)
    [error] = wrong(at)
    assert "too many for a page" in error
    assert looking.LOOK not in at.session_state
    monkeypatch.setattr(looking, "MOST_BYTES", 2**20)
    assert wrong(at.run()) == []
    assert len(browser.rows()) == 7


def seen_first(digits: Checkpoint, rows: list[dict[str, str]]) -> NDArray[np.uint8]:
    """The most normal of the folder's digits."""
    return cache.test_images(digits).images[int(np.argmin([float(row["score"]) for row in rows]))]


def test_sub_folders_are_classes(digits: Checkpoint, browser: Browser, tmp_path: Path) -> None:
    test = cache.test_images(digits)
    for k in range(6):
        png(test.images[k, 0], tmp_path / "sorted" / HTML.replace("/", ""), f"{k}.png")
    at = visit_folder(tmp_path / "sorted", normal=ZERO_ONE)
    assert wrong(at) == []
    assert f"class {HTML.replace('/', '')}" in said(at)
    assert all(HTML.replace("/", "") not in element.value for element in at.markdown)
    png(test.images[6, 0], tmp_path / "sorted" / HTML.replace("/", ""), "6.png")
    at.button(key="anomalies-read-folder").click().run()
    assert len(browser.rows()) == 7


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("empty", "holds no images"),
        ("gone", "There is no folder"),
        ("file.png", "is an empty file, expected a folder of images"),
        (HTML, "There is no folder"),
        ("x" * 300, "There is no folder"),
        ("~nobody-of-that-name/x", "There is no folder"),
        ("a\0b", "There is no folder"),
        ("/", "There is no folder"),
        ("../..", "There is no folder"),
        ("out", "There is no folder"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_a_folder_that_cant_be_scored(digits: Checkpoint, tmp_path: Path, path: str, expected: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.png").write_bytes(b"")
    (tmp_path / "out").symlink_to("/usr")
    folder = path if path.startswith("~") else str(tmp_path / path)
    at = visit_folder(folder)
    [error] = wrong(at)
    assert expected in error
    assert HTML not in at.error[0].value
    assert at.button_group(key="anomalies-source").value == "folder"  # the settings are still there
    at.button_group(key="anomalies-source").set_value("test").run()
    assert wrong(at) == []


def upload(at: AppTest, *files: tuple[str, bytes]) -> None:
    at.file_uploader[0].set_value([(name, content, "image/png") for name, content in files]).run()


def test_uploaded_files_stay_and_lie_on_the_map(digits: Checkpoint, browser: Browser, tmp_path: Path) -> None:
    folder = folder_of(digits, tmp_path)
    at = visit(source="files", normal=ZERO_ONE)
    assert asks(at)
    names = ["0.png", "cut.png", "5-noise.png", "6-large.png"]
    upload(at, *((name, (folder / name).read_bytes()) for name in names))
    text = said(at)
    assert wrong(at) == []
    assert "1 file left out of 4" in [element.label for element in at.expander]
    assert "1 resized to 8 × 8 pixels" in text
    rows = browser.rows()
    assert [row["name"] for row in rows] == ["0.png", "5-noise.png", "6-large.png"]
    assert list(at.button_group(key="anomalies-look").options) == ["Images", "Map"]  # labels are missing
    at.switch_page("pages/train.py").run()
    at.switch_page("pages/anomalies.py").run()
    assert browser.rows() == rows
    at.button_group(key="anomalies-look").set_value("map").run()
    assert "3 images among 360 test images in grey" in said(at)
    behind, placed = json.loads(at.get("plotly_chart")[0].proto.spec)["data"]
    linear = cache.all_maps(digits)["pca"].linear
    assert linear is not None
    images = np.stack([np.asarray(Image.open(folder / "0.png")), np.asarray(Image.open(folder / "5-noise.png"))])
    expected = (cache.encoded(digits, images[:, None]) - linear.mean) @ linear.components.T
    np.testing.assert_allclose(np.stack([numbers(placed["x"]), numbers(placed["y"])], 1)[:2], expected, atol=1e-4)
    np.testing.assert_allclose(numbers(behind["x"]), cache.all_maps(digits)["pca"].xy[:, 0], atol=1e-5)
    upload(at, ("0.png", (folder / "0.png").read_bytes()), ("new.png", (folder / "1.png").read_bytes()))
    assert [row["name"] for row in browser.rows()] == ["0.png", "5-noise.png", "6-large.png", "new.png"]  # each once
    at.button(key="anomalies-remove-files").click().run()
    assert asks(at)
    upload(at, (f"{HTML}.png", b"PK\x03\x04" + bytes(30)))
    [error] = wrong(at)
    assert "No image can be read of 1 uploaded file: 1 (can't be read: an archive (ZIP), no image)" in error


def numbers(of: Any) -> NDArray[np.float32]:
    """Numbers of a Plotly figure."""
    found = np.frombuffer(base64.b64decode(of["bdata"]), of["dtype"]) if isinstance(of, dict) else np.array(of)
    return found.astype(np.float32)


def test_uploads_of_a_session_are_bounded(
    digits: Checkpoint, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(digits, tmp_path)
    at = visit(source="files")
    upload(at, ("0.png", (folder / "0.png").read_bytes()))
    monkeypatch.setattr(uploads, "MOST_BYTES", (folder / "0.png").stat().st_size + 10)
    upload(at, ("1.png", (folder / "1.png").read_bytes()))
    [error] = wrong(at)
    assert "These would be 2 files" in error
    assert wrong(at.run()) == []
    assert [row["name"] for row in browser.rows()] == ["0.png"]
