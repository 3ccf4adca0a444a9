"""What somebody types, and what is found."""

from __future__ import annotations

import numpy as np
import pytest

from vae.selection import search
from vae.selection.search import Searched
from vae.selection.tag_files import Tag

LABELS = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1])
FILES = [f"Kept/{'Cat' if k % 2 else 'dog'}-{k}.png" for k in range(11)]
ALL = Searched(LABELS, ("1", "cat", "wildcat"), [Tag("odd cats", np.array([1, 4])), Tag("cat", np.array([7]))], FILES)


def found(query: str, searched: Searched = ALL) -> list[tuple[str, str, list[int]]]:
    return [(one.kind, one.name, one.rows.tolist()) for one in search.find(query, searched)]


@pytest.mark.parametrize("query", ["4", " row 4 ", "#4", "Row4"])
def test_a_number_is_a_row(query: str) -> None:
    assert ("row", "4", [4]) in found(query)


def test_a_number_is_a_class_and_part_of_a_file_name_too() -> None:
    assert [kind for kind, *_ in found("1")] == ["row", "class", "files", "file", "file"]
    assert found("1")[2] == ("files", "1", [1, 10])
    assert [kind for kind, *_ in found("11")] == []  # rows end before


def test_exact_names_come_before_others_and_case_does_not_count() -> None:
    named = [(kind, name) for kind, name, _ in found("CAT")]
    assert named[:4] == [("class", "cat"), ("tag", "cat"), ("class", "wildcat"), ("tag", "odd cats")]
    assert named[4] == ("files", "cat")
    assert len(named) == search.MOST
    assert found("class wildcat")[0] == ("class", "wildcat", [2, 5, 8])


def test_one_file_is_found_by_any_part_of_its_path() -> None:
    assert found("kept/dog-2") == [("file", "Kept/dog-2.png", [2])]
    assert found("kept/dog-2", Searched(LABELS, ("1", "cat", "wildcat"))) == []


@pytest.mark.parametrize("query", ["", "   ", "x" * 10_000, "9" * 50, "٣", "nothing", ".*", "[", "--1", "1.5"])
def test_what_fits_nothing_finds_nothing(query: str) -> None:
    assert found(query) == []


def test_one_class_is_no_name_for_images() -> None:
    assert found("cat", Searched(np.zeros(3, np.int64), ("cat",))) == []
