"""The map of Explore: which projection, which axes, which colours, and the chart itself."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from ui.components import events, map_legend, point_cloud
from ui.components.map_layers import LegendEntry
from ui.components.model_store import browser_model
from ui.components.point_cloud import StandInData
from ui.explore import first_map, many_points, map_axes, map_quality, map_words, shown_images
from ui.explore.colouring import colourings, control, table, table_words
from ui.explore.colouring.colourings import Swatch, Values
from ui.explore.many_points import MapFigure
from ui.explore.map_words import METHODS
from ui.explore.shown_images import OnMap
from ui.explore.state import STATE
from ui.palette import CLASS_COLOURS
from ui.shared import cache, figures, page, terms
from ui.shared.figures import Groups
from ui.shared.models import health
from vae.checkpoints import dimension_name_files, every_image, metrics
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.checkpoints.dimension_names import NONE, DimensionNames
from vae.maps.projection import ProjectionMap

CHART_KEY = "map_chart"
JOIN = "\n"  # between class names in the URL: no name has one
ALL = "all"  # images of every split
MOST_SWATCHES = 10  # categories in the legend of a column: as many as there are colours
LEGEND = """
<style>
  .lse-swatches { display: flex; flex-wrap: wrap; gap: 0.1rem 1rem; font-size: 0.85rem; }
  .lse-swatches i { display: inline-block; width: 0.7em; height: 0.7em; border-radius: 50%; margin-right: 0.4em; }
</style>
"""


@dataclass(frozen=True)
class MapChoice:
    """What the map shows: the method, two latent axes (second None for one dimension), the colouring, the classes, by
    name (none stands for all), which images, and what people call the dimensions.
    """

    method: str
    axes: tuple[int, int | None]
    colour: str
    shown: tuple[str, ...] = ()
    images: str = ALL
    names: DimensionNames = NONE


def controls(on_map: OnMap, bar: DeltaGenerator) -> MapChoice:
    """The row of choices above the map, in `bar`; all of them are in the URL."""
    checkpoint = on_map.shown
    offered = [method for method in METHODS if method == "latent" or method in on_map.maps]
    default = "tsne" if "tsne" in offered and checkpoint.model.latent_dim > 2 else "latent"
    names = dimension_name_files.read(checkpoint)
    with bar:
        kept = _kept("map", offered, default)
        st.segmented_control("Map", offered, format_func=METHODS.__getitem__, required=True, **kept)
        STATE.always("map", st.session_state["map"])  # its default differs between models
        axes = _axes(on_map, st.session_state["map"], names)
        colour = control.choose(on_map, names)
        images = _which_images(on_map) if on_map.every else ALL
    method = st.session_state["map"]
    return MapChoice(method, axes, colour, _shown(checkpoint, colour), images, names)


def _which_images(on_map: OnMap) -> str:
    """All images, or those of one split."""
    counts = on_map.images.counts
    offered = [ALL, *(split for split in reversed(every_image.SPLITS) if counts[split])]
    said = {ALL: "All images"} | map_words.SPLITS
    st.selectbox("Images", offered, format_func=said.__getitem__, width=130, **_kept("images", offered, ALL))
    chosen: str = st.session_state["images"]
    return chosen


def _many(checkpoint: Checkpoint) -> bool:
    """Whether there are more classes than the map's legend can hold."""
    return len(checkpoint.dataset.class_names) > figures.MOST_IN_LEGEND


def _there(checkpoint: Checkpoint) -> dict[str, int]:
    """The classes that have points: their names and labels."""
    names = checkpoint.dataset.class_names
    return {names[label]: int(label) for label in np.flatnonzero(np.bincount(checkpoint.latents.labels))}


def has_classes(on_map: OnMap) -> bool:
    """Whether the images are of more than one class."""
    return len(_there(on_map.shown)) > 1


def _shown(checkpoint: Checkpoint, colour: str) -> tuple[str, ...]:
    """The classes to show: of the legend, or chosen by name where it would be too long."""
    there = _there(checkpoint)
    if _many(checkpoint):
        return _chosen_by_name(list(there))
    if len(there) > 1:
        _legend(checkpoint, there, colour)
    return _known(there)


def _known(there: Iterable[str]) -> tuple[str, ...]:
    """The chosen classes that have points; none where these are all of them."""
    wanted = STATE.text("shown").split(JOIN)
    shown = tuple(name for name in there if name in wanted)
    return () if len(shown) == len(tuple(there)) else shown


