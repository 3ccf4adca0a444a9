"""Several sessions on one server: who sees what, and who may stop, replace and delete what (docs/deploy.md)."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.pages.anomalies.page import asks, folder_of, visit_folder
from tests.pages.page import said, visit_page
from tests.runs import plant, plant_run, train_request
from ui.shared.sessions import ownership
from vae.checkpoints.checkpoint import Checkpoint
from vae.data import import_folder
from vae.data.import_folder import ImportSettings
from vae.generation import direction_files
from vae.jobs import queue
from vae.storage import paths

OTHERS = "Several people share this server (VAE_SHARED), so only the tab that made it may change it."


def page(job_id: str) -> None:
    """A session's page with one job: its card, and the actions of its run."""
    import streamlit as st

    from ui.components import clicks
    from ui.shared import job_card
    from ui.shared.sessions import deletion, ownership
    from ui.train import run_actions
    from vae.jobs import queue

    job = queue.get(job_id)
    if st.session_state.pop("claims", False):
        ownership.claim(ownership.of_run(job))
    job_card.card(job_id)
    run_actions.show(job)
    st.button("Force", on_click=deletion.confirmed, args=(run_actions.of_run(job),))
    clicks.forget()  # as every page does


def session(job_id: str, *, claims: bool = False) -> AppTest:
    at = AppTest.from_function(page, args=(job_id,))
    at.session_state["claims"] = claims
    return at.run()


def stop_button(at: AppTest) -> object:
    (found,) = [button for button in at.button if (button.key or "").startswith("stop-")]
    return found


def pressed(at: AppTest, label: str) -> AppTest:
    (button,) = [button for button in at.button if button.label == label]
    return button.click().run()


def test_a_shared_server_lets_a_session_stop_only_what_it_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_SHARED", "1")
    job_id = plant("running", ["train"], kind="train")
    mine, other = session(job_id, claims=True), session(job_id)
    assert not stop_button(mine).disabled  # type: ignore[attr-defined]
    assert stop_button(other).disabled  # type: ignore[attr-defined]
    assert OTHERS in said(other)
    assert OTHERS not in said(mine)
    stop_button(other).proto.disabled = False  # type: ignore[attr-defined] # a browser can send what it likes
    stop_button(other).click().run()  # type: ignore[attr-defined]
    assert not queue.get(job_id).stopping
    stop_button(mine).click().run()  # type: ignore[attr-defined]
    assert queue.get(job_id).stopping


def test_a_shared_server_lets_a_session_delete_only_what_it_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_SHARED", "1")
    job_id = plant("done", ["train"], kind="train")
    mine, other = session(job_id, claims=True), session(job_id)
    assert "Delete" in [button.label for button in mine.button]
    assert "Delete" not in [button.label for button in other.button]
    pressed(other, "Force")
    assert queue.get(job_id).state == "done"
    assert mine.session_state[ownership.MARK] not in (queue.get(job_id).folder / ownership.FILE).read_text()


def test_elsewhere_everybody_may_do_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VAE_SHARED", raising=False)
    job_id = plant("running", ["train"], kind="train")
    session(job_id, claims=True)
    other = session(job_id)
    assert OTHERS not in said(other)
    stop_button(other).click().run()  # type: ignore[attr-defined]
    assert queue.get(job_id).stopping


def test_who_deletes_is_asked_and_told_whose_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VAE_SHARED", raising=False)
    job_id = plant("done", ["train"], kind="train")
    asked = pressed(session(job_id), "Delete")
    assert "Who made it is not known: a terminal, or an earlier version." in said(asked)
    mine, other = session(job_id, claims=True), session(job_id)
    assert "This tab made it." in said(pressed(mine, "Delete"))
    named = re.search(r"Session (\w{6}) made it: another tab, .* This tab is (\w{6})", said(pressed(other, "Delete")))
    assert named is not None
    marks = [hashlib.sha256(at.session_state[ownership.MARK].encode()).hexdigest()[:6] for at in (mine, other)]
    assert list(named.groups()) == marks
    pressed(other, "Keep it")
    assert queue.get(job_id).state == "done"
    pressed(pressed(other, "Delete"), "Delete the run")
    assert queue.all_jobs() == []


