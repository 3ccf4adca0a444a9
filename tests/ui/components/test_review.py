"""The tiles of a review, as they are sent. What their front end does is in tests/browser/anomalies."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from ui.components import review
from ui.components.review.tiles import MOST_TILES, Review, Tile, pack

PIXELS = np.arange(2 * 3 * 4 * 5, dtype=np.uint8).reshape(2, 3, 4, 5)
TILES = [Tile("a<b>.png", "6.78", True, "confirmed"), Tile("ü.png", "0.5", False)]
ABOUT = Review("Worst first", "Threshold 1", selected=1, revision=3)


def said(data: bytes) -> dict[str, Any]:
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    found: dict[str, Any] = json.loads(header["__metadata__"]["review"])
    return found


def test_pictures_names_and_marks_are_sent_as_they_are() -> None:
    content = pack(PIXELS, TILES, ABOUT)
    np.testing.assert_array_equal(safetensors.numpy.load(content.data)["pixels"], PIXELS)
    found = said(content.data)
    assert [tile["name"] for tile in found["tiles"]] == ["a<b>.png", "ü.png"]
    assert [(tile["flagged"], tile["mark"]) for tile in found["tiles"]] == [(True, "confirmed"), (False, "")]
    assert (found["selected"], found["revision"], found["line"], found["name"]) == (1, 3, "Threshold 1", content.name)


def test_other_pictures_or_names_are_other_tiles_and_marks_are_not() -> None:
    name = pack(PIXELS, TILES, ABOUT).name
    assert pack(PIXELS, [TILES[0], Tile("ü.png", "9", True, "rejected")], Review("x", "y")).name == name
    assert pack(PIXELS, [TILES[0], Tile("v.png", "0.5", False)], ABOUT).name != name
    assert pack(PIXELS[::-1], TILES, ABOUT).name != name


@pytest.mark.parametrize("pixels", [PIXELS[:1], PIXELS.astype(np.float32), PIXELS[0]])
def test_what_does_not_fit_is_refused(pixels: np.ndarray[Any, Any]) -> None:
    with pytest.raises(ValueError, match="Expected uint8 pictures"):
        pack(pixels, TILES, ABOUT)
    with pytest.raises(ValueError, match="at most"):
        pack(np.zeros((MOST_TILES + 1, 1, 1, 1), np.uint8), [TILES[0]] * (MOST_TILES + 1), ABOUT)


@pytest.mark.parametrize(
    ("choice", "marking"),
    [
        ({"index": 2}, {"marks": [""]}),
        ({"index": -1}, {"marks": ["", "<script>"]}),
        ({"index": "0"}, {"marks": ["", "", ""]}),
        ({"tiles": "others", "index": 0}, {"tiles": "others", "marks": ["", ""]}),
        (7, [1]),
    ],
)
def test_what_a_browser_reports_is_checked(monkeypatch: pytest.MonkeyPatch, choice: Any, marking: Any) -> None:
    name = pack(PIXELS, TILES, ABOUT).name

    def reported(value: Any) -> Any:
        return {"tiles": name, "id": "a", **value} if isinstance(value, dict) else value

    class Result:
        pass

    result = Result()
    result.choice, result.marking = reported(choice), reported(marking)  # type: ignore[attr-defined]
    monkeypatch.setattr(review, "_REVIEW", lambda **_: result)
    assert review.show(PIXELS, TILES, "a", ABOUT) == review.Reported(None, None)
    result.choice, result.marking = reported({"index": 1}), reported({"marks": ["", "rejected"]})  # type: ignore[attr-defined]
    heard = review.show(PIXELS, TILES, "a", ABOUT)
    assert heard.choice is not None
    assert heard.marking is not None
    assert (heard.choice["index"], heard.marking["marks"]) == (1, ["", "rejected"])