def _legend(checkpoint: Checkpoint, there: dict[str, int], colour: str) -> None:
    """The buttons of the classes: they act in the page, on a figure that stays."""
    names, key = list(there), f"legend-{checkpoint.identity[:16]}"
    # what the page reported lies in the session before it is drawn again
    choice = map_legend.choice_of(st.session_state.get(key, {}).get("choice"), len(names))
    if choice is not None and events.is_new(key, choice["id"]):
        chosen = [name for i, name in enumerate(names) if i in choice["places"]]
        STATE.put("shown", "" if chosen == names else JOIN.join(chosen))
    map_legend.show(
        {
            "names": names,
            "labels": list(there.values()),
            "coloured": colour == "class",
            "shown": list(_known(there) or names),
            "chart_key": CHART_KEY,
            "revision": STATE.revision(),
        },
        key,
    )


def _chosen_by_name(names: list[str]) -> tuple[str, ...]:
    key = "map-shown"
    st.session_state[key] = list(_known(names))

    def changed() -> None:
        STATE.put("shown", JOIN.join(st.session_state[key]))

    st.multiselect(
        "Classes",
        names,
        key=key,
        on_change=changed,
        placeholder=f"All {len(names):,} classes: type to search, choose some to see them alone",
        label_visibility="collapsed",
    )
    return tuple(st.session_state[key])


def _kept(name: str, options: list[str], default: str) -> dict[str, Any]:
    """The arguments by which a widget holds this choice, which survives pages, Back and reload."""
    st.session_state[name] = STATE.offered(name, options, default)

    def changed() -> None:
        STATE.put(name, st.session_state[name])

    return {"key": name, "on_change": changed, "label_visibility": "collapsed"}


def _axes(on_map: OnMap, method: str, names: DimensionNames) -> tuple[int, int | None]:
    """The latent dimensions to draw; where there are more than two they are chosen, the most telling
    first.
    """
    checkpoint = on_map.checkpoint
    dims = checkpoint.model.latent_dim
    if dims <= 2 or method != "latent":
        return (0, 1) if dims > 1 else (0, None)
    order = [str(j) for j in metrics.most_telling_first(checkpoint)]
    said = {j: names.label(int(j)) for j in order}
    wide = 60 if names.entries else 0
    st.selectbox(
        "Across", order, format_func=lambda j: f"Across: {said[j]}", width=130 + wide, **_kept("x", order, order[0])
    )
    rest = [j for j in order if j != st.session_state["x"]]
    st.selectbox("Up", rest, format_func=lambda j: f"Up: {said[j]}", width=110 + wide, **_kept("y", rest, rest[0]))
    for name in ("x", "y"):
        STATE.always(name, st.session_state[name])
    return (int(st.session_state["x"]), int(st.session_state["y"]))


def places(on_map: OnMap, choice: MapChoice) -> FloatArray:
    """(N, 2): where the images are on the chosen map; the last ones have no place on a map of test images."""
    return map_axes.places(choice.method, choice.axes, on_map.maps, on_map.images.latents.mu)


def rows_of(on_map: OnMap, choice: MapChoice) -> NDArray[np.int32]:
    """The images of the chosen splits that have a place on the chosen map."""
    rows = np.arange(on_map.placed(choice.method), dtype=np.int32)
    if choice.images == ALL:
        return rows
    here = on_map.images.rows(choice.images)
    return rows[here.start : here.stop]


def _start(maps: Mapping[str, ProjectionMap], choice: MapChoice) -> tuple[float, float] | None:
    """Where z = 0 is, from which the sliders start; None where no place belongs to it."""
    if choice.method == "latent":
        return (0.0, 0.0)
    linear = maps[choice.method].linear
    if linear is None:
        return None
    x, y = linear.place(np.zeros_like(linear.mean)).tolist()
    return (x, y)


def figure(on_map: OnMap, choice: MapChoice) -> MapFigure:
    """The chart; cached, so a rerun sends the same figure, on which the zoom stays."""
    names = shown_images.file_names(on_map)
    # the legend hides classes in the page: only where they are chosen by name is the figure another
    drawn = choice if _many(on_map.shown) else replace(choice, shown=())
    # names by what they are: the same pixels can be imported again from other files
    fingerprint = browser_model.fingerprint(on_map.shown, on_map.maps)
    coloured = colours_of(on_map, choice)
    given = colourings.stamp(on_map, choice.colour)
    return _figure((fingerprint, drawn, hash(names), given), on_map, names, coloured)


def colours_of(on_map: OnMap, choice: MapChoice) -> Groups | Values | None:
    """What all images on the map are coloured by; None for their classes."""
    if choice.colour != "kept":
        return colourings.of(on_map, choice.colour, choice.names)
    fingerprint, xy = browser_model.fingerprint(on_map.shown, on_map.maps), places(on_map, choice)
    kept = map_quality.kept(fingerprint, choice.method, choice.axes, on_map.images.latents.mu, xy)
    return Values(kept, colourings.title(choice.colour, choice.names))


