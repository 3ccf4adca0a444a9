"""What is chosen on a page, in the session and in the URL, so that a copied link shows the same.

Every setting has a short name and its value as text. A URL that this session did not write is a followed link (or Back)
and wins; what it gets wrong is said, and the usual value stands instead.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from ui.shared.own_urls import OwnUrls

LONGEST = 2_000  # characters of one value


@dataclass
class _Chosen:
    """The session's part: what was chosen, by name; a setting without an entry has its usual value."""

    values: dict[str, str] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)  # in this run, and unusual: what the URL says
    linked: set[str] = field(default_factory=set)  # names whose value is a followed link's, not the person's own
    problems: dict[str, str] = field(default_factory=dict)  # by name: what a link got wrong
    urls: OwnUrls = field(default_factory=OwnUrls)
    revision: int = 0


class PageState:
    """The settings of one page: `names` have one value; `lists`, which the page keeps itself, several."""

    def __init__(self, page: str, names: Sequence[str], lists: Sequence[str] = ()) -> None:
        self.page, self.names, self.lists = page, tuple(names), tuple(lists)
        self.key = f"{page}_chosen"  # in the session

    @property
    def _here(self) -> _Chosen:
        found: _Chosen = st.session_state.setdefault(self.key, _Chosen())
        return found

    def begin(self) -> dict[str, list[str]] | None:
        """Start a run of the page. Returns what a newly followed link says, by name; None when there is none."""
        here = self._here
        here.shown = {}
        found = {name: st.query_params.get_all(name) for name in ("model", *self.names, *self.lists)}
        found = {name: values for name, values in found.items() if values}
        if not found or here.urls.has(found):
            return None
        here.urls.follow(found)
        here.problems = {}
        values = {name: values[-1] for name, values in found.items() if name in self.names}
        here.values = {name: value for name, value in values.items() if self.short_enough(name, value)}
        here.linked = set(here.values)
        here.revision += 1
        return found

    def short_enough(self, name: str, value: str) -> bool:
        """A longer value is said and left out: its beginning would be something else."""
        if len(value) > LONGEST:
            found = f"{len(value):,} characters"
            self.problem(name, f"The link's {name} has {found}, expected at most {LONGEST:,}; it was left out.")
        return len(value) <= LONGEST

    def revision(self) -> int:
        """Changes whenever a link, not the page, moved."""
        return self._here.revision

    def text(self, name: str, usual: str = "") -> str:
        """A setting as it is."""
        here = self._here
        value = here.values.get(name, usual)
        if value != usual:
            here.shown[name] = value
        else:
            here.shown.pop(name, None)
        return value

    def begin_part(self, keep: Sequence[str]) -> None:
        """Start a part of the page that runs alone: what it no longer shows leaves the URL, but for `keep`."""
        here = self._here
        here.shown = {name: value for name, value in here.shown.items() if name in keep}

    def always(self, name: str, value: str) -> None:
        """Have a setting in the URL also where it is the usual one."""
        self._here.shown[name] = value

    def option(self, name: str, options: Sequence[str], usual: str) -> str:
        """A setting that is one of a few words."""
        value = self.text(name, usual)
        if value in options:
            return value
        words = ", ".join(word for word in options[:12] if word)
        expected = f"one of {words}" if words else "none, because there is none here"
        self.refuse(name, value, expected, usual or "the usual choice")
        return usual

    def whole(self, name: str, usual: int, low: int, high: int) -> int:
        """A setting that is a whole number from `low` to `high`."""
        value = self.text(name, str(usual))
        if re.fullmatch(r"-?[0-9]{1,12}", value) and low <= int(value) <= high:
            return int(value)
        self.refuse(name, value, f"a whole number from {low:,} to {high:,}", f"{usual:,}")
        return usual

    def real(self, name: str, usual: float, low: float, high: float) -> float:
        """A setting that is a number from `low` to `high`."""
        value = self.text(name, f"{usual:g}")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if low <= number <= high:
            return number
        self.refuse(name, value, f"a number from {low:g} to {high:g}", f"{usual:g}")
        return usual

    def reals(self, name: str, count: int, low: float, high: float) -> tuple[float, ...] | None:
        """A setting that is `count` numbers from `low` to `high` with commas between them; None, usually, is none."""
        value = self.text(name)
        if not value:
            return None
        try:
            numbers = tuple(float(part) for part in value.split(","))
        except ValueError:
            numbers = ()
        if len(numbers) == count and all(low <= number <= high for number in numbers):
            return numbers
        self.refuse(name, value, f"{count} numbers from {low:g} to {high:g} with commas between them", "the usual one")
        return None

    def refuse(self, name: str, value: str, expected: str, usual: str) -> None:
        """Show the usual value. A link's mistake is said; what no longer suits another choice is only forgotten."""
        here = self._here
        here.values.pop(name, None)
        here.shown.pop(name, None)
        if name in here.linked:
            self.problem(name, f"The link asks for {name} {value[:40]}, expected {expected}; {usual} is shown.")

    def put(self, name: str, value: str) -> None:
        """Choose; for callbacks."""
        here = self._here
        here.urls.choose()
        here.values[name] = value
        here.problems.pop(name, None)
        here.linked.discard(name)

    def forget(self, name: str) -> None:
        """Go back to the usual value: what was chosen belonged to something that is no longer shown."""
        here = self._here
        here.values.pop(name, None)
        here.shown.pop(name, None)
        here.linked.discard(name)

    def chosen(self, name: str) -> str | None:
        """What was chosen or linked, None for the usual value."""
        return self._here.values.get(name)

    def problem(self, name: str, said: str) -> None:
        """Say what is wrong, once."""
        self._here.problems[name] = said

    def problems(self) -> list[str]:
        """What a followed link got wrong."""
        return list(self._here.problems.values())

    def write_url(self, model: str, lists: Mapping[str, Sequence[str]] | None = None) -> None:
        """Make the URL say what is shown; `lists` by name."""
        here = self._here
        values: dict[str, list[str]] = {"model": [model]}
        values |= {name: [here.shown[name]] for name in self.names if name in here.shown}
        values |= {name: list(several) for name, several in (lists or {}).items() if several}
        here.urls.write(values)
        before = {name: st.query_params.get_all(name) for name in st.query_params}
        if before != values:
            st.query_params.from_dict(values)
