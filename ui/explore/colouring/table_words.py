"""What Explore says of a table that somebody adds. No streamlit."""

from __future__ import annotations

from ui.shared.formatting import count
from vae.data.tables.image_columns import MOST_COLUMNS, ImageColumn, ImageTable

ASKED = (
    "A CSV file with a line of headings. A column `row` holds the images’ row numbers, or any column the names of "
    "their files; or there is a line for each image, in their order. Every other column becomes a colouring: numbers "
    "on a scale, words as categories. Images without a value are grey."
)
KEPT = "The file stays in the server’s memory while this tab is open, and is written nowhere."


def report(table: ImageTable, images: int) -> str:
    """How a table fits: `Found in t.csv: 348 of 360 images, joined by file name. …`."""
    said = [f"Found in {table.name}: {table.matched:,} of {count(images, 'image')}, joined by {table.joined_by}."]
    if table.unknown:
        said.append(f"Of no image here: {count(table.unknown, 'line')}.")
    if table.repeated:
        said.append(f"Of an image that an earlier line is of, which counts: {count(table.repeated, 'line')}.")
    if table.left_out:
        said.append(f"Left out: {count(table.left_out, 'column')} beyond the first {MOST_COLUMNS:,}.")
    return " ".join(said)


def known(column: ImageColumn) -> str:
    """`312 have a value`."""
    have = int(column.known.sum())
    return f"{have:,} {'has' if have == 1 else 'have'} a value"
