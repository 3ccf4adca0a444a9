"""Explore, the map: names of one's own files and classes, the legend, and how far to trust it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.pages.explore.page import panel, texts, visit, write
from tests.vae.helpers import new_checkpoint
from ui.explore import map_words, shown_images
from vae.checkpoints.checkpoint import Checkpoint, DatasetRef
from vae.data import datasets, import_folder
from vae.data.import_folder import ImportSettings
from vae.maps import pca
from vae.maps.projection import ProjectionMap


def own_images(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, classes: int) -> Path:
    """A checkpoint of imported images, which are here; the folder of the data set."""
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "data"))
    rng = np.random.default_rng(0)
    for k in range(classes):
        for i in range(3):
            path = tmp_path / "own" / f"s{k}" / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8)).save(path)
    folder = import_folder.write("own", tmp_path / "own", ImportSettings(8, 8)).folder
    test, new = datasets.load("own", "test"), new_checkpoint()
    rows = np.arange(len(test)) % len(new.latents.mu)
    latents = replace(new.latents.take(rows), labels=test.labels)
    dataset = DatasetRef("own", "own", test.image_shape, test.class_names, test.fingerprint)
    train = replace(new.train, dataset="own")
    write("own", replace(new, dataset=dataset, train=train, latents=latents, maps=[pca.fit(latents.mu)]))
    return folder


def test_names_of_ones_own_files_are_on_the_map_and_beside_the_picture(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = own_images(monkeypatch, tmp_path, 10)
    names = datasets.load("own", "test").file_names
    assert names is not None
    at = visit(model="own", row="3")
    assert panel(at)["original"]["name"] == names[3]
    assert sorted(under_the_mouse(at)) == sorted(names)
    # the same pixels from files of other names
    for path in folder.glob("*-names.txt"):
        path.write_text(path.read_text().replace("s1/", "renamed/"))
    os.utime(folder / "meta.json", ns=(2, 2))
    again = datasets.load("own", "test").file_names
    assert again is not None
    assert sorted(under_the_mouse(visit(model="own"))) == sorted(again) != sorted(names)
    for path in folder.glob("*-names.txt"):
        path.unlink()
    (folder / "report.json").unlink()
    os.utime(folder / "meta.json", ns=(1, 1))
    assert any("imported before file names were kept" in caption.help for caption in visit(model="own").caption)


def under_the_mouse(at: AppTest) -> list[str]:
    """The texts of the map's points."""
    chart = json.loads(at.get("plotly_chart")[0].proto.spec)
    return [text for trace in chart["data"] for text in trace["text"]]


def test_many_classes_are_searched_and_shown_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own_images(monkeypatch, tmp_path, 60)
    at = visit(model="own")
    [chosen] = at.multiselect
    assert chosen.options[:12] == ["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11"]
    assert "60 own test images" in texts(at)
    chosen.set_value(["s2", "s10"]).run()
    assert "2 of 60 own test images" in texts(at)
    assert at.query_params["shown"] == "s2\ns10"
    at = visit(model="own", shown="s2\ns10\nnone of them", colour="kl")
    assert "2 of 60 own test images" in texts(at)
    assert len(under_the_mouse(at)) == 2


def test_the_legend_hides_classes_in_the_link_and_in_the_count_and_leaves_the_figure(digits: Checkpoint) -> None:
    at = visit(model="digits-mlp-8")
    figure, count = at.get("plotly_chart")[0].proto.spec, len(digits.latents.labels)
    assert legend(at)["shown"] == [str(digit) for digit in range(10)]
    at.session_state[f"legend-{digits.identity[:16]}"] = {"choice": {"places": [1, 4], "id": "1"}}
    at.run()
    few = int(np.isin(digits.latents.labels, [1, 4]).sum())
    assert f"{few} of {count} scikit-learn digits test images" in texts(at)
    assert at.query_params["shown"] == "1\n4"
    assert at.get("plotly_chart")[0].proto.spec == figure
    linked = visit(model="digits-mlp-8", shown="1\n4", colour="kl", map="pca")
    assert legend(linked)["shown"] == ["1", "4"]
    assert f"{few} of {count}" in texts(linked)
    linked.session_state[f"legend-{digits.identity[:16]}"] = {"choice": {"places": list(range(10)), "id": "2"}}
    linked.run()
    assert "shown" not in linked.query_params


def legend(at: AppTest) -> dict[str, Any]:
    """What the map's legend is told."""
    [component] = [e for e in at.get("bidi_component") if e.proto.component_name == "map_legend"]
    data: dict[str, Any] = json.loads(component.proto.json)
    return data


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.972, "neighbours can be trusted, 0.97"),
        (0.9, "most neighbours are right, 0.90"),
        (0.75, "some neighbours are wrong, 0.75"),
        (0.67, "neighbours are often wrong, 0.67"),
    ],
)
def test_trust_in_a_map_is_a_verdict_with_its_number(value: float, said: str) -> None:
    projection = ProjectionMap(
        "tsne", np.zeros((1, 2), np.float32), {}, {"trustworthiness": value, "protocol": "12 neighbours"}
    )
    assert map_words.trust(projection) == said
    assert "12 neighbours" in map_words.protocol(projection)
    assert map_words.trust(replace(projection, quality={})) == ""


def test_behind_the_question_mark_stand_the_maps_numbers_and_how_it_was_made() -> None:
    measured = {"trustworthiness": 0.93, "continuity": 0.97, "neighbourhood_hit": 0.9, "hit_by_chance": 0.1}
    parameters = {"library": "UMAP", "neighbours": 6, "rounds": 500, "seed": 3, "adapted": True}
    projection = ProjectionMap("umap", np.zeros((20, 2), np.float32), parameters, measured | {"protocol": "how"})
    said = map_words.protocol(projection)
    for words in ("Continuity 0.97", "Neighbourhood hit 0.90", "chance 0.10", "UMAP; 6 neighbours, 500 rounds, seed 3"):
        assert words in said
    assert projection.adapted() == "6 neighbours instead of 15, because there are only 20 images."
    strangers = replace(projection, parameters={"seed": "<b>", "library": 3}, quality={"continuity": "x"})
    assert map_words.protocol(strangers) == "Sizes of clusters and of gaps mean nothing."


@pytest.mark.parametrize(
    ("images", "shown", "said"),
    [
        (1, 1, "1 scikit-learn digits test image"),
        (360, 360, "360 scikit-learn digits test images"),
        (360, 36, "36 of 360 scikit-learn digits test images"),
    ],
)
def test_the_caption_counts_what_is_shown(digits: Checkpoint, images: int, shown: int, said: str) -> None:
    few = replace(digits, latents=digits.latents.take(np.arange(images)))
    assert map_words.counted(shown_images.of(few), "latent", "all", shown) == said
