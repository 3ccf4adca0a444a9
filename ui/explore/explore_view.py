"""Explore as a whole: the model, its map, and the live decoder beside it."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.components.model_store import browser_model
from ui.decoding import model_sending
from ui.explore import code, latent_map, layout, live_panel, shown_images, state, welcome
from ui.explore.adding import more_images
from ui.explore.comparing import other
from ui.explore.latent_map import MapChoice
from ui.explore.layers import layers
from ui.explore.places import places
from ui.explore.selection import selected, tools
from ui.explore.shown_images import OnMap
from ui.explore.space import dimensions
from ui.explore.state import BESIDE, SELECTED, STATE, InPanelsPlace
from ui.shared import cache, explore_place, model_picker, page
from ui.shared.models import health


@dataclass(frozen=True)
class ExploreView:
    """What Explore shows."""

    on_map: OnMap
    choice: MapChoice


def show() -> ExploreView | None:
    """Pick a checkpoint, then show its map and the decoder side by side; None where there is none."""
    link = STATE.begin()
    linked = link["model"][-1] if link and "model" in link else None
    checkpoint = model_picker.choose(linked)
    if checkpoint is None:
        return None
    health.warn(checkpoint, health.EXPLORE)
    shown = shown_images.of(checkpoint)
    if link and (linked is None or model_picker.Link.parse(linked).name == checkpoint.name):
        state.apply_link(link, shown.shown)
        state.check_link(checkpoint)
    selected.begin(shown.shown, linked=link is not None and SELECTED in link)
    if notice := explore_place.notice(checkpoint):
        st.warning(page.escape(notice), icon=":material/link_off:")
    selected.here(shown.shown)
    layers.chosen()
    other.choose(checkpoint, linked=link is not None and BESIDE in link)
    _say_problems()
    browser = browser_model.can_decode(checkpoint)
    python = _decode_in_python(browser)
    left, right = layout.map_and_panel()
    with left:
        bar = layout.bar()
        choice = latent_map.controls(shown, bar)
        pictured = _map(shown, choice, bar)
    with right:
        _send_model(shown)
        places.take(shown)
        beside = state.in_panels_place()
        live_panel.show(shown, choice, python, beside)
        _in_panels_place(shown, choice, beside)
        if beside == "own" or pictured:
            from ui.explore.sheet import bringing  # not before: it brings what the first view does without

            bringing.bring(shown)
        live_panel.bring_reach(shown)
        places.show(shown, choice)
    places.offer(shown)
    code.offer(shown, choice)
    return ExploreView(shown, choice)


def _map(shown: OnMap, choice: MapChoice, bar: DeltaGenerator) -> bool:
    """The map and what is said of it; whether the page wants the sheet of images."""
    solid = dimensions.wanted(shown, choice)
    if solid:
        from ui.explore.space import space  # not before: the first view does without

        space.show(shown, choice, bar)
        pictured = False
    else:
        pictured = layers.show(shown, choice, bar)
        latent_map.colour_legend(shown, choice)
        tools.show(shown, choice)  # over the map, which comes next
        latent_map.show(shown, choice)
        welcome.show()
    line = st.container(key=layout.LINE, horizontal=True, vertical_alignment="center")
    with line:
        if solid:
            space.say(shown, choice)
        else:
            latent_map.say(shown, choice)
        dimensions.offer(shown, choice)
    more_images.offer(shown, choice.method, line)
    return pictured


def _in_panels_place(shown: OnMap, choice: MapChoice, beside: InPanelsPlace) -> None:
    """What stands where the decoder is otherwise."""
    # each is imported where it is opened: it brings what the first view does without
    if beside == "own":
        from ui.explore.own_image import tool

        tool.show(shown, choice)
        tool.bring(shown)
    elif beside == "tray":
        from ui.explore.selection import tray

        tray.show(shown)
    elif beside == "comparison":
        from ui.explore.comparing import comparison_view

        comparison_view.show(shown, choice)


def _say_problems() -> None:
    """What a link got wrong, each by itself."""
    for problem in STATE.problems():
        st.warning(page.escape(problem), icon=":material/link_off:")


def _send_model(on_map: OnMap) -> None:
    model, maps = on_map.shown, on_map.maps
    key = f"store-{model.identity[:16]}"
    model_sending.send(cache.model_bytes(model, maps), browser_model.fingerprint(model, maps), key)


def _decode_in_python(browser: bool) -> bool:
    st.session_state["python"] = STATE.offered("python", ("no", "yes"), "no") == "yes"

    def changed() -> None:
        STATE.put("python", "yes" if st.session_state["python"] else "no")

    with st.sidebar:
        wanted = st.toggle(
            "Decode in Python",
            key="python",
            on_change=changed,
            disabled=not browser,
            help="PyTorch decodes on the server, not the browser: the reference for the live decoder, and the way for "
            "decoders that a browser can't evaluate.",
        )
    return wanted or not browser
