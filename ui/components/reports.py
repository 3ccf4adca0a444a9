"""What a browser reports, checked before anything is done with it: a page can send whatever it likes.

Every component's `show` gives what it was sent to `event`, with the type that its event has and with what only the
moment knows, such as how many pictures there are. What doesn't fit is no event. No streamlit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict, TypeVar

import msgspec
from msgspec import Meta

from vae.storage.schema import Finite, integer, text

E = TypeVar("E")
MOST_ROWS = 2**31 - 1  # images of a data set
LONGEST_VECTOR = 4_096  # numbers of a latent vector, or of what else is a list of numbers
EventId = Annotated[str, text(64)]
Row = Annotated[int, integer(0, MOST_ROWS)]
Numbers = Annotated[list[Finite], Meta(max_length=LONGEST_VECTOR)]


class Event(TypedDict):
    """What every event carries: an id that differs from all others, which shared/mount.js makes."""

    id: EventId


class _Point(TypedDict):
    customdata: Row | list[Any]


class _Points(TypedDict):
    points: list[_Point]


class _Clicked(TypedDict):
    selection: _Points


class _Selected(TypedDict, total=False):
    cells: list[tuple[Row, Any]]
    rows: list[Row]


class _Table(TypedDict):
    selection: _Selected


def event(value: object, kind: type[E], fits: Callable[[E], bool]) -> E | None:
    """`value` as an event of this kind, a TypedDict, if it is one and `fits` agrees; else None."""
    found = _read(value, kind)
    return found if found is not None and fits(found) else None


def clicked_row(value: object) -> int | None:
    """The row (customdata, or the first of it) of the first point that was clicked in a Plotly chart of Streamlit's."""
    clicked = _read(value, _Clicked)
    if clicked is None or not clicked["selection"]["points"]:
        return None
    about = clicked["selection"]["points"][0]["customdata"]
    return _read(about[0] if isinstance(about, list) and about else about, Row)


@dataclass(frozen=True)
class TableChoice:
    """What is chosen in a table of Streamlit's: the rows whose boxes are ticked, and the row of the cell clicked."""

    rows: tuple[int, ...] = ()
    cell: int | None = None


def table_choice(value: object) -> TableChoice:
    """What the browser says of a table; nothing where that can't be read."""
    table = _read(value, _Table)
    selection: _Selected = table["selection"] if table else {}
    cells = selection.get("cells", [])
    return TableChoice(tuple(selection.get("rows", [])), cells[0][0] if cells else None)


def _read(value: object, kind: type[E]) -> E | None:
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError):
        return None
