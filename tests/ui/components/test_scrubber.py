"""The scrubber's Python side: plain data goes in, the place where the person stopped comes out."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from ui.components import scrubber


def page() -> None:
    """A page that says what came back."""
    import streamlit as st

    from ui.components import scrubber

    data: scrubber.ScrubData = {
        "fingerprint": "model",
        "image_shape": [1, 8, 8],
        "class_names": ["0", "1"],
        "path": {"kind": "slerp", "anchors": [[0.0, 1.0], [1.0, 0.0]]},
        "t": 0.5,
        "ends": ["here", "there"],
        "unit": "of the way",
        "reach": {"dims": [1], "usual": 1.0, "limit": 1.5},
        "revision": 3,
        "socket": None,
        "decoded": None,
    }
    st.text(repr(scrubber.show(data, "scrub")))


def test_before_any_move_there_is_no_stop() -> None:
    app = AppTest.from_function(page).run()
    assert not app.exception
    assert [text.value for text in app.text] == ["None"]


def test_a_stop_reaches_the_page() -> None:
    app = AppTest.from_function(page)
    app.session_state["scrub"] = {"stop": {"t": 0.75, "id": "1-1"}}
    app.run()
    assert not app.exception
    assert [text.value for text in app.text] == ["{'t': 0.75, 'id': '1-1'}"]
