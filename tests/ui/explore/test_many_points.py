"""Maps of more points than Plotly draws: what the page gets instead of them."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from ui.explore import many_points
from ui.palette import CLASS_COLOURS, QUIET, VALUE_COLOURS
from ui.shared import figures
from ui.shared.figures import Axis

COUNT = 60_000
AXES = (Axis("across"), Axis("up"))
NAMES = ("a", "b", "c")


@pytest.fixture(scope="module")
def xy() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(COUNT, 2)).astype(np.float32)


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    return np.arange(COUNT) % 3


def test_few_points_stay_in_the_figure(xy: np.ndarray, labels: np.ndarray) -> None:
    figure = figures.class_map(xy[:900], labels[:900], NAMES, AXES)
    made = many_points.split(figure, 900)
    assert made.figure is figure
    assert made.in_figure
    np.testing.assert_array_equal(np.array(made.cloud.palette)[made.cloud.codes], np.array(CLASS_COLOURS)[labels[:900]])


def test_each_point_keeps_the_colour_and_the_trace_of_its_class(xy: np.ndarray, labels: np.ndarray) -> None:
    rows = np.arange(COUNT, dtype=np.int32) + 5  # as where the first images are of another split
    made = many_points.split(figures.numbered(figures.class_map(xy, labels, NAMES, AXES), rows), COUNT + 7)
    assert not made.in_figure
    codes, traces, palette = made.cloud.codes, made.cloud.traces, np.array(made.cloud.palette)
    assert (codes[:5] == many_points.NONE).all()
    assert (codes[-2:] == many_points.NONE).all()
    np.testing.assert_array_equal(palette[codes[rows]], np.array(CLASS_COLOURS)[labels])
    np.testing.assert_array_equal(traces[rows], labels)


def test_the_figure_holds_axes_classes_and_the_maps_corners_alone(xy: np.ndarray, labels: np.ndarray) -> None:
    full = figures.class_map(xy, labels, NAMES, AXES)
    made = many_points.split(full, COUNT).figure
    assert [trace.meta for trace in made.data] == list(NAMES)
    for trace in made.data:
        assert (*trace.x, *trace.y) == (*np.sort(xy[:, 0])[[0, -1]], *np.sort(xy[:, 1])[[0, -1]])
        assert trace.marker.opacity == 0
    assert made.layout == full.layout
    assert len(made.to_json()) < 10_000


def test_numbers_become_steps_of_the_scale_and_those_that_are_not_known_grey(
    xy: np.ndarray, labels: np.ndarray
) -> None:
    values = np.linspace(0, 1, COUNT, dtype=np.float32)
    figure = figures.value_map(xy, values, labels, NAMES, "share", AXES)
    figure.data[0].marker.color = np.full(len(figure.data[0].x), np.nan)
    made = many_points.split(figure, COUNT)
    assert not made.in_figure
    colours = np.array(made.cloud.palette)[made.cloud.codes]
    assert set(colours[labels == 0]) == {QUIET}
    assert colours[labels == 1][0] == VALUE_COLOURS[0][1]
    assert colours[labels == 1][-1] == VALUE_COLOURS[-1][1]
    assert len(set(colours[labels == 1])) == many_points.STEPS
    assert made.figure.data[1].marker.coloraxis == "coloraxis"  # by which its colour bar is drawn


def test_points_of_many_classes_have_their_colours(xy: np.ndarray) -> None:
    labels = np.arange(COUNT) % 200
    names = tuple(f"class {k}" for k in range(200))
    made = many_points.split(figures.many_class_map(xy, labels, names, AXES), COUNT)
    assert not made.in_figure
    there = base64.b64decode(many_points.as_text(made.cloud.codes))
    assert [made.cloud.palette[code] for code in there[:20]] == [*CLASS_COLOURS, *CLASS_COLOURS]
