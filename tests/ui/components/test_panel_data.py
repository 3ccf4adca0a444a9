"""What the panel is told beside the model: the sliders in their order, and pixels as text."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.vae.helpers import TINY_CONV, new_checkpoint, random_latents
from ui.components.live_decoder import panel_data
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.checkpoints.checkpoint import Checkpoint, Latents


def stored(folder: Path) -> Checkpoint:
    checkpoint_writing.write(new_checkpoint(TINY_CONV), folder / "a")
    return checkpoint_files.read("a", folder)


def with_latents(checkpoint: Checkpoint, mu: Any, sigma: Any) -> Checkpoint:
    mu, sigma = np.asarray(mu, np.float32), np.asarray(sigma, np.float32)
    flat = {n: np.zeros(len(mu), np.float32) for n in ("log_likelihood", "kl", "elbo", "squared_error")}
    return replace(checkpoint, latents=Latents(mu, sigma, np.zeros(len(mu), np.int64), **flat))


def test_the_most_informative_dimension_comes_first(tmp_path: Path) -> None:
    sigma = [[1.0, 0.1, 0.5, 1.0]] * 3  # with mu = 0 the KL is (sigma² − 1) / 2 − ln sigma
    dims = panel_data.slider_dims(with_latents(stored(tmp_path), np.zeros((3, 4)), sigma), np.zeros((3, 4), np.float32))
    assert [d["index"] for d in dims] == [1, 2, 0, 3]  # equal ones in their own order
    assert [d["kl"] for d in dims] == pytest.approx([0.5 * (0.01 - 1) + np.log(10), 0.5 * (0.25 - 1) + np.log(2), 0, 0])
    assert [d["share"] for d in dims] == pytest.approx([1, dims[1]["kl"] / dims[0]["kl"], 0, 0])


def test_an_autoencoders_dimensions_come_by_the_variance_of_its_codes_and_have_no_kl(tmp_path: Path) -> None:
    checkpoint = stored(tmp_path)
    mu = np.array([[5, 0, 8, 1], [5, 4, 10, 1], [5, 8, 12, 1]], np.float32)  # far from 0 tells nothing, apart does
    codes = with_latents(checkpoint, mu, np.full_like(mu, np.exp(-10)))
    plain = replace(codes, train=replace(checkpoint.train, objective="autoencoder"))
    dims = panel_data.slider_dims(plain, mu)
    assert [d["index"] for d in dims] == [1, 2, 0, 3]
    assert [d["variance"] for d in dims] == pytest.approx([32 / 3, 8 / 3, 0, 0])
    assert [d["share"] for d in dims] == pytest.approx([1, 0.25, 0, 0])
    assert {d["kl"] for d in dims} == {None}
    assert [d["index"] for d in panel_data.slider_dims(codes, mu)] != [1, 2, 0, 3]  # a VAE's by their KL
    alike = with_latents(plain, np.ones((3, 4)), np.ones((3, 4)))
    assert [d["share"] for d in panel_data.slider_dims(alike, alike.latents.mu)] == [0, 0, 0, 0]


def test_sliders_are_centred_at_0_and_hold_the_data_and_the_prior(tmp_path: Path) -> None:
    mu = 4 * random_latents(500, 6).mu + np.array([0, 5, -5, 0, 20, 0], np.float32)
    mu[:, 3] *= 0.01
    for dim in panel_data.slider_dims(with_latents(stored(tmp_path), mu, np.ones_like(mu)), mu):
        farthest = max(3.0, float(np.abs(mu[:, dim["index"]]).max()))
        assert farthest <= dim["bound"] < farthest + 0.11  # and little more
    assert json.dumps(panel_data.slider_dims(with_latents(stored(tmp_path / "b"), mu, np.ones_like(mu)), mu))


def test_pixels_go_and_come_back() -> None:
    image = np.random.default_rng(0).integers(0, 256, (3, 4, 5), dtype=np.uint8)
    for sent in (image, image[:, ::-1, ::2]):
        back = np.frombuffer(base64.b64decode(panel_data.pixels_base64(sent)), np.uint8).reshape(sent.shape)
        np.testing.assert_array_equal(back, sent)


def test_principal_axes_hold_the_means_and_the_aggregate_posterior() -> None:
    latents = random_latents(400, 5)
    wide = replace(latents, mu=latents.mu * np.array([3, 1, 0.1, 2, 1], np.float32) + 2, sigma=0 * latents.sigma + 2)
    sent = panel_data.principal_dims(wide)
    assert json.dumps(sent)
    assert sent["of"] == len(sent["axes"]) == 5
    np.testing.assert_allclose(sent["mean"], wide.mu.mean(0), atol=1e-5)
    assert sum(axis["share"] for axis in sent["axes"]) == pytest.approx(1)
    samples = wide.mu + 2 * np.random.default_rng(1).normal(size=wide.mu.shape)  # of the aggregate posterior
    for axis in sent["axes"]:
        unit = np.array(axis["vector"])
        assert np.abs((wide.mu - wide.mu.mean(0)) @ unit).max() <= axis["bound"]
        assert axis["bound"] > 2.8 * ((samples - samples.mean(0)) @ unit).std()


def test_many_dimensions_have_sliders_for_the_first_axes_alone() -> None:
    sent = panel_data.principal_dims(random_latents(50, 100))
    assert (sent["of"], len(sent["axes"])) == (100, panel_data.MOST_AXES)
    assert [axis["share"] for axis in sent["axes"]] == sorted((a["share"] for a in sent["axes"]), reverse=True)


def test_means_that_are_all_alike_have_axes_too() -> None:
    latents = random_latents(3, 4)
    sent = panel_data.principal_dims(replace(latents, mu=0 * latents.mu + 1))
    assert [axis["share"] for axis in sent["axes"]] == [0, 0, 0, 0]
    assert all(axis["bound"] > 0 for axis in sent["axes"])
