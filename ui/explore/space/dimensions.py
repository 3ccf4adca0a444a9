"""Whether the map is shown in two dimensions or three, and the way from one to the other."""

from __future__ import annotations

import streamlit as st

from ui.components import clicks
from ui.explore.latent_map import MapChoice
from ui.explore.shown_images import OnMap
from ui.explore.state import STATE

# not t-SNE and UMAP: a fit in three dimensions takes as long again as that in two, and no checkpoint has room for it
LINEAR = ("latent", "pca")


def wanted(on_map: OnMap, choice: MapChoice) -> bool:
    """Whether the chosen map is shown in three dimensions; one that has no third is not."""
    return STATE.offered("dims", ("2", "3"), "2") == "3" and _has_third(on_map, choice)


def offer(on_map: OnMap, choice: MapChoice) -> None:
    """The other one, where there is one."""
    if not _has_third(on_map, choice):
        return
    solid = wanted(on_map, choice)
    label, to = ("2-D", "2") if solid else ("3-D", "3")
    said = "Back to the map in two dimensions" if solid else "A third dimension of the same map, to turn by hand"
    if clicks.button(label, "explore-dims", icon=":material/view_in_ar:", type="tertiary", help=said):
        put(to)
        st.rerun()


def put(dims: str) -> None:
    """Choose "2" or "3"."""
    STATE.put("dims", "" if dims == "2" else dims)


def _has_third(on_map: OnMap, choice: MapChoice) -> bool:
    return on_map.checkpoint.model.latent_dim > 2 and choice.method in LINEAR
