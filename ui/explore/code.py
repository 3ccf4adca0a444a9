"""The Python code that makes what Explore shows: the picture, and where it lies on the map."""

from __future__ import annotations

import streamlit as st

from ui.components import clicks
from ui.explore.latent_map import MapChoice
from ui.explore.shown_images import OnMap
from ui.shared import explore_place, python_code
from ui.shared.explore_place import Place

DECIMALS = 4


def offer(on_map: OnMap, choice: MapChoice) -> None:
    """A button below the model; the code is of what is seen when it is clicked."""
    with st.sidebar:
        if clicks.button("Python code", "explore-code", icon=":material/code:", type="tertiary"):
            _dialog(text(on_map, choice, explore_place.here(on_map.shown)))


@st.dialog("The code of this view", width="large")
def _dialog(code: str) -> None:
    st.caption("It makes the picture, and says where it lies on the map. Run it where the app is installed.")
    st.code(code, language="python", wrap_lines=True)


def text(on_map: OnMap, choice: MapChoice, place: Place) -> str:
    """The program. `place` is where the person is among the images on the map."""
    lines = [*_latents(on_map), *_vector(on_map, place), python_code.DECODE.replace("z)", "z[None])")]
    lines += [
        'Path("decoded.png").write_bytes(image_export.png(image_export.sheet(image_export.enlarged(images, 196))))'
    ]
    return python_code.program(on_map.checkpoint, [*lines, *_place(on_map, choice, place)])


def _latents(on_map: OnMap) -> list[str]:
    if not on_map.every:
        return ["latents = checkpoint.latents  # of the test images"]
    return ["latents = every_image.kept(checkpoint).latents  # of all images, test images first"]


def _vector(on_map: OnMap, place: Place) -> list[str]:
    if place.row is not None and place.z is None:
        return [f"z = latents.mu[{place.row}]  # the posterior mean of row {place.row}"]
    numbers = [round(value, DECIMALS) for value in explore_place.vector(on_map.shown, place)]
    return [f"z = np.array({numbers}, np.float32)"]


def _place(on_map: OnMap, choice: MapChoice, place: Place) -> list[str]:
    """`xy` (N, 2) of the images, and `here`, where z is, if the map can tell."""
    if choice.method == "latent":
        axes = [axis for axis in choice.axes if axis is not None]
        return [f"xy = latents.mu[:, {axes}]", f"here = z[{axes}]"]
    projection = on_map.maps[choice.method]
    of_tests = len(projection.xy) == len(on_map.checkpoint.latents.mu)
    read = "map_files.read_derived_maps(checkpoint.identity, {}.mu.shape{})"
    found = (
        f"maps = checkpoint.maps | {read.format('checkpoint.latents', '')}"
        if of_tests
        else f"maps = {read.format('latents', ', map_files.OF_EVERY_IMAGE')}"
    )
    lines = [found, f"xy = maps[{choice.method!r}].xy"]
    if projection.linear is not None:
        return [*lines, f"here = maps[{choice.method!r}].linear.place(z)"]
    if place.row is not None and place.z is None and place.row < len(projection.xy):
        return [*lines, f"here = xy[{place.row}]"]
    return [*lines, "# this kind of map places images only: no place belongs to z itself"]