def points_of(
    on_map: OnMap,
    choice: MapChoice,
    rows: NDArray[np.int32],
    names: Sequence[str] | None,
    coloured: Groups | Values | None,
) -> go.Figure:
    """The images of `rows` on the chosen map, as they are coloured; `names` (N,) are those of all images' files."""
    xy, labels = places(on_map, choice)[rows], on_map.images.latents.labels[rows]
    files = None if names is None else [names[row] for row in rows]
    both = map_axes.of(choice.method, choice.axes, on_map.maps, choice.names)
    classes = on_map.checkpoint.dataset.class_names
    if isinstance(coloured, Values):
        values = coloured.values[rows]
        drawn = figures.value_map(xy, values, labels, classes, coloured.title, both, files, choice.shown)
    else:
        groups = None if coloured is None else replace(coloured, codes=coloured.codes[rows])
        if _many(on_map.shown):
            drawn = figures.many_class_map(xy, labels, classes, both, files, choice.shown, groups)
        else:
            drawn = figures.class_map(xy, labels, classes, both, files, groups)
    return figures.numbered(drawn, rows)


@st.cache_resource(max_entries=16, show_spinner=False)
def _figure(
    key: tuple[str, MapChoice, int, str],
    _on_map: OnMap,
    _names: tuple[str, ...] | None,
    _coloured: Groups | Values | None,
) -> MapFigure:
    fingerprint, choice, *_ = key
    rows, everywhere = rows_of(_on_map, choice), places(_on_map, choice)
    drawn = points_of(_on_map, choice, rows, _names, _coloured)
    for place in _corners(everywhere) if len(rows) < len(everywhere) else ():
        figures.widen(drawn, place)  # the same piece of the map, whichever of its images are shown
    if start := _start(_on_map.maps, choice):
        figures.widen(drawn, start)
    about = {
        "map": _figure_name(fingerprint, choice),
        "place": place_name(_on_map, choice),
        "colour": choice.colour,
        "images": choice.images,
    }
    meta = about | {"cloud": _cloud_name(key)}
    drawn.update_layout(meta=meta, height=None)  # as high as the page has room for
    return many_points.split(drawn, len(everywhere))


def _cloud_name(key: tuple[str, MapChoice, int, str]) -> str:
    """By which a figure and the points that it does not hold know each other."""
    return hashlib.sha256(repr(key).encode()).hexdigest()[:16]


def figure_name(on_map: OnMap, choice: MapChoice) -> str:
    """By which the page knows figures, and which of them are one map."""
    return _figure_name(browser_model.fingerprint(on_map.shown, on_map.maps), choice)


def place_name(on_map: OnMap, choice: MapChoice) -> str:
    """By which the page knows figures of the same plane, whichever images are on it: they share their zoom."""
    method = choice.method
    how = "" if method == "latent" else f"{len(on_map.maps[method].xy)}:{on_map.maps[method].parameters}"
    return f"{on_map.checkpoint.identity}:{method}:{choice.axes}:{how}"


def _figure_name(fingerprint: str, choice: MapChoice) -> str:
    return f"{fingerprint}:{choice.method}:{choice.axes}"


def _corners(xy: FloatArray) -> tuple[tuple[float, float], ...]:
    low, high = xy.min(0), xy.max(0)
    return (float(low[0]), float(low[1])), (float(high[0]), float(high[1]))


def title(on_map: OnMap, choice: MapChoice) -> str:
    """What the map is, in a line."""
    coloured_by = colourings.title(choice.colour, choice.names)
    return f"{METHODS[choice.method]} map of {len(rows_of(on_map, choice)):,} images, coloured by {coloured_by}"


def legend_entries(on_map: OnMap, choice: MapChoice) -> list[LegendEntry]:
    """What colours mean that have no scale: those of the classes shown, of splits, or of a column's words."""
    if choice.colour != "class":
        return [{"text": one.text, "label": None, "colour": one.colour} for one in _swatches(on_map, choice)]
    there = _there(on_map.shown)
    if not 1 < len(there) <= figures.MOST_IN_LEGEND:
        return []
    return [
        {"text": name, "label": label, "colour": ""}
        for name, label in there.items()
        if not choice.shown or name in choice.shown
    ]


