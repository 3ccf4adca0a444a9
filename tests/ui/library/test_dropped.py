"""What is dropped becomes one archive, under names that lead nowhere; what does not belong together is said."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import pytest

from ui.library.importing import dropped
from vae.errors import DatasetError


@dataclass
class Dropped:
    """A file as Streamlit has it."""

    name: str
    content: bytes = b"x"
    bytes_: int = 0

    @property
    def size(self) -> int:
        return self.bytes_ or len(self.content)

    def getvalue(self) -> bytes:
        return self.content


def names_in(*files: Dropped) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(dropped.archive_of(files).content())) as archive:
        return archive.namelist()


def test_images_and_their_table_are_packed_under_plain_names_of_their_own() -> None:
    found = names_in(Dropped("../../a.png"), Dropped("C:\\x\\a.png"), Dropped("A.PNG"), Dropped("l.csv"))
    assert found == ["a.png", "a-2.png", "A-3.PNG", "l.csv"]


def test_an_archive_is_taken_as_it_is() -> None:
    found = dropped.archive_of([Dropped("own.NPZ")])
    assert (found.name, found.suffix) == ("own.NPZ", ".npz")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([Dropped("a.zip"), Dropped("b.png")], "expected one archive alone"),
        ([Dropped("a.txt", b"hello"), Dropped("b.txt")], "is a text file, expected images"),
        ([Dropped("a.csv", b"a,b\n"), Dropped("b.csv")], "a.csv is"),
        ([Dropped("a.png"), Dropped("a.csv"), Dropped("b.csv")], "2 CSV files, expected one"),
        ([Dropped("a.zip", bytes_=2**30)], "1,024 MB together, expected at most 500"),
    ],
)
def test_what_does_not_belong_together_is_refused_in_words(files: list[Dropped], said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        dropped.archive_of(files)


@pytest.mark.parametrize(
    ("source", "name"),
    [("Faces of 2024.zip", "Faces-of-2024"), ("мама.zip", "mine"), ("-x.npz", "x"), ("taken.zip", "taken-2")],
)
def test_a_name_is_suggested_that_a_data_set_can_have(source: str, name: str) -> None:
    assert dropped.suggested_name(source, ["Taken", "digits"]) == name
