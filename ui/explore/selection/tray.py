"""The tray: what is selected, looked at closely, in the decoder's place. It is imported once it is opened."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.components import clicks, events, picture_sheet
from ui.components.picture_sheet.picture_bytes import SheetLayout
from ui.explore import shown_images, state
from ui.explore.selection import actions, pictures, selected, tray_tables
from ui.explore.selection.selected import Selection
from ui.explore.shown_images import OnMap
from ui.explore.state import STATE, TRAY
from ui.shared import explore_place, model_picker, page
from ui.shared.explore_place import Place
from ui.shared.formatting import count
from ui.shared.pictures import enlarged
from vae.checkpoints import dimension_name_files, metrics
from vae.errors import DatasetError
from vae.selection import description, near
from vae.selection.description import Description
from vae.selection.near import Neighbour

VIEWS = {"images": "Images", "apart": "What sets them apart", "near": "Neighbours"}
A_PAGE = 96  # pictures
NEIGHBOURS = 24
MOST_CLASSES = 10  # beside the pictures
TILE = 44  # CSS pixels
MEAN_WIDTH = 96
EMPTY = "Nothing is selected: draw around images with the lasso (L), or choose a class with the tools on the map."
APART = (
    "d is Cohen's: the difference between the means of the selected images and of the rest, in pooled standard "
    "deviations. From 0.2 on it counts as small, from 0.5 as medium, from 0.8 as large. Bars go from one standard "
    "deviation below the mean to one above: wide and grey for all images, narrow and coloured for those selected. "
    "Dimensions are posterior means; the largest effect comes first."
)
OF_ALL = "How often a class is among the selected images, for once among all images on the map."
TYPICAL = "Typical: near to the mean of the selected images in latent space."
NEAR = (
    "In latent space: Euclidean distance between posterior means. By pixels: the root of the summed squared "
    "differences of pixels in [0, 1]. Among all images on the map."
)

Rows = NDArray[np.int64]


@st.fragment
def show(on_map: OnMap) -> None:
    """Runs alone when its pages are turned."""
    with page.error_boundary(), st.container(key="tray", gap="small"):
        selection = selected.here(on_map.shown)
        _head(on_map, selection)
        view = _view()
        # the panel has written the URL before the view was changed here
        state.write_url(model_picker.link_text(on_map.shown), explore_place.here(on_map.shown), part="tray")
        actions.show(on_map, selection)
        with st.container(key="tray_body"):
            if view == "near":
                _neighbours(on_map)
            elif not len(selection.rows):
                st.info(EMPTY, icon=":material/lasso_select:")
            elif view == "apart":
                _apart(on_map, selection)
            else:
                _images(on_map, selection)


def _head(on_map: OnMap, selection: Selection) -> None:
    said, row = f"{count(len(selection.rows), 'image')} selected", explore_place.here(on_map.shown).row
    if state.tray_view() == "near":
        said = "Neighbours of no image yet" if row is None else f"Neighbours of row {row:,}"
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.markdown(f"**{said}**", width="stretch")
        if clicks.button("Close", "tray-close", icon=":material/close:", type="tertiary", help="Back to the decoder"):
            STATE.put(TRAY, "no")
            st.rerun()


def _view() -> str:
    st.session_state["tray-view"] = state.tray_view()

    def changed() -> None:
        STATE.put(TRAY, st.session_state["tray-view"])

    st.segmented_control(
        "Look at",
        list(VIEWS),
        format_func=VIEWS.__getitem__,
        key="tray-view",
        on_change=changed,
        required=True,
        label_visibility="collapsed",
    )
    return str(st.session_state["tray-view"])


def _description(on_map: OnMap, selection: Selection) -> Description:
    return _described(
        on_map.checkpoint.identity, len(on_map.images.latents.mu), selection.digest, selection.rows, on_map
    )


@st.cache_data(max_entries=32, show_spinner=False)
def _described(identity: str, images: int, digest: str, _rows: Rows, _on_map: OnMap) -> Description:
    return description.describe(_on_map.images.latents, _rows)


def _images(on_map: OnMap, selection: Selection) -> None:
    """Classes and the mean image, and all images, the most typical first."""
    names = on_map.checkpoint.dataset.class_names
    classes, average = st.columns([3, 1], gap="small")
    if len(names) > 1:
        found = _description(on_map, selection).classes
        with classes:
            st.html(tray_tables.classes(found[:MOST_CLASSES], names))
            if (more := len(found) - MOST_CLASSES) > 0:
                st.caption(f"and {more:,} more: see {VIEWS['apart']}")
    try:
        mean = pictures.mean(on_map, selection.rows, selection.digest)
    except DatasetError as error:
        page.show_error(error)
        return
    with average:
        st.caption("Mean image")
        st.image(enlarged(mean, MEAN_WIDTH), width=MEAN_WIDTH)
    rows = pictures.typical(on_map, selection.rows, selection.digest)
    start = _page(len(rows), selection.digest)
    shown = rows[start : start + A_PAGE]
    _sheet(
        on_map, shown, "tray-images", "Selected images, the most typical first", [_title(on_map, row) for row in shown]
    )


def _page(total: int, digest: str) -> int:
    """Which image comes first; with the buttons that turn pages."""
    key = f"tray-page-{digest[:12]}"
    last = (total - 1) // A_PAGE
    at: int = min(last, st.session_state.get(key, 0))

    def turn(by: int) -> None:
        st.session_state[key] = at + by

    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        first, end = at * A_PAGE + 1, min(total, (at + 1) * A_PAGE)
        said = f"{first:,} to {end:,}, the most typical first" if last else "The most typical first"
        st.caption(said, width="stretch", help=TYPICAL)
        if last:
            st.button("Earlier", on_click=turn, args=(-1,), disabled=at == 0, type="tertiary")
            st.button("Later", on_click=turn, args=(1,), disabled=at == last, type="tertiary")
    return at * A_PAGE


def _sheet(on_map: OnMap, rows: Rows, key: str, label: str, titles: list[str]) -> None:
    """Pictures of rows; a click selects the image for the decoder."""
    try:
        found = pictures.of_rows(on_map, rows)
    except DatasetError as error:
        page.show_error(error)
        return
    clicked = picture_sheet.show(found, key, SheetLayout(label, tile=TILE, titles=titles))
    if clicked is not None and events.is_new(key, clicked["id"]):
        explore_place.go(on_map.shown, Place(int(rows[clicked["index"]])))
        st.rerun()


def _title(on_map: OnMap, row: int) -> str:
    """`row 12 · class 7 · a/b.png`."""
    checkpoint = on_map.checkpoint
    names, files = checkpoint.dataset.class_names, shown_images.file_names(on_map)
    parts = [f"row {row:,}"]
    if len(names) > 1:
        parts.append(f"class {names[on_map.images.latents.labels[row]]}")
    return " · ".join([*parts, *([files[row]] if files else [])])


def _apart(on_map: OnMap, selection: Selection) -> None:
    """Which dimensions, numbers and classes are unlike those of the rest."""
    found = _description(on_map, selection)
    names = on_map.checkpoint.dataset.class_names
    named = dimension_name_files.read(on_map.checkpoint)
    dimensions = [named.label(j) for j in range(on_map.checkpoint.model.latent_dim)]
    st.caption(_sentence(found, names, dimensions), help=page.escape(APART))
    numbers = tray_tables.numbers_of(metrics.has_kl(on_map.checkpoint))
    st.html(tray_tables.spreads(found, dimensions, numbers))
    if len(names) > 1:
        st.caption("Classes, the most frequent first", help=page.escape(OF_ALL))
        st.html(tray_tables.classes(found.classes, names))


def _sentence(found: Description, names: Sequence[str], dimensions: Sequence[str]) -> str:
    """The strongest differences in words."""
    large = [one for one in found.dimensions[:3] if one.effect and one.size == "large"]
    said = [f"{dimensions[int(one.name)]} ({one.effect:+.1f})" for one in large]
    unlike = [one for one in found.classes if one.times >= 2 and one.share >= 0.1] if len(names) > 1 else []
    classes = [f"class {names[one.label]} ({tray_tables.times(one)})" for one in unlike[:2]]
    if not said and not classes:
        return "No dimension and no class stands out."
    return page.escape(f"Most unlike the rest: {', '.join([*said, *classes])}.".replace("-", "−"))


def _neighbours(on_map: OnMap) -> None:
    """The images nearest to the one that the decoder shows, in latent space and by pixels."""
    row = explore_place.here(on_map.shown).row
    if row is None:
        st.info("Click an image on the map to see those nearest to it.", icon=":material/ads_click:")
        return
    st.caption(page.escape(f"Nearest to {_title(on_map, row)}"), help=page.escape(NEAR))
    of_latents = near.in_latent_space(on_map.images.latents.mu, row, NEIGHBOURS)
    try:
        of_pixels = _by_pixels(on_map.checkpoint.dataset.test_fingerprint, len(on_map.images.latents.mu), row, on_map)
    except DatasetError as error:  # there are no pictures to show, but rows to name
        page.show_error(error)
        st.caption(page.escape(f"In latent space: {', '.join(_far(on_map, one) for one in of_latents)}."))
        return
    _near_sheet(on_map, "In latent space", "latent", of_latents)
    _near_sheet(on_map, "By pixels", "pixels", of_pixels)
    both = {one.row for one in of_latents} & {one.row for one in of_pixels}
    st.caption(f"{len(both)} of {len(of_latents)} are in both.")


@st.cache_data(max_entries=64, show_spinner="Comparing pixels…")
def _by_pixels(fingerprint: str, images: int, row: int, _on_map: OnMap) -> tuple[Neighbour, ...]:
    return near.in_pixels(pictures.parts(_on_map), row, NEIGHBOURS)


def _near_sheet(on_map: OnMap, title: str, key: str, found: tuple[Neighbour, ...]) -> None:
    if not found:
        st.caption("There is no other image.")
        return
    ends = f"{found[0].distance:.2f} to {found[-1].distance:.2f} away"
    st.markdown(f"**{title}** · {ends}")
    titles = [_far(on_map, one) for one in found]
    _sheet(on_map, np.array([one.row for one in found]), f"tray-near-{key}", f"Nearest {title.lower()}", titles)


def _far(on_map: OnMap, one: Neighbour) -> str:
    """Which image it is, and how far away."""
    return f"{_title(on_map, one.row)} · {one.distance:.3g} away"
