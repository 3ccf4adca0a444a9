"""The charts of a training run."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.runs import history
from ui.palette import QUIET
from ui.train import figures
from ui.train.figures import MAX_POINTS
from vae.training.run_folder.history import EpochRow

OTHERS = ("validation", "train", "independent pixels")


def by_name(figure: object) -> dict[str, object]:
    return {trace.name: trace for trace in figure.data}  # type: ignore[attr-defined]


def test_learning_curves_show_three_quantities_for_both_splits() -> None:
    figure = figures.learning_curves(history(7), 20)
    traces = by_name(figure)
    quantities = ("loss", "reconstruction error", "KL")
    assert set(traces) == {*quantities, *(f"{name} (train)" for name in quantities), *OTHERS}
    np.testing.assert_allclose(traces["loss"].y, [60.25 - i for i in range(7)])  # type: ignore[attr-defined]
    np.testing.assert_allclose(traces["reconstruction error (train)"].y, [56.5 - i for i in range(7)])  # type: ignore[attr-defined]
    np.testing.assert_allclose(traces["KL"].y, [2.5] * 7)  # type: ignore[attr-defined]


def test_colour_is_quantity_and_dash_is_split() -> None:
    traces = by_name(figures.learning_curves(history(7), 20))
    for name in ("loss", "reconstruction error", "KL"):
        validation, train = traces[name], traces[f"{name} (train)"]
        assert validation.line.color == train.line.color  # type: ignore[attr-defined]
        assert (validation.line.dash, train.line.dash) == ("solid", "dash")  # type: ignore[attr-defined]
        assert (validation.showlegend, train.showlegend) == (True, False)  # type: ignore[attr-defined]
    assert len({traces[name].line.color for name in ("loss", "reconstruction error", "KL")}) == 3  # type: ignore[attr-defined]
    assert (traces["validation"].line.dash, traces["train"].line.dash) == ("solid", "dash")  # type: ignore[attr-defined]


@pytest.mark.parametrize(("epochs", "end"), [(20, 20), (0, 7)])
def test_the_axis_reaches_to_the_end_of_a_run_that_goes_on(epochs: int, end: int) -> None:
    for figure in (
        figures.learning_curves(history(7), epochs),
        figures.kl_per_dimension(history(7), epochs),
    ):
        assert end <= figure.layout.xaxis.range[1] < end + 1


def test_axes_name_their_units() -> None:
    figure = figures.learning_curves(history(7), 20)
    assert figure.layout.yaxis.title.text == "nats (lower is better)"
    assert figure.layout.yaxis2.title.text == "KL, nats"
    assert figure.layout.xaxis2.title.text == "epoch"
    assert "nats" in figures.kl_per_dimension(history(7), 20).layout.yaxis.title.text


def test_an_autoencoder_shows_its_reconstruction_alone() -> None:
    traces = by_name(figures.learning_curves(history(7), 20, "autoencoder"))
    assert set(traces) == {"loss", "loss (train)", *OTHERS}


def test_what_independent_pixels_reach_is_a_line() -> None:
    trace = by_name(figures.learning_curves(history(7, validation_baseline=70.0), 20))["independent pixels"]
    assert set(trace.y) == {70.0}  # type: ignore[attr-defined]
    assert trace.line.dash == "dot"  # type: ignore[attr-defined]


def test_an_iwae_shows_its_bound() -> None:
    traces = by_name(figures.learning_curves(history(7, validation_loss=50.0, train_loss=49.0), 20, "iwae"))
    assert (set(traces["loss"].y), set(traces["loss (train)"].y)) == ({50.0}, {49.0})  # type: ignore[attr-defined]


def test_one_wild_epoch_does_not_flatten_the_others() -> None:
    rows = history(30)
    rows[2]["validation_elbo"] = -1e6
    low, high = figures.learning_curves(rows, 30).layout.yaxis.range
    assert 60 < high < 200
    assert low <= 28
    assert figures.learning_curves(history(30), 30).layout.yaxis.range is None


def test_long_runs_are_thinned_with_their_newest_epoch() -> None:
    trace = by_name(figures.learning_curves(history(5_000), 0))["loss"]
    assert len(trace.x) == MAX_POINTS  # type: ignore[attr-defined]
    assert trace.x[-1] == 5_000  # type: ignore[attr-defined]


def rows_of(kl: list[float], epochs: int = 4) -> list[EpochRow]:
    return [{"epoch": epoch, **{f"kl_{j}": value for j, value in enumerate(kl)}} for epoch in range(1, epochs + 1)]


def test_informative_dimensions_are_coloured_and_the_others_grey() -> None:
    figure = figures.kl_per_dimension(rows_of([0.01, 2.0, 0.0, 1.0, 0.02]), 10)
    traces = by_name(figure)
    assert list(traces) == ["3 others", "z1", "z3"]
    assert traces["3 others"].line.color == QUIET  # type: ignore[attr-defined]
    assert QUIET not in {traces["z1"].line.color, traces["z3"].line.color}  # type: ignore[attr-defined]
    np.testing.assert_allclose(traces["z3"].y, [1.0] * 4)  # type: ignore[attr-defined]
    assert np.isnan(traces["3 others"].y).sum() == 3  # type: ignore[attr-defined]  # lines that are not joined


@pytest.mark.parametrize("d", [1, 2, 16, 128])
@pytest.mark.parametrize("epochs", [1, 200])
def test_every_number_of_dimensions_has_a_chart(d: int, epochs: int) -> None:
    figure = figures.kl_per_dimension(rows_of([0.05 * j for j in range(d)], epochs), 0)
    assert 1 <= len(figure.data) <= 1 + figures.COLOURED
    drawn = sum(np.isfinite(np.asarray(trace.y, float)).sum() for trace in figure.data)
    assert drawn == d * epochs
    json.loads(figure.to_json())


def test_rows_without_kl_give_an_empty_chart() -> None:
    assert len(figures.kl_per_dimension([{"epoch": 1.0}], 3).data) == 0


@pytest.mark.parametrize("quantity", [figures.LOSS, figures.RECONSTRUCTION, figures.KL])
@pytest.mark.parametrize("page", ["#ffffff", "#14171a"])
def test_lines_stand_out_from_the_light_and_the_dark_page(quantity: figures.Quantity, page: str) -> None:
    bright, dark = sorted((luminance(quantity.colour), luminance(page)), reverse=True)
    assert (bright + 0.05) / (dark + 0.05) > 3  # WCAG 2 for graphics


def luminance(colour: str) -> float:
    parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
