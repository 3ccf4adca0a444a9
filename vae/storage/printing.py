"""What is printed, or shown from elsewhere: nothing in it steers a terminal, hides, or turns the line around."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

LINES = "\n\t"  # what a text of several lines is made of
BAR = "\r"  # what a progress bar goes back with
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # full width counts too
JOINERS = "\u200c\u200d"  # of letters and of emoji: they show, and steer nothing


def is_visible(text: str) -> bool:
    """Whether all of it shows as itself: no control character, no mark of direction, nothing without a letter."""
    return text.isprintable() or all(map(_shows, text))


def visible(text: str, kept: str = "") -> str:
    """`text` with what would not show written as \\x1b or \\u202e, but for the characters in `kept`."""
    if text.isprintable():
        return text
    return "".join(c if c in kept or _shows(c) else _escaped(c) for c in text)


def cell(text: str) -> str:
    """`text` as a cell that no spreadsheet computes, and that can be written as UTF-8."""
    text = text.encode("utf-8", "backslashreplace").decode()
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def json_text(values: Any, encoding: str = "utf-8") -> str:
    """One JSON document, indented, that any terminal can show and that reads back as the same values.

    What would not show, or `encoding` has no letter for, is written as JSON's own \\u202e.
    """
    text = json.dumps(values, indent=2, ensure_ascii=False)
    return "".join(c if c == "\n" or (_shows(c) and _has(encoding, c)) else _json_escaped(c) for c in text)


class CleanStream:
    """A text stream to which `visible` text is written; all else is the stream's own."""

    def __init__(self, stream: TextIO, kept: str = LINES) -> None:
        self._stream, self._kept = stream, kept

    def write(self, text: str) -> int:
        """Write what shows of it. Returns how much of `text` that was: all."""
        self._stream.write(visible(text, self._kept))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write one after the other."""
        for line in lines:
            self.write(line)

    def for_bars(self) -> CleanStream:
        """The same stream for a progress bar, which writes its line anew."""
        return CleanStream(self._stream, LINES + BAR)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def clean_streams() -> Iterator[None]:
    """Inside, what is written to standard output and standard error is `visible`."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast(TextIO, CleanStream(stream)) if stream else stream for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def bar_stream() -> TextIO:
    """Standard error, for a progress bar."""
    stream: object = sys.stderr
    return cast(TextIO, stream.for_bars()) if isinstance(stream, CleanStream) else sys.stderr


def _shows(character: str) -> bool:
    return character.isprintable() or character in JOINERS or unicodedata.category(character) == "Zs"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


def _json_escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def _has(encoding: str, character: str) -> bool:
    if character.isascii():
        return True
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
