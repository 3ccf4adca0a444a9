"""Explore, the home page: the map of latent means beside the live decoder."""

from __future__ import annotations

import streamlit as st

from ui import cache, explore_map, explore_panel, explore_python, explore_state, live, picker, shell
from ui.live import payload


def explore() -> None:
    """Pick a checkpoint, then show its map and the decoder side by side."""
    explore_state.forget_shown()
    link = explore_state.followed_link()
    checkpoint = picker.choose(link.model if link else None)
    if checkpoint is None:
        return
    if link and (link.model is None or picker.Link.parse(link.model).name == checkpoint.name):
        explore_state.apply_link(link, checkpoint)
    if notice := explore_state.notice(checkpoint):
        st.warning(shell.escape(notice), icon=":material/link_off:")
    browser = payload.browser_can_decode(checkpoint)
    python = _decode_in_python(browser)
    with st.container(key="side_by_side"):
        left, right = st.columns([1.25, 1], gap="medium")
    maps = cache.all_maps(checkpoint)
    with left:
        choice = explore_map.controls(checkpoint, maps)
        clicked = explore_map.show(checkpoint, maps, choice, native_clicks=python)
    with right:
        if python:
            explore_python.show(checkpoint, clicked)
        else:
            live.store(cache.model_bytes(checkpoint, maps), key=f"store-{checkpoint.identity[:16]}")
            explore_panel.show(checkpoint, maps, choice)


def _decode_in_python(browser: bool) -> bool:
    st.session_state["python"] = explore_state.choice("python", ("no", "yes"), explore_state.USUAL["python"]) == "yes"

    def changed() -> None:
        explore_state.choose("python", "yes" if st.session_state["python"] else "no")

    with st.sidebar:
        wanted = st.toggle(
            "Decode in Python",
            key="python",
            on_change=changed,
            disabled=not browser,
            help="Plain sliders, decoded by PyTorch when you let go: the reference for the live decoder, "
            "and the way for decoders that a browser can't evaluate.",
        )
    return wanted or not browser


with shell.page("Explore"):
    explore()
