"""What a browser reports is an event of its component or nothing: no junk reaches a page, and none ends in an error."""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import streamlit as st

from ui import components
from ui.components import (
    back_forward,
    live_decoder,
    manifold,
    map_layers,
    map_legend,
    map_selection,
    own_image,
    picture_sheet,
    place_marks,
    point_cloud,
    reports,
    review,
    scrubber,
    space_mark,
    threshold,
)
from ui.components.picture_sheet import picture_bytes
from ui.components.picture_sheet.picture_bytes import SheetLayout
from ui.components.review.tiles import Review, Tile, pack
from ui.components.threshold.histogram import ScoreGroup

DEEP: Any = 0
for _ in range(50_000):
    DEEP = [DEEP]
JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    2**70,
    10**400,
    0.5,
    math.nan,
    math.inf,
    -math.inf,
    "",
    "x",
    "1",
    "x" * 100_000,
    b"",
]
JUNK += [[], [[]], [1], [math.nan] * 3, [0.0] * 200_000, {}, {"id": "a"}, {1: 2}, {"id": {"a": []}}, DEEP]
WRONG_ANYWHERE: list[Any] = [True, 10**400, math.nan, math.inf, "x" * 100_000, {}, [[]], [math.nan], [0] * 200_000]
NULLABLE = {"row", "picked", "window", "mean", "wanted"}
PLANE: Any = {"base": [0.0, 0.0, 0.0], "u": [1.0, 0.0, 0.0], "v": [0.0, 1.0, 0.0]}
SHEET: Any = {"fingerprint": "model", "plane": PLANE, "scale": "even"}
OWN: Any = {"latent_dim": 2, "count": 10}
TOOLS: Any = {"class_names": ["a", "b", "c"], "count": 10, "tags": [], "found": [{"name": "x", "count": 1}]}
LAYERS: Any = {"layers": [{"name": "pictures"}, {"name": "grid"}], "sheet": "360-abc"}
LEGEND: Any = {"names": ["a", "b", "c"], "coloured": True}
PATH: Any = {"path": {"kind": "slerp", "anchors": [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]}}
LINE: Any = {"path": {"kind": "line", "base": [0.0], "step": [1.0], "low": -2.0, "high": 2.0}}
PICTURES = np.zeros((3, 1, 2, 2), np.uint8)
TILES = [Tile("a", "1", flagged=True), Tile("b", "2", flagged=True), Tile("c", "3", flagged=False)]
REVIEW = Review("Three", "Threshold 2.5")
SCORES = [ScoreGroup("all", np.array([1.0, 2.0], np.float32), "#000")]


