"""Columns of a CSV file joined to images: values in their places, and what a stranger's file may do."""

from __future__ import annotations

import numpy as np
import pytest

from vae.data.folders.class_table import RawTable
from vae.data.tables import csv_rows, image_columns
from vae.data.tables.image_columns import ImageTable, NumberColumn, TextColumn
from vae.errors import DatasetError

FILES = ["cats/a.png", "cats/b.png", "dogs/a.png", "c d.png"]


def joined(text: str | bytes, count: int = 4, files: list[str] | None = None, name: str = "t.csv") -> ImageTable:
    raw = text if isinstance(text, bytes) else text.encode()
    return image_columns.joined(RawTable(name, raw), count, files)


def numbers(table: ImageTable, name: str) -> list[float]:
    column = table.column(name)
    assert isinstance(column, NumberColumn)
    return [round(value, 4) for value in column.values.tolist()]


def words(table: ImageTable, name: str) -> list[str]:
    column = table.column(name)
    assert isinstance(column, TextColumn)
    return ["" if code < 0 else column.categories[code] for code in column.codes]


def test_rows_are_joined_by_the_names_of_files() -> None:
    table = joined("file,age,kind\ncats/b.png,2.5,x\n./c d.png,1e3,\ndogs\\a,7,y\nnobody.png,9,z\n", files=FILES)
    assert (table.joined_by, table.matched, table.unknown, table.repeated) == ("file name", 3, 1, 0)
    np.testing.assert_equal(numbers(table, "age"), [np.nan, 2.5, 7, 1000])
    assert words(table, "kind") == ["", "x", "y", ""]
    both = joined("name,age\na.png,4\na.png,5\n", files=FILES)  # of two folders; and the first of two rows counts
    np.testing.assert_equal(numbers(both, "age"), [4, np.nan, 4, np.nan])
    assert (both.matched, both.repeated) == (2, 1)


def test_rows_are_joined_by_row_numbers() -> None:
    table = joined("Row;a\n2;0,5\n0;-1,25\n2;9\n4;1\n-1;1\nx;1\n1;\n", files=FILES)
    assert (table.joined_by, table.matched, table.unknown, table.repeated) == ("row number", 3, 3, 1)
    np.testing.assert_equal(numbers(table, "a"), [-1.25, np.nan, 0.5, np.nan])


def test_a_row_for_each_image_is_joined_by_order_and_any_other_number_is_refused() -> None:
    assert numbers(joined("a\n1\n2\n3\n4\n"), "a") == [1, 2, 3, 4]
    with pytest.raises(DatasetError, match=r"3 rows of data for 4 images.*headings are 'a'") as error:
        joined("a\n1\n2\n3\n")
    assert "0 to 3" in error.value.hint


def test_a_column_is_one_of_words_as_soon_as_one_is_there() -> None:
    table = joined("n,w,m\n1,1,nan\nNA,one,inf\n,2,1e99\n3,1,4\n")
    np.testing.assert_equal(numbers(table, "n"), [1, np.nan, np.nan, 3])
    assert words(table, "w") == ["1", "one", "2", "1"]
    column = table.column("w")
    assert isinstance(column, TextColumn)
    assert column.categories == ("1", "2", "one")  # the most frequent first
    np.testing.assert_equal(numbers(table, "m"), [np.nan, np.nan, np.nan, 4])
    assert column.known.tolist() == [True] * 4


def test_headings_have_names_of_their_own_and_show_what_they_hold() -> None:
    head = "a,a,,<b>x</b>\u202eevil," + "y" * 500
    names = [column.name for column in joined(head + "\n" + "1,2,3,4,5\n" * 4).columns]
    assert names == ["a", "a (2)", "column 3", "<b>x</b>\\u202eevil", "y" * 60]
    assert words(joined("a\n" + "\x1b[31m,\nq\nq\nq\n"), "a")[0] == "\\x1b[31m"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_tables_are_read_in_whatever_encoding_they_come(encoding: str) -> None:
    table = joined("größe\tk\n1\tä\n2\tö\n3\tä\n4\tä\n".encode(encoding))
    assert [column.name for column in table.columns] == ["größe", "k"]
    assert words(table, "k") == ["ä", "ö", "ä", "ä"]


def test_too_many_columns_are_left_out_and_counted() -> None:
    wide = ",".join(f"c{k}" for k in range(130))
    table = joined(wide + "\n" + (",".join("1" * 130) + "\n") * 4)
    assert (len(table.columns), table.left_out) == (100, 30)
    assert table.column("c99") and not table.column("c100")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "empty file"),
        (b" \n\n", "empty file"),
        (b"a,b\n", "1 row, expected a line of headings"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "picture"),
        (b"PK\x03\x04\0\0\0\0", "archive"),
        (b"\0\1\2\3", "another kind"),
        (b"a," * (csv_rows.MOST_CELLS + 1), "cells, expected at most"),
        (b"a\n" + b"x" * (csv_rows.MOST_CELL + 1), "cell of more than"),
        (b'a\n"' + b"x\n" * 200_000, "CSV file that can be read|cell of more than"),
        (b"row,a\n77,1\n", "No row of t.csv is about one of these 4 images"),
        (b"row,a\n1,\n2,\n", "no column with values"),
        (b"row\n1\n2\n", "no column with values"),
        (b"1" * (image_columns.MOST_BYTES + 1), "expected at most 32"),
    ],
    ids=lambda value: value[:12].decode("latin-1") if isinstance(value, bytes) else "",
)
def test_what_is_no_table_of_these_images_is_refused_in_words(raw: bytes, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        joined(raw)


def test_a_table_whose_first_heading_begins_as_a_picture_does_is_read() -> None:
    assert numbers(joined("BMI\n1\n2\n3\n4\n"), "BMI") == [1, 2, 3, 4]
