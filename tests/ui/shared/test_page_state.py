"""Which URLs are followed: those that Back, Forward or an opened page brought, not those that a click still carries."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import pytest

from ui.components import back_forward, events
from ui.components.back_forward import BackForwardVisit
from ui.shared import page_state
from ui.shared.page_state import PageState

STATE = PageState("test", ("view",))
STEPS = 2  # that the session has made when a test begins: the first URL is none


class Parameters(dict[str, str]):
    """A plain dictionary with the two methods of st.query_params that are used."""

    def get_all(self, name: str) -> list[str]:
        return [self[name]] if name in self else []

    def from_dict(self, values: dict[str, list[str]]) -> None:
        self.clear()
        self.update({name: found[-1] for name, found in values.items()})


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    fake = SimpleNamespace(session_state={}, query_params=Parameters(), context=SimpleNamespace(url=None))
    for module in (page_state, back_forward, events):
        monkeypatch.setattr(module, "st", fake)
    for view in ("a", "b", "c"):
        STATE.begin()
        STATE.put("view", view)
        STATE.text("view")
        STATE.write_url("m")
    return fake


def ask(session: SimpleNamespace, view: str, *visits: BackForwardVisit) -> str:
    """A run of the page that is asked for with this view in the URL; what it shows."""
    session.query_params = Parameters(model="m", view=view)
    if visits:
        session.query_params[back_forward.MARK] = json.dumps([asdict(visit) for visit in visits])
    STATE.begin()
    return STATE.text("view")


def told(monkeypatch: pytest.MonkeyPatch, session: SimpleNamespace) -> dict[str, Any]:
    """What this run tells the browser."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(back_forward, "_BACK_FORWARD", lambda data, key, height: found.append(data))
    session.context.url, session.container = "http://localhost", lambda key: nullcontext()
    STATE.write_url("m")
    return found[-1]


def test_a_click_that_carries_an_older_url_is_no_link(session: SimpleNamespace) -> None:
    assert [ask(session, view) for view in ("b", "a", "c")] == ["c", "c", "c"]


def test_an_url_that_the_session_never_wrote_is_a_link(session: SimpleNamespace) -> None:
    assert ask(session, "z") == "z"


def test_back_is_followed_once(session: SimpleNamespace) -> None:
    back = BackForwardVisit(1, -1, STEPS)
    assert ask(session, "b", back) == "b"
    STATE.put("view", "d")
    assert ask(session, "b", back) == "d"  # a later click still carries the mark


def test_back_leaves_the_browser_where_it_led(session: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(session, "b", BackForwardVisit(1, -1, STEPS))
    about = told(monkeypatch, session)
    assert (about["visit"], about["step"], about["forward"]) == (1, STEPS, False)


def test_back_before_the_last_choice_had_its_entry_undoes_that_choice(
    session: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(session, "a", BackForwardVisit(1, -1, STEPS - 1)) == "a"
    assert told(monkeypatch, session)["forward"]
    assert told(monkeypatch, session)["forward"]  # until the browser has done it
    assert ask(session, "b", BackForwardVisit(1, -1, STEPS - 1), BackForwardVisit(2, 1, STEPS)) == "b"
    assert not told(monkeypatch, session)["forward"]


def test_a_choice_after_that_is_a_step_again(session: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(session, "a", BackForwardVisit(1, -1, STEPS - 1))
    told(monkeypatch, session)
    STATE.put("view", "d")
    STATE.text("view")
    about = told(monkeypatch, session)
    assert (about["step"], about["forward"]) == (STEPS, False)


def test_an_event_that_back_overtook_is_undone(session: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(session, "b", BackForwardVisit(1, -1, STEPS))
    monkeypatch.setattr(back_forward, "answers_a_visit", lambda: True)
    assert not events.is_new("sheet", "a click")
    assert told(monkeypatch, session)["forward"]


def test_a_step_is_told_until_it_arrived(session: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        ask(session, "c")
        assert told(monkeypatch, session)["step"] == STEPS  # a run that changes nothing makes no further one


def test_a_choice_after_back_whose_run_was_interrupted_stays(session: SimpleNamespace) -> None:
    back = BackForwardVisit(1, -1, STEPS)
    session.query_params[back_forward.MARK] = json.dumps([asdict(back)])
    STATE.put("view", "d")  # its request carries the mark
    assert ask(session, "b", back) == "d"


def test_a_choice_before_back_whose_run_was_interrupted_is_undone(
    session: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    STATE.put("view", "d")
    assert ask(session, "b", BackForwardVisit(1, -1, STEPS)) == "b"  # whatever asks for the run that tells of Back
    assert told(monkeypatch, session)["forward"]


@pytest.mark.parametrize("mark", ["1", "[1]", "{", "[{}]", '[{"number": "1", "moved": 0, "step": null}]', "null"])
def test_what_is_no_mark_is_ignored(session: SimpleNamespace, mark: str) -> None:
    session.query_params = Parameters(model="m", view="b", visit=mark)
    STATE.begin()
    assert STATE.text("view") == "c"


def test_a_long_choice_survives_a_reload(session: SimpleNamespace) -> None:
    state = PageState("long", ("view", "classes"), long=("classes",))
    most = {"view": "x" * page_state.LONGEST, "classes": "x" * page_state.LONGEST_LIST}
    for more, expected in (("", most), ("x", {"view": "", "classes": ""})):  # what is too long is in no URL
        state.begin()
        for name, value in most.items():
            state.put(name, value + more)
            state.text(name)
        state.write_url("m")
        session.session_state.clear()
        state.begin()
        assert {name: state.text(name) for name in most} == expected
        assert state.problems() == []
