"""The tools over Explore's map that select images, and what the page reports of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import streamlit as st

from ui.components import events, map_selection
from ui.components.model_store import browser_model
from ui.explore import latent_map, state
from ui.explore.latent_map import MapChoice
from ui.explore.layers import layers
from ui.explore.selection import searching, selected, tags
from ui.explore.shown_images import OnMap
from ui.shared import explore_place
from ui.shared.formatting import count
from vae.errors import GenerationError
from vae.generation import groups
from vae.selection.search import Found

NOTHING_FOUND = "Nothing found: search for a row, a class, a tag or a part of a file name."
NO_IMAGE = "No image is selected yet: click one on the map first."


def show(on_map: OnMap, choice: MapChoice) -> None:
    """The tools, above the map that they lie over; what they have reported is selected before they are drawn again."""
    checkpoint = on_map.shown
    names, images = checkpoint.dataset.class_names, len(checkpoint.latents.mu)
    key = f"map-tools-{checkpoint.identity[:16]}"
    problem = _take(on_map, choice, st.session_state.get(key, {}), key)
    selection, found = selected.here(checkpoint), searching.found(on_map)
    if searching.query(on_map) and not found:
        problem = problem or NOTHING_FOUND
    rows = latent_map.rows_of(on_map, choice)
    with st.container(key="map_tools"):
        map_selection.show(
            {
                "fingerprint": browser_model.fingerprint(checkpoint, on_map.maps),
                "class_names": list(names),
                "count": images,
                "map": latent_map.link_description(choice),
                "rows": [int(rows[0]), int(rows[-1]) + 1] if len(rows) else [0, 0],
                "shown_labels": latent_map.shown_labels(on_map, choice),
                "bits": map_selection.bits_of(selection.rows, images),
                "revision": selected.revision(),
                "problem": problem,
                "pictures": _pictures(),
                "tray_open": state.in_panels_place() == "tray",
                "tags": [{"name": tag.name, "count": len(tag.rows)} for tag in tags.of(on_map)],
                "query": searching.query(on_map),
                "found": [{"name": _called(one), "count": len(one.rows)} for one in found],
            },
            key,
        )


def _pictures() -> Literal["none", "images", "everywhere"]:
    """Which pictures the layers put in the place of points."""
    chosen = layers.chosen()
    return "everywhere" if "grid" in chosen else "images" if "pictures" in chosen else "none"


def _called(one: Found) -> str:
    return f"files with {one.name}" if one.kind == "files" else f"{one.kind} {one.name}"


def _take(on_map: OnMap, choice: MapChoice, said: Mapping[str, object], key: str) -> str:
    """Select what was drawn, asked for or found, once; why that can't be."""
    checkpoint = on_map.shown
    kept, found = tags.of(on_map), searching.found(on_map)
    offered = {"class": len(checkpoint.dataset.class_names), "tag": len(kept), "found": len(found)}
    reported = map_selection.events_of(said, len(checkpoint.latents.mu), offered)
    drawn, asked, query, opening = reported.drawn, reported.asked, reported.query, reported.opening
    if opening is not None and events.is_new(f"opening-{key}", opening["id"]):
        state.open_tray()
    if query is not None and events.is_new(f"query-{key}", query["id"]):
        searching.ask(on_map, query["text"])
    if drawn is not None and events.is_new(f"drawn-{key}", drawn["id"]):
        rows = map_selection.rows_of(drawn["bits"], len(checkpoint.latents.mu))
        if rows is not None:
            selected.put_rows(rows)
    if asked is None or not events.is_new(f"asked-{key}", asked["id"]):
        return ""
    if asked["by"] == "found":
        searching.take(on_map, found[asked["number"]])
        return _only_shown(on_map, choice)
    if asked["by"] == "tag":
        return _select(on_map, choice, groups.of_tag(kept[asked["number"]].name))
    if asked["by"] == "class":
        name = checkpoint.dataset.class_names[asked["number"]]
        return _select(on_map, choice, groups.of_classes([name]))
    row = explore_place.here(checkpoint).row
    return NO_IMAGE if row is None else _select(on_map, choice, f"near:{row}:{asked['number']}")


def _select(on_map: OnMap, choice: MapChoice, text: str) -> str:
    """Select what a text stands for, as far as it is shown; what was left out, or why none can be."""
    try:
        groups.parse(text, on_map.shown)
    except GenerationError as error:
        return f"{error.message} {error.hint}".strip()
    selected.put(text)
    return _only_shown(on_map, choice)


def _only_shown(on_map: OnMap, choice: MapChoice) -> str:
    """Take out of what is selected the images that the map does not show; how many these were."""
    rows = selected.here(on_map.shown).rows
    shown = rows[np.isin(rows, latent_map.rows_of(on_map, choice))]
    if len(shown) == len(rows):
        return ""
    selected.put_rows(shown)
    selected.renew()
    left = len(rows) - len(shown)
    return f"{count(left, 'image')} of them {'is' if left == 1 else 'are'} not on this map, and left out."
