"""What somebody searches for on Explore, and what was found."""

from __future__ import annotations

import streamlit as st

from ui.explore import shown_images
from ui.explore.selection import selected, tags
from ui.explore.shown_images import OnMap
from ui.shared import explore_place
from ui.shared.explore_place import Place
from vae.generation import groups
from vae.selection import search
from vae.selection.search import Found, Searched

QUERY = "explore_query"  # in the session, by checkpoint


def ask(on_map: OnMap, query: str) -> None:
    """Remember what is searched for."""
    st.session_state.setdefault(QUERY, {})[on_map.checkpoint.identity] = query


def query(on_map: OnMap) -> str:
    """What was searched for last."""
    asked: dict[str, str] = st.session_state.get(QUERY, {})
    return asked.get(on_map.checkpoint.identity, "")


def found(on_map: OnMap) -> list[Found]:
    """What fits it now."""
    wanted = query(on_map)
    if not wanted:
        return []
    files = shown_images.file_names(on_map)
    return _found(on_map.sheet_name, on_map.checkpoint.identity, wanted, tags.stamp(on_map), hash(files), on_map)


@st.cache_resource(max_entries=16, show_spinner=False)
def _found(images: str, identity: str, wanted: str, tagged: str, files: int, _on_map: OnMap) -> list[Found]:
    labels, names = _on_map.images.latents.labels, _on_map.checkpoint.dataset.class_names
    return search.find(wanted, Searched(labels, names, tags.of(_on_map), shown_images.file_names(_on_map)))


def take(on_map: OnMap, one: Found) -> None:
    """Select what was found; a single image is shown by the decoder, too."""
    if one.kind == "class":
        selected.put(groups.of_classes([one.name]))
    elif one.kind == "tag":
        selected.put(groups.of_tag(one.name))
    else:
        selected.put_rows(one.rows)
        selected.renew()
    if len(one.rows) == 1:
        explore_place.go(on_map.shown, Place(int(one.rows[0])))
