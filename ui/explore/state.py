"""What Explore shows, in the session and in the URL: what a browser or a link says of it, checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from ui.components import events, live_decoder
from ui.components.latent_vector import FARTHEST, finite_vector
from ui.explore.map_words import COLOURS, METHODS, SPLITS
from ui.shared import explore_place
from ui.shared.explore_place import Place
from ui.shared.page_state import PageState, Values
from vae.checkpoints import named_place_files, named_places
from vae.checkpoints.checkpoint import Checkpoint
from vae.checkpoints.dimension_names import DimensionName
from vae.checkpoints.named_places import NamedPlace
from vae.errors import CheckpointError

SELECTED = "selected"  # images, as ui/explore/selection/selected.py writes them
TRAY = "tray"  # which of the tray's views is in the decoder's place
TRAY_VIEWS = ("images", "apart", "near")
NAMED = "place"  # what the place is called where one is
LINKED_PLACE = "explore_linked_place"  # in the session, by model: the named place that a link brought
BESIDE = "beside"  # the name of the model that this one is compared with
InPanelsPlace = Literal["decoder", "own", "tray", "comparison"]
STATE = PageState(
    "explore",
    (
        "map",
        "x",
        "y",
        "colour",
        "shown",
        "images",
        "layers",
        "python",
        "own",
        "sliders",
        SELECTED,
        TRAY,
        BESIDE,
        NAMED,
        "dims",
        "depth",
    ),
    lists=("row", "z"),
    long=("shown",),
)


def write_url(model: str, place: Place, part: str = "") -> None:
    """Make the URL say what is shown; `part` as PageState has it."""
    row = [] if place.row is None else [str(place.row)]
    z = [] if place.z is None else [",".join(f"{v:g}" for v in place.z)]
    STATE.write_url(model, {"row": row, "z": z}, part)


def apply_link(link: Values, checkpoint: Checkpoint) -> None:
    """Go to the link's row and vector; what it gets wrong is said and left out."""
    text = {name: link[name][-1] for name in ("row", "z") if name in link}
    row, z, problems = None, None, []
    count = len(checkpoint.latents.mu)
    if found := text.get("row"):
        row = int(found) if found.isascii() and found.isdigit() and len(found) < 12 else None
        if row is None or row >= count:
            problems.append(f"The link asks for row {found[:20]}, expected a whole number from 0 to {count - 1:,}.")
            row = None
    if found := text.get("z"):
        z = finite_vector(found.split(","), checkpoint.model.latent_dim)
        if z is None:
            wanted = f"{checkpoint.model.latent_dim} numbers from −100 to 100"
            problems.append(f"The link's latent vector z was left out: expected {wanted}, separated by commas.")
    if NAMED in link:
        named = _take_linked_place(link[NAMED][-1], checkpoint, row, z)
        if isinstance(named, str):
            problems.append(named)
        else:
            row, z = named.row, None if named.z is None else list(named.z)
    explore_place.arrive(checkpoint, Place(row, tuple(z) if z else None), " ".join(problems))


def check_link(checkpoint: Checkpoint) -> None:
    """Have what a link says wrongly be said: words that no model of these dimensions could have. Others may be offered
    again (`PageState.offered`).
    """
    dims = [str(j) for j in range(checkpoint.model.latent_dim)]
    words: dict[str, Sequence[str]] = {
        "map": list(METHODS),
        "images": ("all", *SPLITS),
        "python": ("no", "yes"),
        "own": ("no", "yes"),
        "sliders": ("latent", "principal"),
        "dims": ("2", "3"),
        TRAY: ("no", *TRAY_VIEWS),
    }
    for name, known in words.items():
        value = STATE.chosen(name)
        if value and value not in known:
            STATE.refuse(name, value, f"one of {', '.join(known)}", "the default")
    for name in ("x", "y", "depth"):
        value = STATE.chosen(name)
        if value and value not in dims:
            STATE.refuse(name, value, f"a dimension from 0 to {len(dims) - 1:,}", "the default")
    colour = STATE.chosen("colour") or "class"
    if colour not in COLOURS and not colour.startswith("column:") and colour not in [f"z{j}" for j in dims]:
        expected = f"one of {', '.join(COLOURS)}, column:NAME, or a dimension as z0"
        STATE.refuse("colour", colour, expected, "colour by class")


def _take_linked_place(said: str, checkpoint: Checkpoint, row: int | None, z: Sequence[float] | None) -> Place | str:
    """Remember the named place that a link leads to; where that is, or what is wrong with it."""
    try:
        name = named_places.checked_name(said)
    except CheckpointError as error:
        return f"The link's name of a place was left out: {error.message} {error.hint}"
    if row is None and z is None:
        kept = named_place_files.read(checkpoint).of(name)
        if kept is None:
            return f"The link leads to a place {name!r}, of which nothing is kept here, and it says no coordinates."
        there = kept.row if kept.row is not None and kept.row < len(checkpoint.latents.mu) else None
        return place_at(checkpoint, there, list(kept.z))
    here = Place(row, tuple(z) if z else None)
    place = NamedPlace(name, tuple(explore_place.vector(checkpoint, here)), row)
    st.session_state.setdefault(LINKED_PLACE, {})[checkpoint.identity] = place
    return here


