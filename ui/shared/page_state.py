"""What is chosen on a page, in the session and in the URL, so that a copied link shows the same.

Every setting has a short name and its value as text. A link wins over the session when the page is opened with it, when
Back or Forward leads to it, and whenever the session never wrote it; what it gets wrong is said, and the default
stands instead. Any other URL is one of the session's own: a click made before the browser had the newest one carries
the one before it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from ui.components import back_forward

LONGEST = 2_000  # characters of one value
LONGEST_LIST = 20_000  # of one that names many things, such as classes
MOST_URLS = 500  # of the session's own that are remembered
OPEN = "open_page"  # in the session: the page that ran last
UNWRITTEN = "unwritten_choices"  # in the session, by name: what the person has chosen that no URL says yet
Values = dict[str, list[str]]


@dataclass
class _Chosen:
    """The session's part: what was chosen, by name; a setting without an entry has its default."""

    values: dict[str, str] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)  # in this run, and not the default: what the URL says
    linked: set[str] = field(default_factory=set)  # names whose value is a followed link's, not the person's own
    problems: dict[str, str] = field(default_factory=dict)  # by name: what a link got wrong
    revision: int = 0
    own: list[Values] = field(default_factory=list)  # URLs that the session wrote or followed, the newest last
    opened: bool = False  # and not written yet: the URL's next change only completes it
    arrived: bool = False  # by a link or Back: the same, unless the person chooses something


