"""A click is heard once, however many runs end before they come to its button."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def page() -> None:
    """A part that asks for the whole page stands before a button."""
    import streamlit as st

    from ui.components import clicks

    if st.session_state.pop("again", 0):
        st.rerun()
    if st.session_state.get("there", True) and clicks.button("Stop", "stop"):
        st.text("stopped")
    clicks.forget()  # as page.py does


def pressed(app: AppTest) -> bool:
    app.button(key="stop").click().run()
    assert not app.exception
    return [text.value for text in app.text] == ["stopped"]


def test_a_click_outlives_a_run_that_ends_before_its_button() -> None:
    app = AppTest.from_function(page).run()
    app.session_state["again"] = 1
    assert pressed(app)
    assert not app.run().text  # once
    assert pressed(app)


def test_a_click_on_what_is_gone_means_nothing_later() -> None:
    app = AppTest.from_function(page).run()
    app.session_state["there"] = False  # and so the next run draws none
    assert not pressed(app)
    app.session_state["there"] = True
    assert not app.run().text
