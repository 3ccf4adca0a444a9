"""Figures: every image once, arrays that are sent as bytes, and colours that people can tell apart."""

from __future__ import annotations

import ast
import json
from collections import Counter

import numpy as np
import plotly.graph_objects as go
import pytest
from numpy.typing import NDArray

from ui.palette import CLASS_COLOURS
from ui.shared import figures
from ui.shared.figures import Axis
from vae.storage.paths import PROJECT

AXES = (Axis("z0"), Axis("z1"))


def places(count: int, classes: int, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, 2)).astype(np.float32), rng.integers(0, classes, count)


def class_map(count: int = 200, classes: int = 10) -> tuple[go.Figure, NDArray[np.float32], NDArray[np.int64]]:
    xy, labels = places(count, classes)
    return figures.class_map(xy, labels, tuple(f"c{i}" for i in range(classes)), AXES), xy, labels


def test_every_image_is_on_the_map_once_at_its_place_in_its_class() -> None:
    figure, xy, labels = class_map()
    rows = np.concatenate([trace.customdata for trace in figure.data])
    assert sorted(rows) == list(range(200))
    for trace in figure.data:
        np.testing.assert_array_equal(np.stack([trace.x, trace.y], 1), xy[trace.customdata])
        assert {f"c{label}" for label in labels[trace.customdata]} == {trace.name} == {trace.meta}


def test_a_class_without_images_has_no_legend_entry() -> None:
    xy = places(3, 2)[0]
    figure = figures.class_map(xy, np.array([0, 2, 2]), ("a", "b", "c"), AXES)
    assert [trace.name for trace in figure.data] == ["a", "c"]
    assert [trace.marker.color for trace in figure.data] == [CLASS_COLOURS[0], CLASS_COLOURS[2]]


@pytest.mark.parametrize("classes", [2, 10, 37])
def test_each_class_looks_different(classes: int) -> None:
    figure, _, _ = class_map(400, classes)
    looks = Counter((trace.marker.color, trace.marker.symbol) for trace in figure.data)
    assert set(looks.values()) == {1}
    assert len({trace.marker.color for trace in figure.data}) == min(classes, len(CLASS_COLOURS))


def test_arrays_are_sent_as_bytes_not_as_lists() -> None:
    xy, labels = places(100, 10)
    value_map = figures.value_map(xy, xy[:, 0], labels, tuple("0123456789"), "KL", AXES)
    for figure in (class_map()[0], value_map):
        for sent in json.loads(figure.to_json())["data"]:
            assert [sent[name]["dtype"] for name in ("x", "y", "customdata")] == ["f4", "f4", "i4"]
    assert json.loads(value_map.to_json())["data"][0]["marker"]["color"]["dtype"] == "f4"


def test_a_map_by_value_saturates_at_the_outer_hundredths() -> None:
    xy, labels = places(1001, 10)
    values = np.arange(1001, dtype=np.float32)
    values[-1] = 1e9  # one outlier must not make all others one colour
    figure = figures.value_map(xy, values, labels, tuple("abcdefghij"), "KL (nats)", AXES)
    scale = figure.layout.coloraxis
    assert (scale.cmin, scale.cmax, scale.colorbar.title.text) == (10.0, 990.0, "KL (nats)")
    assert sorted(np.concatenate([trace.customdata for trace in figure.data])) == list(range(1001))
    for trace in figure.data:  # a class each, so that a legend can hide it
        assert set(labels[trace.customdata]) == {"abcdefghij".index(trace.meta)}
        np.testing.assert_array_equal(trace.marker.color, values[trace.customdata])
        assert set(trace.text) == {f"class {trace.meta}"}
        assert trace.marker.coloraxis == "coloraxis"
        assert "%{marker.color:.4g}" in trace.hovertemplate  # 0.0123 is not 0.0


def test_a_map_by_value_of_many_classes_shows_the_chosen_ones() -> None:
    xy, labels = places(500, 250)
    names = tuple(f"s{i}" for i in range(250))
    [every] = figures.value_map(xy, xy[:, 0], labels, names, "KL", AXES).data
    np.testing.assert_array_equal(every.customdata, np.arange(500))
    [few] = figures.value_map(xy, xy[:, 0], labels, names, "KL", AXES, shown=("s3", "s10")).data
    np.testing.assert_array_equal(few.customdata, np.flatnonzero(np.isin(labels, [3, 10])))


