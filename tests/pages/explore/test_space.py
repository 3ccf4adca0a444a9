"""The map in three dimensions: chosen, linked to, and only where there is a third."""

from __future__ import annotations

import json
import sys

from streamlit.testing.v1 import AppTest

from tests.pages.explore.page import texts, visit
from vae.checkpoints.checkpoint import Checkpoint

DIGITS = "digits-mlp-8"


def kinds(at: AppTest) -> set[str]:
    [chart] = at.get("plotly_chart")
    return {trace["type"] for trace in json.loads(chart.proto.spec)["data"]}


def test_the_third_dimension_is_a_click_away_and_in_the_address(digits: Checkpoint) -> None:
    at = visit(model=DIGITS, map="pca")
    assert kinds(at) == {"scattergl"}
    at.button(key="explore-dims").click().run()
    assert not at.exception
    assert kinds(at) == {"scatter3d"}
    assert at.query_params["dims"] == "3"
    at = visit(model=DIGITS, map="latent", dims="3", x="1", y="2", depth="5", colour="squared_error")
    assert kinds(at) == {"scatter3d"}
    assert at.query_params["depth"] == "5"
    assert "360 scikit-learn digits test images" in texts(at)
    at.button(key="explore-dims").click().run()
    assert kinds(at) == {"scattergl"}
    assert "dims" not in at.query_params


def test_maps_without_a_third_dimension_stay_flat(digits: Checkpoint) -> None:
    at = visit(model=DIGITS, map="tsne", dims="3")
    assert kinds(at) == {"scattergl"}
    assert "explore-dims" not in [button.key for button in at.button]
    at = visit(model="digits-mlp-2", map="latent", dims="3")
    assert kinds(at) == {"scattergl"}
    assert "The link asks for dims 4" in texts(visit(model=DIGITS, dims="4"))


def test_the_first_view_does_without_it(digits: Checkpoint) -> None:
    sys.modules.pop("ui.explore.space.space", None)
    visit(model=DIGITS)
    assert "ui.explore.space.space" not in sys.modules
