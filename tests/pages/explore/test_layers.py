"""Explore, the layers of the map: what the page is told, and when it is sent images."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.explore.page import of_mnist, texts, visit, write
from tests.vae.helpers import TINY_CONV, new_checkpoint, random_latents
from ui.components.model_store import browser_model
from vae.checkpoints import checkpoint_files
from vae.data import datasets
from vae.maps import pca
from vae.storage import paths


def sent(at: AppTest) -> dict[str, Any]:
    """What the layers are told."""
    [component] = [e for e in at.get("bidi_component") if e.proto.component_name == "map_layers"]
    data: dict[str, Any] = json.loads(component.proto.json)
    return data


def key() -> str:
    identity = checkpoint_files.read("a", paths.checkpoints_dir()).identity
    return f"layers-{identity[:16]}"


def report(at: AppTest, **events: Any) -> AppTest:
    """As if the page had reported these."""
    at.session_state[key()] = events
    return at.run()


def names(at: AppTest) -> set[str]:
    return {e.proto.component_name for e in at.get("bidi_component")}


def write_digits() -> None:
    """A model of 360 images that are on every machine."""
    new = new_checkpoint(TINY_CONV)
    dataset = replace(new.dataset, test_fingerprint=datasets.load("digits", "test").fingerprint)
    latents = new.latents.take(np.arange(360) % len(new.latents.mu))
    write("a", replace(new, dataset=dataset, latents=latents, maps={}))


def test_images_are_sent_once_the_page_wants_them() -> None:
    write_digits()
    at = visit(model="a")
    data = sent(at)
    assert data["chosen"] == data["usual"] == ["pictures"]
    assert (data["rows"], data["labels"]) == ([0, 360], None)
    assert "image_sheet" not in names(at)
    at = report(at, wanted={"sheet": "another", "id": "1"})
    assert "image_sheet" not in names(at)
    at = report(at, wanted={"sheet": data["sheet"], "id": "2"})
    texts(at)
    assert "image_sheet" in names(at)


def test_what_is_chosen_stands_in_the_address_and_comes_back_from_it() -> None:
    write_digits()
    at = visit(model="a")
    at = report(at, choice={"names": ["pictures", "grid"], "id": "1"})
    assert at.query_params["layers"] == "pictures,grid"
    at = report(at, choice={"names": [], "id": "2"})
    assert at.query_params["layers"] == "none"
    assert sent(at)["chosen"] == []
    at = report(at, choice={"names": ["pictures"], "id": "3"})
    assert "layers" not in at.query_params
    for wrong in ({"names": ["walls"], "id": "4"}, {"names": "grid", "id": "5"}, {"id": "6"}, [1], "x"):
        assert sent(report(at, choice=wrong))["chosen"] == ["pictures"]
    assert sent(visit(model="a", layers="grid"))["chosen"] == ["grid"]
    assert sent(visit(model="a", layers="none"))["chosen"] == []
    at = visit(model="a", layers="grid,<b>walls</b>")
    assert sent(at)["chosen"] == ["pictures"]
    assert "The link asks for layers <b>walls</b>, expected some of pictures, grid" in texts(at)


def test_why_there_are_no_pictures_and_no_grid_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_model, "BROWSER_WEIGHTS", 1)
    write("a", of_mnist())
    why = {layer["name"]: layer["why_not"] for layer in sent(visit(model="a", layers="grid"))["layers"]}
    assert why["pictures"] == "The original images are not on this machine."
    assert "too slow" in why["grid"]


def test_images_of_one_class_have_no_regions_and_no_names() -> None:
    new = new_checkpoint(TINY_CONV)
    write("a", replace(new, latents=replace(new.latents, labels=np.zeros_like(new.latents.labels))))
    offered = [layer["name"] for layer in sent(visit(model="a", layers="grid,regions,names"))["layers"]]
    assert offered == ["pictures", "grid", "density"]


@pytest.mark.parametrize(("classes", "seen"), [(60, False), (3, True)])
def test_regions_that_would_show_nothing_say_why(classes: int, seen: bool) -> None:
    names = tuple(f"class {i}" for i in range(60))
    new = new_checkpoint(TINY_CONV)
    latents = random_latents(60, new.model.latent_dim)
    latents = replace(latents, labels=np.arange(60, dtype=np.int64) % classes)
    dataset = replace(new.dataset, class_names=names)
    write("a", replace(new, latents=latents, dataset=dataset, maps=[pca.fit(latents.mu)]))
    why = {layer["name"]: layer["why_not"] for layer in sent(visit(model="a", map="pca"))["layers"]}["regions"]
    assert bool(why) is not seen
    if not seen:
        assert why.startswith("The largest class shown has 1 image. 7 images vote")


def test_what_is_printed_says_what_the_map_shows_and_what_colours_mean() -> None:
    write_digits()
    printed = sent(visit(model="a", shown="class 1"))["print"]
    assert printed["title"].startswith("a: ") and "map of 360 images, coloured by class" in printed["title"]
    assert printed["file"].startswith("a-")
    assert sent(visit(model="a", colour="kl"))["print"]["legend"] == []
