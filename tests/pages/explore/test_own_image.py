"""Explore, the tool for one own image: what it is sent, and when it can't be had."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.explore.page import of_mnist, panel, texts, visit, write
from tests.vae.helpers import TINY_CONV, new_checkpoint
from ui.components.model_store import browser_model
from vae.data import datasets


def sent(at: AppTest) -> dict[str, Any]:
    """What the tool is told."""
    [component] = [e for e in at.get("bidi_component") if e.proto.component_name == "own_image"]
    data: dict[str, Any] = json.loads(component.proto.json)
    return data


def names(at: AppTest) -> set[str]:
    return {e.proto.component_name for e in at.get("bidi_component")}


def test_the_encoder_is_sent_once_the_tool_is_open() -> None:
    new = new_checkpoint(TINY_CONV)
    dataset = replace(new.dataset, test_fingerprint=datasets.load("digits", "test").fingerprint)
    latents = new.latents.take(np.arange(360) % len(new.latents.mu))
    write("a", replace(new, dataset=dataset, latents=latents, maps={}))
    at = visit(model="a")
    assert not {"own_image", "latent_encoder", "image_sheet"} & names(at)
    assert panel(at)["away"] is False
    at = visit(model="a", own="yes")
    texts(at)
    assert {"own_image", "latent_encoder", "image_sheet"} <= names(at)
    assert panel(at)["away"] is True
    data = sent(at)
    assert data["paper"] == [0]
    assert data["image_shape"] == [1, 8, 8]
    assert data["sheet_of"] == f"360-{dataset.test_fingerprint}"
    assert at.button(key="own-explore").disabled
    at.button(key="own-close").click().run()
    texts(at)
    assert "own_image" not in names(at)
    assert "own" not in at.query_params


def test_without_the_images_there_are_no_small_ones_and_black_paper() -> None:
    write("a", of_mnist())
    at = visit(model="a", own="yes")
    data = sent(at)
    assert data["sheet_of"] is None
    assert data["paper"] == [0]
    assert "image_sheet" not in names(at)


def test_an_encoder_that_is_too_large_for_the_page_says_where_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_model, "BROWSER_WEIGHTS", 1)
    write("a", new_checkpoint(TINY_CONV))
    at = visit(model="a", own="yes")
    assert "Generate encodes an image in Python" in texts(at)
    assert not {"own_image", "latent_encoder"} & names(at)
