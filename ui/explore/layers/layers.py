"""The layers of the map: a menu in the bar above it, and what the page draws them from."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from ui.components import events, map_layers
from ui.components.map_layers import LayerData, PrintData
from ui.components.model_store import browser_model
from ui.explore import latent_map
from ui.explore.latent_map import MapChoice
from ui.explore.layers import layer_words
from ui.explore.shown_images import OnMap
from ui.explore.state import STATE
from ui.palette import CLASS_COLOURS
from ui.shared import cache
from vae.errors import DatasetError

JOIN = ","
NONE = "none"  # in the URL, where no layer is shown
USUAL = ("pictures",)
OF_CLASSES = ("regions", "names")  # which images of one class, or without classes, don't have


def show(on_map: OnMap, choice: MapChoice, bar: DeltaGenerator) -> bool:
    """Show the menu in the map's bar; returns whether the page wants the sheet of images (ui/explore/sheet)."""
    key = f"layers-{on_map.checkpoint.identity[:16]}"
    said = st.session_state.get(key, {})  # what the page reported lies in the session before it is drawn again
    sheet = on_map.sheet_name
    wanted = map_layers.wanted_of(said.get("wanted"), sheet) is not None
    rows = latent_map.rows_of(on_map, choice)
    layers = _layers(on_map, choice, rows, wanted)
    _take_choice(key, said.get("choice"), layers)
    wanted_layers = chosen()
    with bar:
        map_layers.show(
            {
                "fingerprint": browser_model.fingerprint(on_map.shown, on_map.maps),
                "figure": latent_map.figure_name(on_map, choice),
                "chart_key": latent_map.CHART_KEY,
                "map": latent_map.link_description(choice),
                "rows": [int(rows[0]), int(rows[-1]) + 1] if len(rows) else [0, 0],
                "labels": latent_map.shown_labels(on_map, choice),
                "image_shape": list(on_map.checkpoint.model.image_shape),
                "class_names": list(on_map.checkpoint.dataset.class_names),
                "class_colours": list(CLASS_COLOURS),
                "sheet": sheet,
                "layers": layers,
                "chosen": [layer["name"] for layer in layers if layer["name"] in wanted_layers],
                "usual": list(USUAL),
                "print": _print(on_map, choice),
                "revision": STATE.revision(),
            },
            key,
        )
    return wanted


def _print(on_map: OnMap, choice: MapChoice) -> PrintData:
    """What stands above a printed map."""
    name = on_map.checkpoint.name
    return {
        "title": f"{name}: {latent_map.title(on_map, choice)}",
        "legend": latent_map.legend_entries(on_map, choice),
        "file": f"{name}-{choice.method}-map",
    }


def _take_choice(key: str, value: object, layers: list[LayerData]) -> None:
    """Keep a choice that the page reports, once."""
    choice = map_layers.choice_of(value, [layer["name"] for layer in layers])
    if choice is not None and events.is_new(key, choice["id"]):
        names = JOIN.join(choice["names"]) or NONE
        STATE.put("layers", "" if names == JOIN.join(USUAL) else names)


def chosen() -> list[str]:
    """The layers that are wanted, whether this model has them or not; a link's mistakes are said."""
    text = STATE.text("layers")
    if not text:
        return list(USUAL)
    names = [] if text == NONE else text.split(JOIN)
    if unknown := [name for name in names if name not in layer_words.TITLES]:
        STATE.refuse("layers", unknown[0], f"some of {', '.join(layer_words.TITLES)}, or {NONE}", "the default")
        return list(USUAL)
    return names


def _no_regions(on_map: OnMap, choice: MapChoice, rows: NDArray[np.int32]) -> str:
    """Why class regions of these images would show nothing; "" where they would show something."""
    labels, shown = on_map.images.latents.labels[rows], latent_map.shown_labels(on_map, choice)
    counts = np.bincount(labels if shown is None else labels[np.isin(labels, shown)], minlength=1)
    return layer_words.no_regions(int(counts.max()), int(counts.sum()))


def _layers(on_map: OnMap, choice: MapChoice, rows: NDArray[np.int32], wanted: bool) -> list[LayerData]:
    """The layers of this model, and why there are none of some."""
    checkpoint = on_map.checkpoint
    why_not = {
        "pictures": layer_words.NO_PICTURES if not _has_images(on_map, wanted) else "",
        "regions": _no_regions(on_map, choice, rows),
        "grid": "" if browser_model.can_decode(checkpoint) else layer_words.NO_GRID,
    }
    offered = [name for name in layer_words.TITLES if name not in OF_CLASSES or latent_map.has_classes(on_map)]
    return [
        {
            "name": name,
            "title": layer_words.TITLES[name],
            "help": layer_words.HELP[name],
            "why_not": why_not.get(name, ""),
        }
        for name in offered
    ]


def _has_images(on_map: OnMap, wanted: bool) -> bool:
    """Whether the images are on this machine, as far as that is known: they are only read once they are wanted."""
    if not wanted:
        return cache.missing_dataset(on_map.checkpoint) is None
    try:
        cache.test_images(on_map.checkpoint)
    except DatasetError:
        return False
    return True
