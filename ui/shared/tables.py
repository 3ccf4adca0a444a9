"""Small tables that show every cell whole, where a data frame would cut them. No streamlit."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

STYLE = """<style>
  .small-table-box { overflow-x: auto; }
  .small-table { width: 100%; border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
  .small-table th { font-weight: 400; opacity: 0.7; vertical-align: bottom; }
  .small-table :is(th, td) { padding: 0.3rem 0.4rem; border-bottom: 1px solid #8884; text-align: right; }
  .small-table :is(th, td):first-child { padding-left: 0; text-align: left; }
  .small-table :is(th, td):last-child { padding-right: 0; }
  .small-table td:not(:first-child) { white-space: nowrap; }
  .small-table tr.strong td { font-weight: 600; }
  .small-table small { display: block; opacity: 0.7; font-weight: 400; white-space: nowrap; }
</style>"""


@dataclass(frozen=True)
class Cell:
    """What stands in a cell, and smaller below it."""

    text: str
    below: str = ""


@dataclass(frozen=True)
class TableRow:
    """Cells from left to right; a strong row is the one that everything else is about."""

    cells: tuple[Cell, ...]
    strong: bool = False


def table(headers: Sequence[Cell], rows: Sequence[TableRow]) -> str:
    """HTML for `st.html`; texts are shown as they are, `below` of a header is its explanation."""
    head = "".join(
        f'<th scope="col" title="{html.escape(cell.below)}">{html.escape(cell.text)}</th>' for cell in headers
    )
    body = "".join(_row(row) for row in rows)
    inner = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f'{STYLE}<div class="small-table-box"><table class="small-table">{inner}</table></div>'


def _row(row: TableRow) -> str:
    cells = "".join(f"<td>{_cell(cell)}</td>" for cell in row.cells)
    return f'<tr class="{"strong" if row.strong else ""}">{cells}</tr>'


def _cell(cell: Cell) -> str:
    below = f"<small>{html.escape(cell.below)}</small>" if cell.below else ""
    return html.escape(cell.text) + below