@st.fragment
def show(on_map: OnMap, choice: MapChoice) -> None:
    """Draw the map; the page takes its clicks. Runs alone once the page says that the points are seen."""
    with page.error_boundary():
        made = figure(on_map, choice)
        stand_in = first_map.stand_in(made.figure)
        with st.container(key=CHART_KEY):
            if stand_in and first_map.is_awaited():
                st.empty()  # a container without anything has no place on the page
            else:
                st.plotly_chart(
                    made.figure,
                    key="map_linked",
                    on_select="ignore",
                    config=figures.MOVING,
                    alt=title(on_map, choice),
                    height="stretch",
                )
        if stand_in or not made.in_figure:
            _show_cloud(on_map, choice, made, stand_in)


def _show_cloud(on_map: OnMap, choice: MapChoice, made: MapFigure, stand_in: StandInData | None) -> None:
    cloud = made.cloud
    point_cloud.show(
        {
            "name": made.figure.layout.meta["cloud"],
            "chart_key": CHART_KEY,
            "fingerprint": browser_model.fingerprint(on_map.shown, on_map.maps),
            "map": {"method": choice.method, "axes": list(choice.axes)},
            "codes": many_points.as_text(cloud.codes),
            "traces": many_points.as_text(cloud.traces),
            "palette": list(cloud.palette),
            "in_figure": made.in_figure,
            "stand_in": stand_in,
        },
        first_map.is_seen,
        key="map_cloud",
    )


def say(on_map: OnMap, choice: MapChoice) -> None:
    """What is shown, and how far to trust it, in one line; the rest behind its "?"."""
    drawn = drawn_count(on_map, choice)
    # neighbours in a latent space that says nothing can be kept well, and still mean nothing
    measured = choice.method != "latent" and not health.is_of_no_use(on_map.checkpoint, health.EXPLORE)
    trust = map_words.trust(on_map.maps[choice.method]) if measured else ""
    adapted = on_map.maps[choice.method].adapted() if choice.method != "latent" else ""
    column = colourings.column_of(on_map, choice.colour)
    valued = "" if column is None else table_words.known(column)
    counted = map_words.counted(on_map, choice.method, choice.images, drawn)
    said = [counted, *filter(None, (valued, trust, adapted))]
    how = map_words.protocol(on_map.maps[choice.method]) if measured else ""
    if column is not None and (added := table.of(on_map)):
        how = f"{table_words.report(added, len(on_map.images.latents.mu))} {how}"
    if choice.colour == "kept":
        how = f"{map_words.KEPT} {how}"
    elif choice.colour == "beside":
        how = f"{map_words.BESIDE} {how}"
    held_out = map_words.TRAINED_ON if on_map.every else ""
    nameless = map_words.NAMELESS if cache.lacks_file_names(on_map.checkpoint) else ""
    words = f"{terms.LATENT_MAP} {map_words.AT_MEAN} {terms.POSTERIOR_MEAN} {how} {held_out} {nameless}".strip()
    st.caption(page.escape(" · ".join(said)), help=page.escape(words), width="content")


def colour_legend(on_map: OnMap, choice: MapChoice) -> None:
    """What colours mean that are neither the classes' nor of a scale."""
    shown = _swatches(on_map, choice)
    if not shown:
        return
    entries = "".join(
        f'<span><i style="background:{swatch.colour}"></i>{html.escape(swatch.text)}</span>' for swatch in shown
    )
    st.html(f"{LEGEND}<div class='lse-swatches'>{entries}</div>")


def _swatches(on_map: OnMap, choice: MapChoice) -> list[Swatch]:
    if choice.colour == "split":
        there = [(code, split) for code, split in enumerate(every_image.SPLITS) if on_map.images.counts[split]]
        colours = [CLASS_COLOURS[colourings.SPLIT_COLOURS[code]] for code, _ in there]
        return [Swatch(colour, map_words.SPLITS[split]) for colour, (_, split) in zip(colours, there, strict=True)]
    named = colourings.is_a_persons(choice.colour)
    coloured = colourings.of(on_map, choice.colour, choice.names) if named else None
    return colourings.swatches(coloured, MOST_SWATCHES) if isinstance(coloured, Groups) else []


def drawn_count(on_map: OnMap, choice: MapChoice) -> int:
    """How many images are of the classes shown."""
    rows, labels = rows_of(on_map, choice), shown_labels(on_map, choice)
    return len(rows) if labels is None else int(np.isin(on_map.images.latents.labels[rows], labels).sum())


def shown_labels(on_map: OnMap, choice: MapChoice) -> list[int] | None:
    """The labels of the classes that are shown, None where all are."""
    there = _there(on_map.shown)
    return [there[name] for name in choice.shown] if choice.shown else None


def link_description(choice: MapChoice) -> dict[str, Any]:
    """What map_link.js needs to know to place the marker."""
    return {"method": choice.method, "axes": list(choice.axes), "chart_key": CHART_KEY}
