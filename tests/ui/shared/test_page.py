"""The frame of every page: foreign text stays text, and errors become messages in place."""

from __future__ import annotations

import logging
import re

import pytest
from streamlit.testing.v1 import AppTest

from ui.shared import page as shell

# tests/browser/test_contract.py looks at these in a browser too
HOSTILE = (
    "<b>bold</b> <img src=x onerror=alert(1)> <script>alert(1)</script>",
    "**bold** *em* __b__ _e_ ~~del~~ ~sub~ [x](y) ![i](c.png) [^1] # heading",
    "$x^2$ $$y$$ \\alpha \\(z\\) C:\\dir\\x_1",
    ":red[x] :smile: :blue-badge[q] :material",
    "&copy; &lt;b&gt; &#42;",
    "- item",
    "+ item",
    "12. item",
    "1) item",
    "# heading",
    "> quote",
    "---",
    "| a | b |",
    "lone ` backtick",
    "3.5 GB, −2, 100 %",
)
LINKS = ("www.evil.example", "HTTPS://evil.example/x", "a@evil.example", ":material/home:")


def literally(markdown: str) -> str:
    """The text that Markdown shows, when every special character in it is escaped; fails where one isn't."""
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "x", markdown)
    assert re.search(r"[\\*_\[\]<>$#~:&`]|^[-+]|^\d+[.)]", bare) is None, bare
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown)


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_comes_out_inert(text: str) -> None:
    assert literally(shell.escape(text)) == text


@pytest.mark.parametrize("text", LINKS)
def test_foreign_text_makes_no_links_and_icons(text: str) -> None:
    shown = literally(shell.escape(f"see {text} there"))
    assert text not in shown
    assert shown.replace("\u2060", "") == f"see {text} there"


def test_lines_are_joined_so_that_none_begins_a_block() -> None:
    assert literally(shell.escape("one\n\n# two\n    three\n```\nfour\n|a|\n|-|")) == "one # two three ``` four |a| |-|"


def test_code_stays_code_and_says_what_it_said() -> None:
    assert (
        shell.escape("Run `python -m vae map a_b*c`, [then] `x`.") == "Run `python -m vae map a_b*c`, \\[then\\] `x`."
    )
    assert shell.escape("``") == "\\`\\`"


# --- the error boundary -----------------------------------------------------------------------------------------------


def _page() -> None:
    import streamlit as st

    from ui.shared import page as shell
    from vae.errors import CheckpointError

    st.text("before")
    with shell.error_boundary():
        if st.session_state.get("raise") == "ours":
            raise CheckpointError("*a* is missing.", "Run `python -m vae list`.")
        if st.session_state.get("raise") == "other":
            raise ZeroDivisionError("secret <detail>")
        if st.session_state.get("raise") == "stop":
            st.stop()
        st.text("inside")
    st.text("after")


def page(wrong: str) -> AppTest:
    at = AppTest.from_function(_page)
    at.session_state["raise"] = wrong
    return at.run()


def texts(at: AppTest) -> list[str]:
    assert not at.exception
    return [element.value for element in at.text]


def test_without_an_error_nothing_is_added() -> None:
    at = page("")
    assert texts(at) == ["before", "inside", "after"]
    assert not at.error


def test_our_errors_say_what_was_found_and_what_to_do() -> None:
    at = page("ours")
    assert texts(at) == ["before", "after"]
    assert [error.value for error in at.error] == ["\\*a\\* is missing. Run `python -m vae list`."]


def test_any_other_error_is_in_the_log_and_not_on_the_page(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, shell.LOG.name):
        at = page("other")
    assert texts(at) == ["before", "after"]
    [error] = at.error
    assert error.value == "Something went wrong inside the app. The server's log says what."
    [record] = [r for r in caplog.records if r.name == shell.LOG.name]
    assert "ZeroDivisionError: secret <detail>" in caplog.text
    assert record.exc_info is not None


def test_streamlit_can_still_stop_a_script_inside() -> None:
    at = page("stop")
    assert texts(at) == ["before"]
    assert not at.error


def _page_that_fails() -> None:
    import streamlit as st

    from ui.components import clicks
    from ui.shared import page as shell

    with shell.page("Test", "One clicks here."):
        if st.session_state.pop("fails", False):
            raise ZeroDivisionError
        if clicks.button("Delete", "delete"):
            st.text("deleted")


def test_a_click_on_a_page_that_failed_means_nothing_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "PAGES", ())
    at = AppTest.from_function(_page_that_fails).run()
    at.session_state["fails"] = True
    at.button(key="delete").click().run()
    assert at.error
    assert texts(at.run()) == []
    assert texts(at.button(key="delete").click().run()) == ["deleted"]