class PageState:
    """The settings of one page: `names` have one value; `lists`, which the page keeps itself, several.

    `long` are those of `names` whose one value may list many things.
    """

    def __init__(self, page: str, names: Sequence[str], lists: Sequence[str] = (), long: Sequence[str] = ()) -> None:
        self.page, self.names, self.lists, self.long = page, tuple(names), tuple(lists), tuple(long)
        self.key = f"{page}_chosen"  # in the session

    @property
    def _here(self) -> _Chosen:
        found: _Chosen = st.session_state.setdefault(self.key, _Chosen())
        return found

    def begin(self) -> Values | None:
        """Start a run of the page. Returns what a newly followed link says, by name; None when there is none."""
        here = self._here
        here.shown = {}
        opened = st.session_state.get(OPEN) != self.page
        st.session_state[OPEN] = self.page
        move = back_forward.follow(bool(unwritten()))
        found = self._own_names({name: st.query_params.get_all(name) for name in st.query_params})
        here.opened = here.opened or opened
        here.arrived = here.arrived or move.visited
        if move.overtook:
            unwritten().clear()
        if not found or (found in here.own and not opened and not move.visited):
            return None
        later = unwritten() if move.visited else {}
        self._follow(found, later)
        return found | {"model": [later["model"]]} if "model" in later else found

    def _own_names(self, values: Mapping[str, list[str]]) -> Values:
        return {name: values[name] for name in ("model", *self.names, *self.lists) if values.get(name)}

    def _follow(self, found: Values, later: Mapping[str, str]) -> None:
        """Take over what a link says, but for what was chosen after it."""
        here = self._here
        self._remember(found)
        here.arrived = True
        here.problems = {}
        values = {name: values[-1] for name, values in found.items() if name in self.names}
        here.values = {name: value for name, value in values.items() if self.short_enough(name, value)}
        here.linked = set(here.values) - set(later)
        here.values |= {name: value for name, value in later.items() if name in self.names}
        here.revision += 1

    def _remember(self, values: Values) -> None:
        own = self._here.own
        own[:] = [*(said for said in own if said != values), values][-MOST_URLS:]

    def short_enough(self, name: str, value: str) -> bool:
        """A longer value is said and left out: its beginning would be something else."""
        most = self._longest(name)
        if len(value) > most:
            found = f"{len(value):,} characters"
            self.problem(name, f"The link's {name} has {found}, expected at most {most:,}; it was left out.")
        return len(value) <= most

    def _longest(self, name: str) -> int:
        return LONGEST_LIST if name in self.long else LONGEST

    def revision(self) -> int:
        """Changes whenever a link, not the page, moved."""
        return self._here.revision

    def text(self, name: str, default: str = "") -> str:
        """A setting as it is."""
        here = self._here
        value = here.values.get(name, default)
        if value != default:
            here.shown[name] = value
        else:
            here.shown.pop(name, None)
        return value

    def begin_part(self, keep: Sequence[str]) -> None:
        """Start a part of the page that runs alone: what it no longer shows leaves the URL, but for `keep`."""
        here = self._here
        here.shown = {name: value for name, value in here.shown.items() if name in keep}

    def always(self, name: str, value: str) -> None:
        """Have a setting in the URL also where it is the default."""
        self._here.shown[name] = value

    def option(self, name: str, options: Sequence[str], default: str) -> str:
        """A setting that is one of a few words."""
        value = self.text(name, default)
        if value in options:
            return value
        words = ", ".join(word for word in options[:12] if word)
        expected = f"one of {words}" if words else "none, because there is none here"
        self.refuse(name, value, expected, default or "the default")
        return default

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """A setting that is a whole number from `low` to `high`."""
        value = self.text(name, str(default))
        if re.fullmatch(r"-?[0-9]{1,12}", value) and low <= int(value) <= high:
            return int(value)
        self.refuse(name, value, f"a whole number from {low:,} to {high:,}", f"{default:,}")
        return default

    def real(self, name: str, default: float, low: float, high: float) -> float:
        """A setting that is a number from `low` to `high`."""
        value = self.text(name, f"{default:g}")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if low <= number <= high:
            return number
        self.refuse(name, value, f"a number from {low:g} to {high:g}", f"{default:g}")
        return default

    def reals(self, name: str, count: int, low: float, high: float) -> tuple[float, ...] | None:
        """A setting that is `count` numbers from `low` to `high` with commas between them; by default None."""
        value = self.text(name)
        if not value:
            return None
        try:
            numbers = tuple(float(part) for part in value.split(","))
        except ValueError:
            numbers = ()
        if len(numbers) == count and all(low <= number <= high for number in numbers):
            return numbers
        self.refuse(name, value, f"{count} numbers from {low:g} to {high:g} with commas between them", "the default")
        return None

    def refuse(self, name: str, value: str, expected: str, default: str) -> None:
        """Show the default. A link's mistake is said; what no longer suits another choice is only forgotten."""
        here = self._here
        here.values.pop(name, None)
        here.shown.pop(name, None)
        if name in here.linked:
            self.problem(name, f"The link asks for {name} {value[:40]}, expected {expected}; {default} is shown.")

    def put(self, name: str, value: str) -> None:
        """Choose; for callbacks."""
        here = self._here
        chose(name, value)
        here.values[name] = value
        here.problems.pop(name, None)
        here.linked.discard(name)

    def forget(self, name: str) -> None:
        """Go back to the default: what was chosen belonged to something that is no longer shown."""
        here = self._here
        here.values.pop(name, None)
        here.shown.pop(name, None)
        here.linked.discard(name)

    def fill(self, name: str, value: str) -> None:
        """Take a value for a setting that is not chosen yet: no choice of the person's, and no step of Back."""
        here = self._here
        here.values[name] = value
        here.arrived = True

    def arrives(self) -> bool:
        """Whether this run opens the page, or follows Back or Forward."""
        return self._here.opened or self._here.arrived

    def offered(self, name: str, options: Sequence[str], default: str) -> str:
        """A setting that is one of a few words, which are not always on offer; it is kept until it is again."""
        value = self.text(name, default)
        if value in options:
            return value
        self._here.shown.pop(name, None)
        return default

    def chosen(self, name: str) -> str | None:
        """What was chosen or linked, None for the default."""
        return self._here.values.get(name)

    def problem(self, name: str, said: str) -> None:
        """Say what is wrong, once."""
        self._here.problems[name] = said

    def problems(self) -> list[str]:
        """What a followed link got wrong."""
        return list(self._here.problems.values())

    def write_url(self, model: str | None, lists: Mapping[str, Sequence[str]] | None = None, part: str = "") -> None:
        """Make the URL say what is shown; `lists` by name. `part` names a part that runs alone inside another one."""
        here = self._here
        values: Values = {} if model is None else {"model": [model]}
        # a longer one would be refused when the page is loaded again
        shown = {name: value for name, value in here.shown.items() if len(value) <= self._longest(name)}
        values |= {name: [shown[name]] for name in self.names if name in shown}
        values |= {name: list(several) for name, several in (lists or {}).items() if several}
        before = {name: st.query_params.get_all(name) for name in st.query_params if name != back_forward.MARK}
        chosen = not here.opened and (not here.arrived or bool(unwritten()))
        step = chosen and bool(here.own) and values != here.own[-1]
        # known before it is sent: this run may be stopped as soon as the browser has it
        if step:
            back_forward.step()
        unwritten().clear()
        here.opened = here.arrived = False
        self._remember(values)
        if step or (values != before and not back_forward.in_browser()):
            st.query_params.from_dict(values)  # Streamlit sends it with every request
        if back_forward.in_browser():
            back_forward.show(values, part)


def unwritten() -> dict[str, str]:
    """What the person has chosen since a URL was written, by name; what pages keep themselves is noted here too."""
    found: dict[str, str] = st.session_state.setdefault(UNWRITTEN, {})
    return found


def chose(name: str, value: str) -> None:
    """Note what the person has chosen; for what pages keep themselves."""
    unwritten()[name] = value
    back_forward.chose()
