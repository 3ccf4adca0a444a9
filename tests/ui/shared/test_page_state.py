"""Which URLs are followed: those that Back, Forward or an opened page brought, not those that a click still carries."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from ui.components import history
from ui.shared import page_state
from ui.shared.page_state import PageState

STATE = PageState("test", ("view",))


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
    for module in (page_state, history):
        monkeypatch.setattr(module, "st", fake)
    for view in ("a", "b", "c"):
        STATE.begin()
        STATE.put("view", view)
        STATE.text("view")
        STATE.write_url("m")
    return fake


def ask(session: SimpleNamespace, view: str, *visits: tuple[int, int, str]) -> str:
    """A run of the page that is asked for with this view in the URL; what it shows."""
    session.query_params = Parameters(model="m", view=view)
    if visits:
        told: list[dict[str, Any]] = [
            {"number": number, "moved": moved, "left": f"?model=m&view={left}"} for number, moved, left in visits
        ]
        session.query_params[history.MARK] = json.dumps(told)
    STATE.begin()
    return STATE.text("view")


def test_a_click_that_carries_an_older_url_is_no_link(session: SimpleNamespace) -> None:
    assert [ask(session, view) for view in ("b", "a", "c")] == ["c", "c", "c"]


def test_an_url_that_the_session_never_wrote_is_a_link(session: SimpleNamespace) -> None:
    assert ask(session, "z") == "z"


def test_back_is_followed_once(session: SimpleNamespace) -> None:
    assert ask(session, "b", (1, -1, "c")) == "b"
    STATE.put("view", "d")
    assert ask(session, "b", (1, -1, "c")) == "d"  # a later click still carries the mark


def test_back_before_the_last_choice_had_its_entry_undoes_that_choice(session: SimpleNamespace) -> None:
    assert ask(session, "a", (1, -1, "b")) == "b"


def test_a_choice_after_back_whose_run_was_interrupted_stays(session: SimpleNamespace) -> None:
    STATE.put("view", "d")
    assert ask(session, "b", (1, -1, "c")) == "d"


@pytest.mark.parametrize("mark", ["1", "[1]", "{", "[{}]", '[{"number": "1", "moved": 0, "left": null}]', "null"])
def test_what_is_no_mark_is_ignored(session: SimpleNamespace, mark: str) -> None:
    session.query_params = Parameters(model="m", view="b", visit=mark)
    STATE.begin()
    assert STATE.text("view") == "c"
