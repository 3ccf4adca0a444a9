"""Another model of the same test images beside the one that is shown."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.pages.explore.page import of_mnist, texts, visit, write
from tests.pages.test_model_card import COLLAPSED
from tests.vae.helpers import random_latents
from ui.explore.comparing import other
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint, Metric, NewCheckpoint
from vae.comparison import same_images
from vae.maps import pca

DIGITS, BESIDE = "digits-mlp-8", "digits-mlp-2"


def of_images(count: int, seed: int = 0, fingerprint: str = "f" * 64) -> NewCheckpoint:
    """A tiny model of this many images that it says are MNIST's, which are not on this machine."""
    new, latents = of_mnist(), random_latents(count, seed=seed)
    dataset = dataclasses.replace(new.dataset, test_fingerprint=fingerprint)
    maps = [pca.fit(latents.mu)] if count > 2 else []
    return dataclasses.replace(new, dataset=dataset, latents=latents, maps=maps)


def test_two_models_stand_side_by_side_and_a_link_leads_there(digits: Checkpoint) -> None:
    at = visit(model=DIGITS)
    assert at.selectbox(key=other.KEY).options == [f"Beside: {BESIDE}"]
    at.selectbox(key=other.KEY).set_value(BESIDE).run()
    assert at.query_params["beside"] == BESIDE
    at = visit(model=DIGITS, beside=BESIDE, colour="beside", row="7")
    said = texts(at)
    found = same_images.neighbourhoods_of(digits, checkpoint_files.read(BESIDE))
    assert f"A **{DIGITS}** · B **{BESIDE}**" in said
    assert f"Kept neighbours: **{found.mean:.3f}** · by chance {found.by_chance:.3f}" in said
    assert "Row 7" in said
    assert at.query_params["colour"] == "beside"
    [table] = [html.proto.body for html in at.get("html") if "Latent dimensions" in html.proto.body]
    assert "<td>8</td><td>2</td>" in table
    assert not at.error
    assert len(at.get("plotly_chart")) == 2


@pytest.mark.parametrize("wrong", ["mnist-mlp-2", DIGITS, "none <b>", "../x", "\u202e"])
def test_a_link_to_a_model_of_other_images_says_so_and_shows_the_decoder(digits: Checkpoint, wrong: str) -> None:
    at = visit(model=DIGITS, beside=wrong)
    assert f"expected another model of the same test images ({BESIDE})" in texts(at)
    assert "Kept neighbours" not in texts(at)
    assert "beside" not in at.query_params


def test_without_another_model_there_is_no_way_in() -> None:
    write("only", of_images(40, fingerprint="0" * 64))
    at = visit(model="only")
    assert other.KEY not in [box.key for box in at.selectbox]


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "Of fewer than three images"), (3, "· by chance 0.500"), (40, "· by chance ")],
)
def test_few_images_that_are_elsewhere_are_compared_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, said: str
) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path))
    write("a", of_images(count))
    write("b", of_images(count, seed=1))
    at = visit(model="a", beside="b", row="0")
    assert said in texts(at)
    assert "not on this machine" in texts(at)
    assert "Row 0" in texts(at)


def test_of_a_model_of_no_use_it_is_said_that_neighbours_mean_nothing() -> None:
    vanished = {name: Metric(value, "nats per image", "") for name, value in COLLAPSED.items()}
    write("a", of_images(40))
    write("flat", dataclasses.replace(of_images(40, seed=1), history=[], metrics=vanished))
    said = texts(visit(model="a", beside="flat"))
    assert "Model B's KL has vanished: its neighbours mean nothing, however many are kept." in said
    assert "Model A" not in said