class Mounted:
    """A component of Streamlit's that reports `values`, and notes by which names it is listened to."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values, self.heard = values, set[str]()

    def __call__(self, **arguments: Any) -> SimpleNamespace:
        self.heard = {found[1] for name in arguments if (found := re.fullmatch("on_(.*)_change", name))}
        return SimpleNamespace(**(dict.fromkeys(self.heard) | self.values))


# Each component that reports: how to show it, and by every name that it reports: a good event and bad changes of it.
SHOWN: dict[str, tuple[Callable[[], Any], dict[str, tuple[dict[str, Any], list[dict[str, Any]]]]]] = {
    "live_decoder": (
        lambda: live_decoder.panel({"latent_dim": 2, "count": 10}, "key"),
        {
            "view": ({"row": 9, "z": [1, 2.5]}, [{"row": 10}, {"row": -1}, {"z": [1.0]}, {"z": [1.0, math.nan]}]),
            "opening": ({"tool": "own"}, [{"tool": "other"}, {"tool": 1}]),
            "walk": (
                {"places": [[0, 1], [1, 2.5]]},
                [{"places": places} for places in ([[0, 1]], [[0, 1], [1]], [[0, 1], [1, 1e9]], [[0.0, 1.0]] * 13)],
            ),
            "place": (
                {"name": "here", "row": None, "z": [1, 2.5]},
                [{"row": 10}, {"row": -1}, {"z": [1.0]}, {"z": [1.0, 1e9]}, {"name": "x" * 41}, {"name": 1}],
            ),
            "turn": ({"along": "principal"}, [{"along": "other"}, {"along": 1}]),
            "naming": (
                {"index": 1, "name": "slant", "note": ""},
                [{"index": 2}, {"index": -1}, {"name": "x" * 41}, {"note": "x" * 401}, {"name": 1}],
            ),
        },
    ),
    "manifold": (
        lambda: manifold.show(SHEET, "key"),
        {
            "visit": (
                {"a": 0.5, "b": -1, "z": [0, 0, 1], "plane": manifold.plane_name(SHEET)},
                [{"a": 1e6}, {"z": [0, 0]}, {"plane": "other"}],
            ),
            "moved": (
                {"window": [0, 0, 0.5], "plane": manifold.plane_name(SHEET)},
                [{"window": [0, 0]}, {"window": [0, 0, 1e9]}, {"plane": "other"}],
            ),
            "unreachable": ({"plane": manifold.plane_name(SHEET)}, [{"plane": "other"}]),
        },
    ),
    "map_layers": (
        lambda: map_layers.show(LAYERS, "key"),
        {
            "choice": ({"names": ["grid"]}, [{"names": ["walls"]}, {"names": ["grid"] * 21}, {"names": [1]}]),
            "wanted": ({"sheet": "360-abc"}, [{"sheet": "another"}, {"sheet": 1}]),
        },
    ),
    "map_legend": (
        lambda: map_legend.show(LEGEND, "key"),
        {"choice": ({"places": [0, 2]}, [{"places": [3]}, {"places": []}, {"places": [-1]}, {"places": [0, 1, 2, 0]}])},
    ),
    "map_selection": (
        lambda: map_selection.show(TOOLS, "key"),
        {
            "drawn": ({"bits": "/wM="}, [{"bits": "/wc="}, {"bits": "/w=="}, {"bits": "/wMA"}, {"bits": "/wM"}]),
            "asked": (
                {"by": "class", "number": 2},
                [{"number": 3}, {"number": -1}, {"by": "row"}, {"by": "tag"}, {"by": "found"}],
            ),
            "query": ({"text": "cat"}, [{"text": "x" * 201}, {"text": 1}]),
            "opening": ({"tool": "tray"}, [{"tool": "own"}]),
        },
    ),
    "own_image": (
        lambda: own_image.show(OWN, "key"),
        {"view": ({"mean": [1, 2.5], "wanted": 9}, [{"wanted": 10}, {"wanted": -1}, {"mean": [1.0]}, {"mean": []}])},
    ),
    "picture_sheet": (
        lambda: picture_sheet.show(PICTURES, "key", SheetLayout("Three")),
        {
            "click": (
                {"sheet": picture_bytes.fingerprint(PICTURES), "index": 2, "picked": [0, 2]},
                [{"index": 3}, {"index": -1}, {"picked": [3]}, {"picked": ["0"]}, {"sheet": "other", "id": "late"}],
            )
        },
    ),
    "place_marks": (
        lambda: place_marks.show("model", {}, [{"name": "here", "z": [0.0], "row": None}] * 3, "key"),
        {"going": ({"number": 2}, [{"number": 3}, {"number": -1}])},
    ),
    "point_cloud": (lambda: point_cloud.show({}, lambda: None, "key"), {"seen": ({"points": 9}, [{"points": -1}])}),  # type: ignore[typeddict-item]
    "review": (
        lambda: review.show(PICTURES, TILES, "key", REVIEW),
        {
            "choice": (
                {"tiles": pack(PICTURES, TILES, REVIEW).name, "index": 2},
                [{"index": 3}, {"index": -1}, {"tiles": "other"}],
            ),
            "marking": (
                {"tiles": pack(PICTURES, TILES, REVIEW).name, "marks": ["", "confirmed", "rejected"]},
                [{"marks": ["", ""]}, {"marks": ["", "", "deleted"]}, {"marks": []}, {"tiles": "other"}],
            ),
        },
    ),
    "scrubber": (
        lambda: scrubber.show(PATH, "key"),
        {"stop": ({"t": 2}, [{"t": 2.1}, {"t": -0.1}, {"t": "1"}])},
    ),
    "space_mark": (
        lambda: space_mark.show({}, "key"),  # type: ignore[typeddict-item]
        {"leaving": ({"to": "plane"}, [{"to": "space"}])},
    ),
    "threshold": (
        lambda: threshold.show(SCORES, 1.5, "key", label="Score"),
        {"setting": ({"threshold": 1}, [{"threshold": 1e39}, {"threshold": math.inf}])},
    ),
}


def reporting() -> set[str]:
    """Components that listen to their front end, by the name of their folder."""
    folder = Path(str(components.__file__)).parent
    return {file.parent.name for file in folder.glob("*/*.py") if "_change=" in file.read_text("utf-8")}


def shown(name: str, values: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> tuple[list[Any], set[str]]:
    """What `show` returns where the front end reports `values`, and by which names it listened."""
    module = importlib.import_module(f"ui.components.{name}")
    mounts = [key for key, value in vars(module).items() if re.fullmatch("_[A-Z]+", key) and callable(value)]
    assert len(mounts) == 1
    mounted = Mounted(values)
    monkeypatch.setattr(module, mounts[0], mounted)
    found = SHOWN[name][0]()
    return (list(vars(found).values()) if hasattr(found, "__dict__") else [found]), mounted.heard


def test_every_component_that_reports_is_tried() -> None:
    assert reporting() == set(SHOWN)


@pytest.mark.parametrize("name", SHOWN)
def test_junk_is_no_event(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    events = SHOWN[name][1]
    none = [None] * len(events)
    nothing, heard = shown(name, {}, monkeypatch)
    assert (nothing, heard) == (none, set(events))
    for event, (good, changes) in events.items():
        others = dict.fromkeys(events)
        marked = good | {"id": "1-1"}
        result, _ = shown(name, others | {event: marked}, monkeypatch)
        assert [value for value in result if value is not None] == [marked]
        odd = [*JUNK, good, *(marked | change for change in changes), marked | {"id": "x" * 65}]
        odd += [marked | {field: junk} for field in marked for junk in WRONG_ANYWHERE]
        odd += [marked | {field: None} for field in set(marked) - NULLABLE]
        for junk in odd:
            assert shown(name, others | {event: junk}, monkeypatch)[0] == none, f"{junk!r:.200}"


def test_a_line_is_scrubbed_between_its_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    for t, taken in ((-2.0, True), (2.0, True), (2.1, False)):
        monkeypatch.setattr(scrubber, "_SCRUB", Mounted({"stop": {"t": t, "id": "a"}}))
        assert (scrubber.show(LINE, "key") is not None) == taken


@pytest.mark.parametrize("junk", JUNK, ids=[str(place) for place in range(len(JUNK))])
def test_junk_chooses_no_point_and_no_row(junk: Any) -> None:
    wrapped: list[Any] = [{"selection": junk}, {"selection": {"points": junk, "rows": junk, "cells": junk}}]
    wrapped += [{"selection": {"points": [junk]}}, {"selection": {"rows": [junk], "cells": [junk]}}]
    wrapped += [{"selection": {"points": [{"customdata": junk}]}}, {"selection": {"cells": [[junk, "x"]]}}]
    expected = 0 if junk == 0 and type(junk) is int else 1 if junk == [1] else None
    for value in (junk, *wrapped[:3]):
        assert reports.clicked_row(value) is None
    assert reports.clicked_row(wrapped[4]) == expected
    for value in (junk, *wrapped[:1], *wrapped[4:5]):
        assert reports.table_choice(value) == reports.TableChoice()


def test_a_point_and_a_row_that_are_clicked_are_chosen() -> None:
    assert reports.clicked_row({"selection": {"points": [{"customdata": 7, "x": 0.5}, {"customdata": 8}]}}) == 7
    assert reports.clicked_row({"selection": {"points": [{"customdata": [7, "seven"]}]}}) == 7
    ticked = {"selection": {"rows": [3, 5], "columns": [], "cells": []}}
    assert reports.table_choice(ticked) == reports.TableChoice((3, 5))
    clicked = {"selection": {"rows": [3], "cells": [[2, "ELBO"]]}}
    assert reports.table_choice(clicked) == reports.TableChoice((3,), 2)


@pytest.mark.parametrize("text", ["[" * 100_000, "{}", "3", "null", '[{"number": 1}]', '[{"number": "1", "moved": 0}]'])
def test_what_was_not_visited_is_no_visit(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "query_params", {back_forward.MARK: text})
    monkeypatch.setattr(st, "session_state", {})
    assert back_forward.follow(unwritten=True) == back_forward.BackForwardMove(visited=False, overtook=False)
