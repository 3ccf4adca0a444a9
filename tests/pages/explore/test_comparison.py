"""Another model of the same test images beside the one that is shown."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
import streamlit as st

from tests.pages.explore.page import of_mnist, pick, shown, texts, visit, write
from tests.pages.test_model_card import COLLAPSED
from tests.vae.adoption.onnx_models import foreign_pair
from tests.vae.helpers import random_latents
from ui.explore.comparing import other
from vae.adoption import from_onnx
from vae.adoption.adopting import Destination
from vae.adoption.candidates import Wishes
from vae.checkpoints import checkpoint_files, loading, placing
from vae.checkpoints.checkpoint import Checkpoint, Metric, NewCheckpoint
from vae.comparison import same_images
from vae.data import datasets
from vae.maps import pca
from vae.model.vae import new_model
from vae.storage import paths
from vae.training.run_folder import epoch_files, status

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


def test_who_turns_to_the_model_beside_sees_it_alone(digits: Checkpoint) -> None:
    at = pick(visit(model=DIGITS, beside=BESIDE), BESIDE)
    assert shown(at) == BESIDE
    assert "link asks" not in texts(at)
    assert "beside" not in at.query_params
    assert at.selectbox(key=other.KEY).value is None


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


def test_a_network_that_onnx_runtime_runs_reconstructs_beside_another(digits: Checkpoint) -> None:
    from_onnx.adopt(Destination("elsewhere"), foreign_pair((1, 8, 8)), "digits", Wishes("unit"))
    at = visit(model=DIGITS, beside="elsewhere", row="7")
    assert "Kept neighbours" in texts(at)
    assert [error.value for error in at.error] == []
    assert len([e for e in at.get("bidi_component") if e.proto.component_name == "picture_sheet"]) == 2


def test_what_was_measured_in_different_ways_stands_in_different_rows(digits: Checkpoint) -> None:
    new = of_images(40)
    kl, loss = Metric(4.25, "nats per image", "closed form"), Metric(31.5, "nats per image", "grey pixels")
    write("a", dataclasses.replace(new, metrics={"kl": kl, "test_loss": loss}))
    other_loss = dataclasses.replace(loss, value=7.0, protocol="binarized pixels")
    write("b", dataclasses.replace(new, metrics={"kl": kl, "test_loss": other_loss}))
    at = visit(model="a", beside="b")
    [table] = [html.proto.body for html in at.get("html") if "Latent dimensions" in html.proto.body]
    rows = {
        ("KL (nats)", "4.25", "4.25"),
        ("Test loss (nats), as A", "31.50", "–"),
        ("Test loss (nats), as B", "–", "7.00"),
    }
    assert rows <= set(re.findall(r"<td>([^<]*)</td><td>([^<]*)</td><td>([^<]*)</td>", table))
    assert "measured in different ways, so in rows of their own: Test loss" in texts(at)


def test_an_image_that_is_no_test_image_and_a_damaged_model_are_said(digits: Checkpoint) -> None:
    placing.place(digits, loading.load_model(digits), {s: datasets.load("digits", s) for s in ("validation", "train")})
    at = visit(model=DIGITS, beside=BESIDE, row="1000", colour="beside")
    assert "The selected image is no test image" in texts(at)
    weights = paths.checkpoints_dir() / BESIDE / "latents.safetensors"
    raw = bytearray(weights.read_bytes())
    raw[-1] ^= 1
    weights.write_bytes(raw)
    st.cache_resource.clear()
    at = visit(model=DIGITS, beside=BESIDE, colour="beside")
    assert "does not match the SHA-256" in texts(at)
    assert "points have the colours of their classes" in texts(at)
    assert at.get("plotly_chart")  # the map stays
    at = at.selectbox(key=other.KEY).set_value(None).run()
    assert not at.error
    assert at.get("plotly_chart")


def test_a_model_stands_beside_what_it_was_after_an_epoch(digits: Checkpoint) -> None:
    run = paths.runs_dir() / "20260101-000000-000-abcdef"
    run.mkdir(parents=True)
    status.note_written(run, digits.identity)
    untrained = loading.weights_of(new_model(digits.model, 1))
    epoch_files.write(run, 1, untrained)
    at = visit(model=DIGITS)
    assert at.selectbox(key=other.KEY).options == [f"Beside: {BESIDE}", "Beside: epoch 1 of this one"]
    at = visit(model=DIGITS, beside=f"{DIGITS}@1", row="7")
    said = texts(at)
    assert f"A **{DIGITS}** · B **{DIGITS} at epoch 1**" in said
    assert "Kept neighbours" in said
    assert not at.error
    assert at.query_params["beside"] == f"{DIGITS}@1"
    at = visit(model=DIGITS, beside=f"{DIGITS}@3")
    assert "expected an epoch that its run has kept (1)" in texts(at)
    assert "Kept neighbours" not in texts(at)
