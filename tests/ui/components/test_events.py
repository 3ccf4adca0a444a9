"""A component's last event comes with every run of a page, and is taken once."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def page() -> None:
    """Takes the events that the test has put into the session, and says which were new."""
    import streamlit as st

    from ui.components import events

    for source, event in st.session_state["reported"]:
        st.text(str(events.is_new(source, event)))


def new(app: AppTest, *reported: tuple[str, object]) -> list[bool]:
    app.session_state["reported"] = reported
    app.run()
    assert not app.exception
    return [text.value == "True" for text in app.text]


def test_an_event_is_new_once_whatever_starts_the_next_run() -> None:
    app = AppTest.from_function(page)
    assert new(app, ("sheet", "1-1")) == [True]
    assert new(app, ("sheet", "1-1")) == [False]
    assert new(app, ("sheet", "1-2")) == [True]


def test_sources_do_not_know_each_others_events() -> None:
    app = AppTest.from_function(page)
    assert new(app, ("sheet", "1-1"), ("line", "1-1"), ("line", "1-2"), ("sheet", "1-1")) == [True, True, True, False]


def test_nothing_reported_yet_is_no_event() -> None:
    app = AppTest.from_function(page)
    assert new(app, ("map", None), ("map", 3), ("map", None), ("map", 3)) == [False, True, True, True]
