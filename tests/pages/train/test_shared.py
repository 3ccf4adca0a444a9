"""Several sessions on one server: who sees what, and with VAE_SHARED=1 who may stop and delete what."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.page import said, visit_page
from tests.runs import plant
from ui.shared import ownership
from vae.checkpoints.checkpoint import Checkpoint
from vae.jobs import queue


def page(job_id: str) -> None:
    """A session's page with one job: its card, and the actions of its run."""
    import streamlit as st

    from ui.shared import job_card, ownership
    from ui.train import run_actions
    from vae.jobs import queue

    job = queue.get(job_id)
    if st.session_state.pop("claims", False):
        ownership.claim(job)
    job_card.card(job_id)
    run_actions.show(job)
    st.button("Force", on_click=run_actions._delete, args=(job,))


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
    assert ownership.OTHERS in said(other)
    assert ownership.OTHERS not in said(mine)
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
    assert ownership.OTHERS not in said(other)
    stop_button(other).click().run()  # type: ignore[attr-defined]
    assert queue.get(job_id).stopping


def test_pins_are_a_sessions_own(digits: Checkpoint) -> None:
    mine, other = visit_page("pages/generate.py", pin="row:3"), visit_page("pages/generate.py")
    assert "None yet. Pin a sample" not in said(mine)
    assert "None yet. Pin a sample" in said(other)


@pytest.mark.parametrize(
    ("value", "shared"), [("1", True), ("true", True), ("Yes", True), ("", False), ("0", False), (" off ", False)]
)
def test_what_people_write_for_yes_and_no(value: str, shared: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_SHARED", value)
    assert ownership.shared() == shared
