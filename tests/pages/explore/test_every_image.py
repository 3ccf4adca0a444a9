"""Explore with the images of every split on its map."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.explore.page import panel, texts, visit
from vae.checkpoints import every_image, inference, loading, placing
from vae.checkpoints.checkpoint import Checkpoint
from vae.data import datasets
from vae.jobs import queue
from vae.maps import making, map_files, quality

OFFER = "explore_all_images"


@pytest.fixture
def placed(digits: Checkpoint) -> every_image.EveryImage:
    """All digits are encoded."""
    others = {split: datasets.load("digits", split) for split in ("validation", "train")}
    return placing.place(digits, loading.load_model(digits), others)


def points(at: AppTest) -> list[int]:
    """The rows on the map."""
    [chart] = at.get("plotly_chart")
    traces = json.loads(chart.proto.spec)["data"]
    return sorted(row for trace in traces for row in _numbers(trace["customdata"]))


def _numbers(values: Any) -> list[int]:
    return [int(value) for value in _values(values)]


def _values(values: Any) -> list[float]:
    if isinstance(values, dict):
        import base64

        found: list[float] = np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"]).tolist()
        return found
    return list(values)


def test_all_images_are_shown_and_can_be_told_apart(digits: Checkpoint, placed: every_image.EveryImage) -> None:
    at = visit(model="digits-mlp-8", map="latent")
    assert points(at) == list(range(1_797))
    assert "1,797 scikit-learn digits images" in texts(at)
    at.selectbox(key="images").set_value("train").run()
    assert points(at) == list(range(540, 1_797))
    assert "1,257 scikit-learn digits training images" in texts(at)
    at.selectbox(key="colour").set_value("split").run()
    assert points(at) == list(range(540, 1_797))
    assert at.query_params["images"] == "train"


def test_what_is_measured_on_test_images_does_not_change(digits: Checkpoint, request: pytest.FixtureRequest) -> None:
    before = panel(visit(model="digits-mlp-8"))["dims"]
    request.getfixturevalue("placed")
    after = panel(visit(model="digits-mlp-8"))["dims"]
    assert [(dim["index"], dim["kl"]) for dim in before] == [(dim["index"], dim["kl"]) for dim in after]


def test_a_training_image_is_shown_as_itself(digits: Checkpoint, placed: every_image.EveryImage) -> None:
    from base64 import b64decode

    told = panel(visit(model="digits-mlp-8", row="1000"))
    expected = datasets.load("digits", "train").images[1_000 - 540]
    assert b64decode(told["original"]["pixels"]) == expected.tobytes()
    assert told["splits"] == [["test", 360], ["validation", 180], ["train", 1_257]]


def test_a_map_of_all_is_of_the_latents_of_its_parts(digits: Checkpoint, placed: every_image.EveryImage) -> None:
    model = loading.load_model(digits)
    for split in every_image.SPLITS:
        images = datasets.load("digits", split)
        alone = inference.encode(model, images.images, images.labels)
        assert np.allclose(placed.latents.mu[placed.rows(split)], alone.mu, atol=1e-5)
        assert np.allclose(placed.latents.elbo[placed.rows(split)], alone.elbo, rtol=1e-4)


def test_a_map_of_test_images_says_so(digits: Checkpoint, placed: every_image.EveryImage) -> None:
    """The t-SNE map of this checkpoint is of its test images: the others have no place on it until they get one."""
    at = visit(model="digits-mlp-8", map="tsne")
    assert points(at) == list(range(360))
    assert "360 scikit-learn digits test images" in texts(at)
    assert at.button(key=OFFER).label == "Show all 1,797"
    at.segmented_control(key="map").set_value("pca").run()
    assert OFFER not in {button.key for button in at.button}


def test_more_images_are_a_click_away(digits: Checkpoint, submitted: list[list[str]]) -> None:
    at = visit(model="digits-mlp-8")
    at.button(key=OFFER).click().run()
    assert submitted == [["map", str(digits.path), "--method", "tsne", "--images", "all"]]
    assert "All images of digits-mlp-8" in texts(at)


ALL = ["--method", "pca", "--images", "all", "--low-priority"]


@pytest.fixture
def unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """As people have it."""
    monkeypatch.delenv("VAE_ALL_IMAGES")


def test_all_images_come_without_a_click_and_once(
    digits: Checkpoint, submitted: list[list[str]], unasked: None
) -> None:
    at = visit(model="digits-mlp-8")
    assert submitted == [["map", str(digits.path), *ALL]]
    assert points(at) == list(range(360))
    assert "Adding 1,437 images" in texts(at)
    assert OFFER not in {button.key for button in at.button}
    visit(model="digits-mlp-8")  # another session
    at.run()
    assert len(submitted) == 1


def test_who_has_stopped_them_is_asked_from_then_on(
    digits: Checkpoint, submitted: list[list[str]], unasked: None
) -> None:
    at = visit(model="digits-mlp-8")
    at.button(key="stop_adding_images").click().run()
    [job] = queue.all_jobs()
    assert job.stopping
    state = job.folder / "state.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | {"state": "stopped"}))
    at.run()
    assert at.button(key=OFFER).label == "Show all 1,797"
    assert len(submitted) == 1


def test_who_looks_at_test_images_alone_is_left_alone(
    digits: Checkpoint, submitted: list[list[str]], unasked: None
) -> None:
    at = visit(model="digits-mlp-8", images="test")
    assert (submitted, at.button(key=OFFER).label) == ([], "Show all 1,797")


def test_the_choice_of_test_images_stays_when_all_are_there(
    digits: Checkpoint, placed: every_image.EveryImage, unasked: None
) -> None:
    assert points(visit(model="digits-mlp-8", map="latent", images="test")) == list(range(360))


def test_the_zoom_stays_when_all_images_come(digits: Checkpoint, request: pytest.FixtureRequest) -> None:
    """On the axes that place them as before; a PCA of all images is another plane."""

    def planes() -> dict[str, str]:
        return {
            method: json.loads(visit(model="digits-mlp-8", map=method).get("plotly_chart")[0].proto.spec)["layout"][
                "meta"
            ]["place"]
            for method in ("latent", "tsne", "pca")
        }

    before = planes()
    request.getfixturevalue("placed")
    after = planes()
    assert [method for method in before if before[method] == after[method]] == ["latent", "tsne"]


def test_images_that_are_not_here_are_not_offered(digits: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(every_image, "MOST", 1_000)
    assert OFFER not in {button.key for button in visit(model="digits-mlp-8").button}


def test_a_map_that_a_model_lacks_is_a_click_away(digits: Checkpoint, submitted: list[list[str]]) -> None:
    at = visit(model="digits-mlp-8")
    assert "UMAP" not in at.segmented_control(key="map").options
    at.button(key="explore_make_umap").click().run()
    assert submitted == [["map", str(digits.path), "--method", "umap"]]
    map_files.write_derived_map(digits.identity, making.fit("umap", digits.latents.mu, digits.latents.labels))
    at.run()
    assert "UMAP" in at.segmented_control(key="map").options
    assert "explore_make_umap" not in {button.key for button in at.button}
    at.segmented_control(key="map").set_value("umap").run()
    assert at.query_params["map"] == "umap"
    assert points(at) == list(range(360))


def test_the_colour_of_map_quality_is_each_images_share_of_kept_neighbours(digits: Checkpoint) -> None:
    at = visit(model="digits-mlp-8", map="pca", colour="kept")
    [chart] = at.get("plotly_chart")
    drawn = values_of_rows(json.loads(chart.proto.spec)["data"])
    expected = quality.kept_of_each(digits.latents.mu, digits.maps["pca"].xy)
    np.testing.assert_allclose([drawn[row] for row in range(360)], expected, atol=1e-6)


def values_of_rows(traces: list[dict[str, Any]]) -> dict[int, float]:
    """The coloured value of each row."""
    return {
        row: value
        for trace in traces
        for row, value in zip(_numbers(trace["customdata"]), _values(trace["marker"]["color"]), strict=True)
    }
