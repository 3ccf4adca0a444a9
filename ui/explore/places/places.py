"""Named places: those that are kept with the model, and the one that a link brought."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from ui.components import clicks, events, place_marks
from ui.components.model_store import browser_model
from ui.explore import latent_map, state
from ui.explore.latent_map import MapChoice
from ui.explore.shown_images import OnMap
from ui.explore.state import NAMED, STATE
from ui.shared import explore_place, page
from ui.shared.explore_place import Place
from vae.checkpoints import named_place_files
from vae.checkpoints.checkpoint import Checkpoint
from vae.checkpoints.named_places import NamedPlace, NamedPlaces
from vae.errors import CheckpointError

ABOUT = (
    "Kept with the model on this machine, for everybody who uses the app. “Name…” below the sliders names the place "
    "where you are. The address of a named place carries its name and its coordinates, so a link shows it to others; "
    "theirs it becomes when they keep it."
)


@dataclass(frozen=True)
class _Shown:
    """What has a name here; the place that a link brought, unless it is kept, comes last."""

    kept: NamedPlaces
    linked: NamedPlace | None

    @property
    def all(self) -> tuple[NamedPlace, ...]:
        return self.kept.entries if self.linked is None else (*self.kept.entries, self.linked)


def _shown(checkpoint: Checkpoint) -> _Shown:
    kept, linked = named_place_files.read(checkpoint), state.linked_place(checkpoint)
    known = linked is not None and (there := kept.of(linked.name)) is not None and there.is_at(linked.z)
    return _Shown(kept, None if known else linked)


def take(on_map: OnMap) -> None:
    """Go where a click on a mark leads, once; before the panel is drawn, which it moves."""
    checkpoint = on_map.shown
    shown, key = _shown(checkpoint).all, _key(checkpoint)
    # what the page reported lies in the session before it is drawn again
    going = place_marks.going_of(st.session_state.get(key, {}).get("going"), len(shown))
    if going is not None and events.is_new(key, going["id"]):
        go(checkpoint, shown[going["number"]])


def show(on_map: OnMap, choice: MapChoice) -> None:
    """Mark them on the map. To be called last in its column: where there are none yet, nothing stands here, and what
    comes after would be made anew with the first.
    """
    checkpoint = on_map.shown
    shown, count = _shown(checkpoint).all, len(checkpoint.latents.mu)
    if not shown:
        return
    rows = [place.row if place.row is not None and place.row < count else None for place in shown]
    place_marks.show(
        browser_model.fingerprint(checkpoint, on_map.maps),
        latent_map.link_description(choice),
        [{"name": p.name, "z": list(p.z), "row": row} for p, row in zip(shown, rows, strict=True)],
        _key(checkpoint),
    )


def _key(checkpoint: Checkpoint) -> str:
    return f"store-places-{checkpoint.identity[:16]}"  # as which it takes no room (ui/shared/page.py)


def go(checkpoint: Checkpoint, place: NamedPlace) -> None:
    """Put the person there."""
    row = place.row if place.row is not None and place.row < len(checkpoint.latents.mu) else None
    explore_place.go(checkpoint, state.place_at(checkpoint, row, list(place.z)))


def name_here(checkpoint: Checkpoint, place: Place) -> str:
    """What the place is called where the person is, which the address says, too; "" for one without a name."""
    STATE.forget(NAMED)
    found = NamedPlaces(_shown(checkpoint).all).at(explore_place.vector(checkpoint, place))
    if found is None:
        return ""
    STATE.always(NAMED, found.name)
    return found.name


def keep(checkpoint: Checkpoint, place: NamedPlace) -> None:
    """Name a place; why that can't be is said."""
    try:
        named_place_files.keep(checkpoint, place)
    except CheckpointError as error:
        page.show_error(error)
        return
    st.rerun()  # it is on the map and in the list, too


def offer(on_map: OnMap) -> None:
    """The list, below the model, where there are any: a click leads there, another one takes the name away."""
    checkpoint = on_map.shown
    shown = _shown(checkpoint)
    if not shown.all:
        return
    with st.sidebar, st.popover(f"Named places ({len(shown.all)})", icon=":material/bookmark:", type="tertiary"):
        st.caption("Named places", help=ABOUT)
        for number, place in enumerate(shown.all):
            with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
                called = page.escape(place.name)
                if clicks.button(called, f"place-go-{number}", type="tertiary", width="stretch"):
                    go(checkpoint, place)
                    st.rerun()
                if place is shown.linked:
                    if clicks.button("Keep", "place-keep", help="This name came with the link"):
                        keep(checkpoint, place)
                elif clicks.button(
                    "",
                    f"place-delete-{number}",
                    icon=":material/delete:",
                    type="tertiary",
                    help=f"Take the name {called} away; the place stays",
                ):
                    _delete(checkpoint, place)


def _delete(checkpoint: Checkpoint, place: NamedPlace) -> None:
    try:
        named_place_files.delete(checkpoint, place.name)
    except CheckpointError as error:
        page.show_error(error)
        return
    state.forget_linked_place(checkpoint)  # else it would be offered again at once
    st.rerun()
