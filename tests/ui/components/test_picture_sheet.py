"""The bytes of a sheet: all pictures as they are, what names them, and nothing that a page can't show."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import streamlit as st
from numpy.typing import NDArray

from ui.components import picture_sheet
from ui.components.picture_sheet import picture_bytes
from ui.components.picture_sheet.picture_bytes import SheetLayout

PICTURES = np.random.default_rng(0).integers(0, 256, (6, 3, 4, 5), dtype=np.uint8)


def about(content: bytes) -> dict[str, Any]:
    """As sheet.js reads it."""
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    found: dict[str, Any] = json.loads(header["__metadata__"]["sheet"])
    return found


@pytest.mark.parametrize(
    "images",
    [PICTURES, PICTURES[::-2], PICTURES.transpose(0, 1, 3, 2), PICTURES[:0], np.asfortranarray(PICTURES)],
    ids=["plain", "backwards", "turned", "none", "fortran"],
)
def test_the_pictures_arrive_as_they_are(images: NDArray[np.uint8]) -> None:
    content = picture_bytes.pack(images, SheetLayout("Samples"))
    np.testing.assert_array_equal(safetensors.numpy.load(content)["pixels"], images)


def test_names_arrive_as_they_are() -> None:
    hostile = '</script>"\\\u2028 · é'
    content = picture_bytes.pack(
        PICTURES,
        SheetLayout(
            hostile,
            columns=3,
            tile=40,
            selected=5,
            row_names=["z4 · 2.10 nats", hostile],
            row_titles=(hostile,),
            column_names=["−3", "0", "+3"],
            titles=[hostile],
        ),
    )
    assert about(content) == {
        "fingerprint": picture_bytes.fingerprint(PICTURES),
        "label": hostile,
        "columns": 3,
        "tile": 40,
        "selected": 5,
        "picked": None,
        "row_names": ["z4 · 2.10 nats", hostile],
        "row_titles": [hostile],
        "column_names": ["−3", "0", "+3"],
        "titles": [hostile],
    }


@pytest.mark.parametrize("selected", [None, -1, 6, 1_000])
def test_only_a_picture_can_be_selected(selected: int | None) -> None:
    assert about(picture_bytes.pack(PICTURES, SheetLayout("", selected=selected)))["selected"] is None


def test_only_pictures_can_be_picked_each_once() -> None:
    picked = [5, -1, np.int64(2), 6, 2]
    assert about(picture_bytes.pack(PICTURES, SheetLayout("", picked=picked)))["picked"] == [2, 5]  # type: ignore[arg-type]
    assert about(picture_bytes.pack(PICTURES, SheetLayout("", picked=[])))["picked"] == []


def test_integers_of_numpy_will_do() -> None:
    content = picture_bytes.pack(PICTURES, SheetLayout("", selected=np.int64(3), columns=np.int32(2)))  # type: ignore[arg-type]
    assert (about(content)["selected"], about(content)["columns"]) == (3, 2)


def test_the_same_pictures_have_the_same_bytes_and_others_do_not() -> None:
    assert picture_bytes.pack(PICTURES, SheetLayout("a")) == picture_bytes.pack(PICTURES.copy(), SheetLayout("a"))
    other = PICTURES.copy()
    other[5, 2, 3, 4] ^= 1
    names = {
        picture_bytes.fingerprint(images) for images in (PICTURES, other, PICTURES[:5], PICTURES.reshape(6, 3, 5, 4))
    }
    assert len(names) == 4


@pytest.mark.parametrize(
    ("images", "arguments", "said"),
    [
        (PICTURES.astype(np.float32), {}, "float32"),
        (PICTURES[0], {}, "(3, 4, 5)"),
        (np.zeros((2, 1, 0, 4), np.uint8), {}, "(2, 1, 0, 4)"),
        (np.zeros((picture_bytes.MAX_PICTURES + 1, 1, 1, 1), np.uint8), {}, "2688 pictures"),
        (np.zeros((1_600, 3, 128, 128), np.uint8), {}, "bytes"),
        (PICTURES, {"columns": 0}, "columns"),
        (PICTURES, {"tile": -3}, "tile"),
    ],
)
def test_what_is_no_sheet_is_refused(images: NDArray[Any], arguments: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("(", r"\(").replace(")", r"\)")):
        picture_bytes.pack(images, SheetLayout("", **arguments))  # type: ignore[arg-type]


def test_a_click_means_the_pictures_that_were_clicked(monkeypatch: pytest.MonkeyPatch) -> None:
    others, sent = PICTURES[::-1], {"sheet": picture_bytes.fingerprint(PICTURES), "index": 1, "id": "1-1"}
    monkeypatch.setattr(picture_sheet, "_SHEET", lambda **_: SimpleNamespace(click=sent))
    monkeypatch.setattr(st, "session_state", {})
    layout = SheetLayout("Six")
    assert picture_sheet.show(others, "late", layout) is None  # these have replaced those that were clicked
    assert picture_sheet.show(PICTURES, "late", layout) is None  # a click that was none stays none
    assert picture_sheet.show(PICTURES, "in time", layout) == sent
    assert picture_sheet.show(others, "in time", layout) == sent  # the choice of a place outlives its pictures