def linked_place(checkpoint: Checkpoint) -> NamedPlace | None:
    """The named place that a link brought."""
    found: dict[str, NamedPlace] = st.session_state.get(LINKED_PLACE, {})
    return found.get(checkpoint.identity)


def forget_linked_place(checkpoint: Checkpoint) -> None:
    """Its name is not wanted."""
    st.session_state.get(LINKED_PLACE, {}).pop(checkpoint.identity, None)


def take_event(checkpoint: Checkpoint, value: object) -> bool:
    """Keep a move that the page reports, once; whether there is one. Reports that don't fit are ignored: they come from
    a browser.
    """
    view = live_decoder.view_of(value, checkpoint.model.latent_dim, len(checkpoint.latents.mu))
    if view is None or not events.is_new(f"panel-{checkpoint.identity}", view["id"]):
        return False
    row, z = view["row"], view["z"]
    place = place_at(checkpoint, row, z)
    if place.z is None or max(map(abs, z)) <= FARTHEST:  # only an image's own mean may lie farther out
        explore_place.keep(checkpoint, place)
    return True


def place_at(checkpoint: Checkpoint, row: int | None, z: Sequence[float]) -> Place:
    """A latent vector as a place, with this row selected."""
    return Place(row, None if _is_mean(checkpoint, row, z) else tuple(z))


def in_panels_place() -> InPanelsPlace:
    """What is beside the map: the live decoder, the tool for one own image, the tray of what is selected, or another
    model.
    """
    if STATE.offered("own", ("no", "yes"), "no") == "yes":
        return "own"
    if STATE.offered(TRAY, ("no", *TRAY_VIEWS), "no") != "no":
        return "tray"
    return "comparison" if STATE.text(BESIDE) else "decoder"


def open_tray() -> None:
    """Put the tray in the decoder's place."""
    STATE.put("own", "no")
    STATE.put(TRAY, TRAY_VIEWS[0])


def open_comparison(other: str) -> None:
    """Put the comparison with this model in the decoder's place; "" puts the decoder back."""
    STATE.put("own", "no")
    STATE.put(TRAY, "no")
    STATE.put(BESIDE, other)


def tray_view() -> str:
    """What the tray shows."""
    found = STATE.offered(TRAY, ("no", *TRAY_VIEWS), "no")  # as above: the default is left out of the URL
    return TRAY_VIEWS[0] if found == "no" else found


def opens_own_image(checkpoint: Checkpoint, value: object) -> bool:
    """Whether the page reports that somebody has asked for the tool, once; then it is open."""
    asked = live_decoder.opening_of(value)
    if asked is None or not events.is_new(f"own-{checkpoint.identity}", asked["id"]):
        return False
    STATE.put("own", "yes")
    return True


def sliders_along(checkpoint: Checkpoint, value: object) -> str:
    """What the sliders move along, "latent" or "principal", with what the page reports of it."""
    turn = live_decoder.turn_of(value)
    if turn is not None and events.is_new(f"turn-{checkpoint.identity}", turn["id"]):
        STATE.put("sliders", turn["along"])
    return STATE.offered("sliders", ("latent", "principal"), "latent")


def wants_walk(checkpoint: Checkpoint, value: object) -> live_decoder.Walk | None:
    """The walk that the page reports that somebody wants to keep, once."""
    walk = live_decoder.walk_of(value, checkpoint.model.latent_dim)
    return walk if walk is not None and events.is_new(f"walk-{checkpoint.identity}", walk["id"]) else None


def names_dimension(checkpoint: Checkpoint, value: object) -> DimensionName | None:
    """What the page reports that somebody calls a dimension, once."""
    naming = live_decoder.naming_of(value, checkpoint.model.latent_dim)
    if naming is None or not events.is_new(f"naming-{checkpoint.identity}", naming["id"]):
        return None
    return DimensionName(naming["index"], naming["name"], naming["note"])


def names_place(checkpoint: Checkpoint, value: object) -> live_decoder.PlaceNaming | None:
    """What the page reports that somebody calls a place, once."""
    naming = live_decoder.place_of(value, checkpoint.model.latent_dim, len(checkpoint.latents.mu))
    return naming if naming is not None and events.is_new(f"place-{checkpoint.identity}", naming["id"]) else None


def _is_mean(checkpoint: Checkpoint, row: int | None, z: Sequence[float]) -> bool:
    if row is None:
        return False
    return all(abs(a - b) < 5e-4 for a, b in zip(z, checkpoint.latents.mu[row].tolist(), strict=True))