@pytest.mark.parametrize("content", ["", "[]", '{"session": 3}', '{"session": "*[x](y)*"}', '{"session": null}'])
def test_a_damaged_note_is_nobodys(content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_SHARED", "1")
    job_id = plant("done", ["train"], kind="train")
    ownership.of_run(queue.get(job_id)).write_text(content)
    at = session(job_id)
    assert f"Who made it is not known: a terminal, or an earlier version. {OTHERS}" in said(at)


def kept_page() -> None:
    """A session's page that keeps a direction and offers to delete it."""
    from dataclasses import replace

    import streamlit as st

    from ui.generate.directions import library
    from ui.shared import cache
    from ui.shared.sessions import deletion, ownership
    from vae.checkpoints import checkpoint_files
    from vae.generation import direction_files

    checkpoint = checkpoint_files.read("digits-mlp-8")
    note = library.note_of(checkpoint, "a")
    if st.session_state.pop("claims", False):
        direction_files.save(replace(cache.directions_of(checkpoint, "class:3", "class:6").mean, name="a"))
        ownership.claim(note)
    if deletion.may_replace(note):
        st.caption("May replace it.")
    st.button("Force", on_click=deletion.confirmed, args=(library._deletion(checkpoint, "a"),))


def test_what_is_kept_is_replaced_and_deleted_by_its_own_session_only(
    digits: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAE_SHARED", "1")
    mine, other = AppTest.from_function(kept_page), AppTest.from_function(kept_page)
    mine.session_state["claims"] = True
    mine.run()
    assert "May replace it." in said(mine)
    assert "May replace it." not in said(other.run())
    assert OTHERS in said(other)
    pressed(other, "Force")
    assert len(direction_files.saved(digits)) == 1
    pressed(mine, "Force")
    assert direction_files.saved(digits) == []
    assert not list(paths.derived_dir().rglob("owners/*"))


def set_page() -> None:
    """A session's page with an imported data set, which it has made where it says so."""
    import streamlit as st

    from ui.library.data import data_actions, data_table
    from ui.shared.sessions import deletion, ownership
    from vae.data import imported_dataset

    if st.session_state.pop("claims", False):
        ownership.claim(data_actions.note_of("pets"))
    for name in imported_dataset.names():
        shelved = next(one for one in data_table.shelved() if one.name == name)
        data_actions.buttons(shelved)
        st.session_state[data_actions.NEW_NAME] = "taken"
        st.button("Force rename", on_click=data_actions._renamed, args=(name,))
        st.button("Force", on_click=deletion.confirmed, args=(data_actions.of_set(shelved),))
    st.caption(f"There: {', '.join(imported_dataset.names())}.")


def test_a_data_set_is_renamed_and_deleted_by_its_own_session_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAE_SHARED", "1")
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "data"))
    for k in range(4):
        Image.new("L", (8, 8), 60 * k).save(tmp_path / f"{k}.png")
    import_folder.write("pets", tmp_path, ImportSettings(8, 8))
    mine, other = AppTest.from_function(set_page), AppTest.from_function(set_page)
    mine.session_state["claims"] = True
    assert OTHERS not in said(mine.run())
    assert OTHERS in said(other.run())
    assert [button.label for button in other.button] == ["Force rename", "Force"]
    for forced in ("Force rename", "Force"):
        assert "There: pets." in said(pressed(other, forced))
    assert "There: taken." in said(pressed(mine, "Force rename"))
    assert OTHERS in said(other.run())  # the new name has the same owner
    assert "There: ." in said(pressed(mine, "Force"))
    assert not list((tmp_path / "data").rglob("owners/*"))


def test_pins_are_a_sessions_own(digits: Checkpoint) -> None:
    mine, other = visit_page("pages/generate.py", pin="row:3"), visit_page("pages/generate.py")
    assert mine.query_params["pin"] == "row:3"
    assert "pin" not in other.query_params


def test_uploads_and_folders_that_were_read_are_a_sessions_own(digits: Checkpoint, tmp_path: Path) -> None:
    folder = folder_of(digits, tmp_path)
    image = ("secret.png", (folder / "1.png").read_bytes(), "image/png")
    mine, other = [visit_page("pages/anomalies.py", source="files") for _ in "ab"]
    mine.file_uploader[0].set_value([image]).run()
    assert "secret.png" in said(mine)
    for stranger in (other.run(), visit_page("pages/anomalies.py", **mine.query_params)):
        assert "secret.png" not in said(stranger)
        assert asks(stranger)
    mine = visit_folder(folder)
    assert "cut.png" in said(mine)
    stranger = visit_page("pages/anomalies.py", **mine.query_params)
    assert asks(stranger)
    assert "cut.png" not in said(stranger)


def test_jobs_are_seen_by_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_SHARED", "1")
    request = train_request("theirs")
    plant_run("running", request, {"stage": "training", "fraction": 0.5})
    other = visit_page("pages/train.py")
    assert "Train theirs" in said(other)
    assert "50%" in said(other)
    assert OTHERS in said(other)


@pytest.mark.parametrize(
    ("value", "shared"), [("1", True), ("true", True), ("Yes", True), ("", False), ("0", False), (" off ", False)]
)
def test_what_people_write_for_yes_and_no(value: str, shared: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_SHARED", value)
    assert ownership.shared() == shared
