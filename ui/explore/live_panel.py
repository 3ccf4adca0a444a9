"""The right side of Explore: the live decoder in the browser, the original that Python brings, and the picture where
Python decodes.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import streamlit as st

from ui.components import live_decoder, model_store
from ui.components.live_decoder import panel_data
from ui.components.model_store import browser_model
from ui.decoding import live
from ui.explore import latent_map, layout, originals, state
from ui.explore.latent_map import MapChoice
from ui.explore.places import places
from ui.explore.shown_images import OnMap
from ui.explore.state import InPanelsPlace
from ui.shared import cache, explore_place, model_picker, page, terms
from ui.shared.explore_place import Place
from vae.checkpoints import dimension_name_files, every_image
from vae.checkpoints.checkpoint import Checkpoint
from vae.checkpoints.named_places import NamedPlace
from vae.errors import CheckpointError, VAEError

STEPS = 10  # pictures from one place of a walk to the next


@st.fragment
def show(on_map: OnMap, choice: MapChoice, in_python: bool, beside: InPanelsPlace) -> None:
    """Runs alone after every move, so the map beside it is left as it is. `in_python`: who decodes. `beside`: what is
    in its place; while that is something else, it only remembers where one was.
    """
    with page.error_boundary():
        checkpoint = on_map.shown
        key = f"panel-{checkpoint.identity[:16]}"
        # what the page reported lies in the session before it is drawn again
        said = st.session_state.get(key, {})
        if state.take_event(checkpoint, said.get("view")) and beside in ("tray", "comparison"):
            st.rerun()  # they show the image, or what is near to it
        if state.opens_own_image(checkpoint, said.get("opening")):
            st.rerun()
        if naming := state.names_dimension(checkpoint, said.get("naming")):
            try:
                dimension_name_files.keep(checkpoint, naming)
                st.rerun()  # the map's axes are called so, too
            except CheckpointError as error:
                page.show_error(error)
        if named := state.names_place(checkpoint, said.get("place")):
            places.keep(checkpoint, NamedPlace(named["name"], tuple(named["z"]), named["row"]))
        along = state.sliders_along(checkpoint, said.get("turn"))
        place = explore_place.here(checkpoint)
        called = places.name_here(checkpoint, place)
        state.write_url(model_picker.link_text(checkpoint), place)
        data = _data(on_map, choice, place)
        data |= {"along": along, "place_name": called}
        data["principal"] = _principal(on_map.checkpoint.identity, on_map.checkpoint) if along == "principal" else None
        data["walk"] = _kept_walk(on_map.checkpoint, state.wants_walk(checkpoint, said.get("walk")))
        data["original"] = originals.of_row(on_map, place.row)
        data["posterior"] = _posterior(on_map, place.row)
        data["socket"] = live.socket_of(checkpoint) if in_python else None
        data["decoded"] = live.picture_of(checkpoint, explore_place.vector(checkpoint, place)) if in_python else None
        data |= {"away": beside != "decoder", "picks": beside != "own"}
        live_decoder.panel(data, key=key)
        if beside != "decoder":
            layout.hide(key)
            return
        if place.row is not None and (missing := cache.missing_dataset(checkpoint)):
            from ui.shared import job_card  # not before: it brings the queue of jobs with it

            job_card.download_offer(missing.name, missing.title, missing.download_mb)


def _posterior(on_map: OnMap, row: int | None) -> dict[str, Any] | None:
    """How wide the posterior of a row's image is, by dimension; None without a row."""
    return None if row is None else {"row": row, "sigma": on_map.shown.latents.sigma[row].tolist()}


def _kept_walk(checkpoint: Checkpoint, walk: live_decoder.Walk | None) -> dict[str, str] | None:
    """The walk as a GIF, in the run that it is asked for."""
    if walk is None:
        return None
    from vae.data import image_export  # not before: it brings Pillow
    from vae.generation import interpolation

    try:
        path = interpolation.path(np.array(walk["places"], np.float32), STEPS, "lerp", live_decoder.MOST_PLACES)
        content = image_export.gif(cache.decoded(checkpoint, path.z))
    except VAEError as error:
        page.show_error(error)
        return None
    return {"id": walk["id"], "gif": base64.b64encode(content).decode()}


@st.cache_resource(max_entries=8, show_spinner=False)
def _principal(identity: str, _checkpoint: Checkpoint) -> dict[str, Any]:
    return panel_data.principal_dims(_checkpoint.latents)


def _data(on_map: OnMap, choice: MapChoice, place: Place) -> dict[str, Any]:
    checkpoint = on_map.shown
    return {
        "fingerprint": browser_model.fingerprint(checkpoint, on_map.maps),
        "latent_dim": checkpoint.model.latent_dim,
        "image_shape": list(checkpoint.model.image_shape),
        "class_names": list(checkpoint.dataset.class_names),
        "count": len(checkpoint.latents.mu),
        "tests": len(on_map.checkpoint.latents.mu),
        "reach_of": checkpoint.identity,
        "splits": [[split, on_map.images.counts[split]] for split in every_image.SPLITS] if on_map.every else [],
        "dims": panel_data.slider_dims(on_map.checkpoint, checkpoint.latents.mu, choice.names),
        "can_name": True,
        "revision": explore_place.revision(),
        "row": place.row,
        "z": None if place.row is not None and place.z is None else explore_place.vector(checkpoint, place),
        "map": latent_map.link_description(choice),
        "terms": terms.OF_PANEL,
    }


def bring_reach(on_map: OnMap) -> None:
    """Tell the page what is far from the data, once it is drawn: measuring it takes a moment."""
    checkpoint = on_map.checkpoint
    place = st.container(key="store-reach")

    def bring() -> None:
        from ui.components import reach  # not before: the first map does without it

        if known := reach.reach_data(cache.reach_in_a_page(checkpoint)):
            with place:
                model_store.store_reach(checkpoint.identity, known, key=f"store-reach-{checkpoint.identity[:16]}")

    page.later(bring)
