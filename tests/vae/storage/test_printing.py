"""What is printed: all that shows as itself, and nothing else."""

from __future__ import annotations

import io
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae.storage import printing

SHOWN = "a é 中文 \u3000かな 😀 👩\u200d🔬 می\u200cخواهم ‖\u00a0–"
ANY = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (SHOWN, SHOWN),
        ("two\tcells\nand lines", "two\tcells\nand lines"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x00\x7f\x9b\r", "\\x00\\x7f\\x9b\\r"),
        ("abc\u202edef\u2066\u200e\u2028", "abc\\u202edef\\u2066\\u200e\\u2028"),
        ("\udcff\U000e0001", "\\udcff\\U000e0001"),
    ],
)
def test_what_does_not_show_is_written_out(text: str, seen: str) -> None:
    assert printing.visible(text, printing.LINES) == seen
    assert printing.is_visible(text) == (text == SHOWN)


@given(ANY)
def test_any_text_can_be_shown_and_stays_so(text: str) -> None:
    seen = printing.visible(text)
    assert printing.is_visible(seen)
    assert printing.visible(seen) == seen
    seen.encode()


@given(st.recursive(ANY, lambda inner: st.lists(inner) | st.dictionaries(ANY, inner), max_leaves=4))
def test_json_reads_back_and_shows(values: object) -> None:
    for encoding in ("utf-8", "ascii"):
        text = printing.json_text(values, encoding)
        assert json.loads(text) == json.loads(json.dumps(values))  # json joins the halves of a surrogate pair
        assert printing.visible(text, printing.LINES) == text
        text.encode(encoding)


def test_the_streams_are_clean_inside_and_as_before_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    with pytest.raises(KeyboardInterrupt), printing.clean_streams():
        print("\x1b[2J", SHOWN)
        sys.stdout.writelines(["\x07", "\r\n"])
        print("\u202e", file=sys.stderr)
        print("10 %\r20 %\x1b", end="", file=printing.bar_stream())
        raise KeyboardInterrupt
    assert (sys.stdout, sys.stderr) == (out, err)
    assert out.getvalue() == f"\\x1b[2J {SHOWN}\n\\x07\\r\n"
    assert err.getvalue() == "\\u202e\n10 %\r20 %\\x1b"
    assert printing.bar_stream() is err


def test_a_wrapped_stream_is_still_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "utf-8"))
    with printing.clean_streams():
        assert (sys.stdout.encoding, sys.stdout.isatty()) == ("utf-8", False)
        sys.stdout.buffer.write(b"\x1b\x00")  # data are not text
        sys.stdout.flush()
    assert raw.getvalue() == b"\x1b\x00"
