"""What a shared page holds of a model: its map, its decoder, its test images, and what is said of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ui.components import assets
from ui.components.live_decoder import panel_data
from ui.components.model_store import browser_model
from ui.components.reach import reach_data
from ui.explore import map_axes, map_words
from ui.palette import CLASS_COLOURS, VALUE_COLOURS
from ui.shared import terms
from ui.shared.figures import MOST_IN_LEGEND
from vae.checkpoints import checkpoint_files, dimension_name_files, metrics
from vae.checkpoints.checkpoint import Checkpoint
from vae.data import datasets
from vae.errors import DatasetError, GenerationError
from vae.generation import holes
from vae.maps import map_files
from vae.maps.projection import ProjectionMap

COLOURS = ("class", "squared_error", "kl", "elbo")
PANEL = ("shared/base.css", "shared/range.css", "shared/help.css", "live_decoder/panel.css")
LEGEND = ("shared/base.css", "map_legend/legend.css")


@dataclass(frozen=True)
class Start:
    """What a page shows first: the map, its latent axes, the colouring, the selected row, and the latent vector, None
    for the row's own.
    """

    method: str
    colour: str
    axes: tuple[int, int | None]
    row: int | None
    z: tuple[float, ...] | None


@dataclass(frozen=True, eq=False)
class WalkData:
    """`about`: plain values for walk.js. `model`: one safetensors file for store.js, with the images as `pictures`
    (N, C, H, W) where they are at hand; `problem` says why they are not. `count` of `of` test images are in it.
    """

    checkpoint: Checkpoint
    about: Mapping[str, Any]
    model: bytes
    count: int
    of: int
    problem: str


def of(checkpoint: Checkpoint, most: int, start: Start | None = None) -> WalkData:
    """The first `most` test images of a model, their maps and its decoder; without a `start` it is the model's own map.

    Raises
    ------
    GenerationError
        For fewer than one image, and for a decoder that is too large for a browser, or unknown to it.
    """
    if most < 1:
        raise GenerationError(f"{most:,} images are asked for, expected 1 or more.")
    if not browser_model.can_decode(checkpoint):
        raise GenerationError(
            f"{checkpoint.name}'s decoder can't run in a browser: it is too large, or has an operation of its own.",
            "Share pictures instead: `python -m vae sample` and `traverse` write them.",
        )
    whole = checkpoint.latents
    rows = np.arange(min(most, len(whole.mu)))
    shown = checkpoint if len(rows) == len(whole.mu) else dataclasses.replace(checkpoint, latents=whole.take(rows))
    every = checkpoint.maps | map_files.read_derived_maps(checkpoint.identity, whole.mu.shape)
    maps = {name: dataclasses.replace(m, xy=m.xy[: len(rows)]) for name, m in every.items()}
    pictures, names, problem = _images(checkpoint, len(rows))
    weights = checkpoint_files.read_weights(checkpoint)
    model = browser_model.pack(shown, weights, maps, {} if pictures is None else {"pictures": pictures})
    about = _about(checkpoint, shown, maps) | {"file_names": names}
    about |= {"start": {} if start is None else _start(start, about)}
    return WalkData(checkpoint, about, model, len(rows), len(whole.mu), problem)


def _start(start: Start, about: Mapping[str, Any]) -> dict[str, Any]:
    """As far as the page has it: a map that was made of other images is not in it."""
    offered = [method["name"] for method in about["methods"]]
    found: dict[str, Any] = {"x": start.axes[0], "y": start.axes[1]} if start.method == "latent" else {}
    found |= {"map": start.method} if start.method in offered else {}
    found |= {"colour": start.colour} if start.colour in about["colours"] else {}
    found |= {"row": start.row} if start.row is not None and start.row < about["count"] else {}
    return found | ({"z": list(start.z)} if start.z is not None else {})


def _images(checkpoint: Checkpoint, count: int) -> tuple[NDArray[np.uint8] | None, list[str] | None, str]:
    name = checkpoint.dataset.name
    try:
        images = datasets.load(name, "test")
    except DatasetError as error:
        return None, None, error.message
    if images.fingerprint != checkpoint.dataset.test_fingerprint:
        return None, None, f"The images of {name} on this machine are others than those it was measured on."
    names = list(images.file_names[:count]) if images.file_names else None
    return images.images[:count], names, ""


def _about(checkpoint: Checkpoint, shown: Checkpoint, maps: Mapping[str, ProjectionMap]) -> dict[str, Any]:
    names = dimension_name_files.read(checkpoint)
    dims = panel_data.slider_dims(checkpoint, shown.latents.mu, names)
    order = [dim["index"] for dim in dims]
    offered = [name for name in map_words.METHODS if name in maps or name == "latent"]
    default = "tsne" if "tsne" in offered and checkpoint.model.latent_dim > 2 else "latent"
    methods = [default, *(name for name in offered if name != default)]
    reach = reach_data(holes.reach(checkpoint.latents))
    colours = COLOURS if metrics.has_kl(checkpoint) else [name for name in COLOURS if name not in ("kl", "elbo")]
    return {
        "methods": [_method(name, maps) for name in methods],
        "axes": order[:2] if len(order) > 2 else list(range(len(order))),
        "order": order,
        "labels": [names.label(j) for j in range(checkpoint.model.latent_dim)],
        "colours": {name: f"Colour: {map_words.COLOURS[name]}" for name in colours},
        "class_names": list(checkpoint.dataset.class_names),
        "class_colours": list(CLASS_COLOURS),
        "value_colours": [list(step) for step in VALUE_COLOURS],
        "most_in_legend": MOST_IN_LEGEND,
        "count": len(shown.latents.mu),
        "reach": reach,
        "panel": {
            "fingerprint": browser_model.fingerprint(shown, maps),
            "latent_dim": checkpoint.model.latent_dim,
            "image_shape": list(checkpoint.model.image_shape),
            "class_names": list(checkpoint.dataset.class_names),
            "count": len(shown.latents.mu),
            "tests": len(shown.latents.mu),
            "reach_of": checkpoint.identity,
            "splits": [],
            "dims": dims,
            "terms": terms.OF_PANEL,
            "original": None,
            "socket": None,
            "decoded": None,
            "away": False,
            "can_name": False,
            "principal": panel_data.principal_dims(checkpoint.latents),
        },
        "panel_parts": {"html": assets.text("live_decoder/panel.html"), "css": assets.text(*PANEL)},
        "legend_parts": {
            "html": '<div class="legend" role="group" aria-label="Classes on the map"></div>',
            "css": assets.text(*LEGEND),
        },
    }


def _method(name: str, maps: Mapping[str, ProjectionMap]) -> dict[str, Any]:
    axes = ["", ""]
    if name != "latent":
        titles = map_axes.of(name, (0, 1), maps)
        axes = [axis.title if axis.measured else "" for axis in titles]
    measured = maps.get(name)
    return {
        "name": name,
        "title": map_words.METHODS[name],
        "axes": axes,
        "trust": f"· {map_words.trust(measured)}" if measured and map_words.trust(measured) else "",
        "protocol": map_words.protocol(measured) if measured else "",
    }