def test_a_map_shows_all_points_whatever_is_hidden_and_what_it_is_widened_to() -> None:
    figure, xy, _ = class_map()
    figures.widen(figure, (50.0, -60.0))
    for axis, values, place in zip((figure.layout.xaxis, figure.layout.yaxis), xy.T, (50.0, -60.0), strict=True):
        low, high = axis.autorangeoptions.include
        room = 0.03 * (high - low)  # nothing is cut at the edge
        assert low + room < min(values.min(), place)
        assert max(values.max(), place) < high - room
    before = list(figure.layout.xaxis.autorangeoptions.include)
    figures.widen(figure, (0.0, 0.0))
    assert list(figure.layout.xaxis.autorangeoptions.include) == before  # it is in view


def test_distances_on_a_map_are_true_and_axes_without_units_show_none() -> None:
    xy, labels = places(5, 2)
    figure = figures.class_map(xy, labels, ("a", "b"), (Axis("", measured=False), Axis("", measured=False)))
    assert (figure.layout.yaxis.scaleanchor, figure.layout.yaxis.scaleratio) == ("x", 1)
    assert not figure.layout.xaxis.showticklabels
    assert not figure.layout.yaxis.zeroline
    measured = class_map()[0].layout
    assert measured.xaxis.showticklabels
    assert (measured.xaxis.title.text, measured.yaxis.title.text) == ("z0", "z1")


@pytest.mark.parametrize("count", [0, 1, 360, 70_000])
def test_points_are_never_too_small_to_be_clicked(count: int) -> None:
    assert 3.5 <= figures._marker(count)["size"] <= 8


def test_more_classes_than_a_legend_holds_are_one_trace_and_can_be_chosen() -> None:
    xy, labels = places(500, 250)
    names = tuple(f"s{i}" for i in range(250))
    files = [f"a/{row}.png" for row in range(500)]
    figure = figures.many_class_map(xy, labels, names, AXES, files)
    [trace] = figure.data
    assert (figure.layout.height, trace.showlegend) == (figures.MAP_HEIGHT, False)
    np.testing.assert_array_equal(trace.customdata, np.arange(500))
    assert trace.text[7] == f"a/7.png<br>class s{labels[7]}"
    looks = {(c, s): label for c, s, label in zip(trace.marker.color, trace.marker.symbol, labels, strict=True)}
    assert len(set(looks.values())) == len(looks)  # no look of two classes, as far as there are looks enough
    [few] = figures.many_class_map(xy, labels, names, AXES, files, ("s3", "s10")).data
    rows = np.flatnonzero(np.isin(labels, [3, 10]))
    np.testing.assert_array_equal(few.customdata, rows)
    np.testing.assert_array_equal(few.marker.color, trace.marker.color[rows])
    np.testing.assert_array_equal(np.stack([few.x, few.y], 1), xy[rows])


def test_the_only_class_of_a_set_is_not_named() -> None:
    xy, labels = places(3, 1)
    for files, said in ((None, "row %{customdata:,}"), (["a.png", "b.png", "c.png"], "%{text} · row %{customdata:,}")):
        [classes] = figures.class_map(xy, labels, ("images",), AXES, files).data
        [values] = figures.value_map(xy, xy[:, 0], labels, ("images",), "KL", AXES, files).data
        assert classes.hovertemplate == f"{said}<extra></extra>"
        assert values.hovertemplate == f"{said}<br>KL %{{marker.color:.4g}}<extra></extra>"
        for trace in (classes, values):
            assert files is None or list(trace.text) == files


def test_no_chart_shows_notes_of_plotlys_own() -> None:
    charts = [
        (path.name, next((ast.unparse(word.value) for word in node.keywords if word.arg == "config"), "none"))
        for folder in ("ui", "pages")
        for path in (PROJECT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".plotly_chart")
    ]
    assert len(charts) >= 7
    assert {config.removeprefix("figures.") for _, config in charts} <= {"STILL", "MOVING"}, charts
    assert not any(config["showTips"] or config["displaylogo"] for config in (figures.STILL, figures.MOVING))


def test_file_names_are_shown_as_they_are() -> None:
    xy, labels = places(3, 2)
    files = ["a/<b>.png", "a/%{x}.png", "c.png"]
    for figure in (
        figures.class_map(xy, labels, ("x", "y"), AXES, files),
        figures.value_map(xy, xy[:, 0], labels, ("x", "y"), "KL", AXES, files),
        figures.many_class_map(xy, labels, ("x", "y"), AXES, files),
    ):
        texts = {row: text for trace in figure.data for row, text in zip(trace.customdata, trace.text, strict=True)}
        assert texts[0].startswith("a/&lt;b&gt;.png")
        assert "%{x}" not in texts[1]
        assert all("%{text}" in trace.hovertemplate for trace in figure.data)
