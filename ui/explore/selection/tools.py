"""The tools over Explore's map that select images, and what the page reports of them."""

from __future__ import annotations

import streamlit as st

from ui.components import events, map_selection
from ui.components.model_store import browser_model
from ui.explore import latent_map, state
from ui.explore.latent_map import MapChoice
from ui.explore.selection import selected
from ui.explore.shown_images import OnMap
from ui.shared import explore_place
from vae.errors import GenerationError
from vae.generation import groups

NO_IMAGE = "No image is selected yet: click one on the map first."


def show(on_map: OnMap, choice: MapChoice) -> None:
    """The tools, above the map that they lie over; what they have reported is selected before they are drawn again."""
    checkpoint = on_map.shown
    names, count = checkpoint.dataset.class_names, len(checkpoint.latents.mu)
    key = f"map-tools-{checkpoint.identity[:16]}"
    reported = map_selection.events_of(st.session_state.get(key, {}), count, len(names))
    problem = _take(on_map, reported, key)
    selection = selected.here(checkpoint)
    rows = latent_map.rows_of(on_map, choice)
    with st.container(key="map_tools"):
        map_selection.show(
            {
                "fingerprint": browser_model.fingerprint(checkpoint, on_map.maps),
                "class_names": list(names),
                "count": count,
                "map": latent_map.link_description(choice),
                "rows": [int(rows[0]), int(rows[-1]) + 1] if len(rows) else [0, 0],
                "shown_labels": latent_map.shown_labels(on_map, choice),
                "bits": map_selection.bits_of(selection.rows, count),
                "revision": selected.revision(),
                "problem": problem,
                "tray_open": state.in_panels_place() == "tray",
            },
            key,
        )


def _take(on_map: OnMap, reported: map_selection.ToolEvents, key: str) -> str:
    """Select what was drawn or asked for, once; why that can't be."""
    checkpoint = on_map.shown
    drawn, asked, opening = reported.drawn, reported.asked, reported.opening
    if opening is not None and events.is_new(f"opening-{key}", opening["id"]):
        state.open_tray()
    if drawn is not None and events.is_new(f"drawn-{key}", drawn["id"]):
        rows = map_selection.rows_of(drawn["bits"], len(checkpoint.latents.mu))
        if rows is not None:
            selected.put_rows(rows)
    if asked is None or not events.is_new(f"asked-{key}", asked["id"]):
        return ""
    if asked["by"] == "near":
        row = explore_place.here(checkpoint).row
        if row is None:
            return NO_IMAGE
        text = f"near:{row}:{asked['number']}"
    else:
        text = groups.of_classes([checkpoint.dataset.class_names[asked["number"]]])
    try:
        groups.parse(text, checkpoint)
    except GenerationError as error:
        return f"{error.message} {error.hint}".strip()
    selected.put(text)
    return ""
