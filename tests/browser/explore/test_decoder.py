"""decoder.js computes what PyTorch computes."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import torch
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from tests.browser.drive.modules import load
from tests.vae.helpers import new_checkpoint
from ui.components.model_store import browser_model
from vae.checkpoints import checkpoint_files, checkpoint_writing, loading
from vae.config import LIKELIHOODS, ModelConfig
from vae.model import layers, networks
from vae.model.layers import Activation, Conv2d, ConvTranspose2d, Layer, Linear, Reshape, Upsample
from vae.model.vae import new_model
from vae.storage import paths

LATENTS_PER_MODEL = 100
SHIPPED = sorted(p.name for p in (paths.PROJECT / "checkpoints").iterdir() if not p.name.startswith("."))

NETWORKS: dict[str, tuple[Layer, ...]] = {
    "upsampling and convolution": (
        Linear(5, 3 * 4 * 5),
        Activation("silu"),
        Reshape((3, 4, 5)),
        Upsample(2),
        Conv2d(3, 4, 3, 1, 1),
        Activation("leaky_relu"),
        Conv2d(4, 2, 3, 2, 0),
    ),
    "transposed convolution with odd sides and colour": (
        Linear(5, 6 * 3 * 2),
        Activation("relu"),
        Reshape((6, 3, 2)),
        ConvTranspose2d(6, 5, 4, 2, 1, (1, 0)),
        Activation("tanh"),
        ConvTranspose2d(5, 3, 3, 2, 1, (0, 1)),
        Activation("sigmoid"),
    ),
    "one input, one channel": (Linear(5, 1), Activation("tanh"), Linear(1, 6), Reshape((1, 2, 3))),
}


@pytest.fixture(scope="module")
def page(browser: Browser) -> Any:
    """A blank page with decoder.js and store.js in it, and no app."""
    page = browser.new_page()
    load(page, "shared/safetensors.js", "model_store/decoder.js", "model_store/store.js")
    yield page
    page.close()


def decode_in_page(page: Page, content: bytes, z: NDArray[np.float32]) -> NDArray[np.float32]:
    """E[x|z] of a model that was sent as safetensors bytes: (N, pixels)."""
    pixels = page.evaluate(
        """([content, z]) => {
            window.latentSpaceExplorer.models.clear()
            keepModel(Uint8Array.from(atob(content), (c) => c.charCodeAt(0)))
            const [model] = window.latentSpaceExplorer.models.values()
            return z.map((one) => Array.from(model.decode(one)))
        }""",
        [base64.b64encode(content).decode(), z.astype(float).tolist()],
    )
    return np.array(pixels, dtype=np.float32)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_checkpoint_decodes_as_in_pytorch(page: Page, name: str) -> None:
    checkpoint = checkpoint_files.read(name, paths.PROJECT / "checkpoints")
    z = np.random.default_rng(1).normal(size=(LATENTS_PER_MODEL, checkpoint.model.latent_dim)).astype(np.float32) * 1.5
    with torch.inference_mode():
        expected = loading.load_model(checkpoint).decode_mean(torch.tensor(z)).flatten(1).numpy()
    found = decode_in_page(
        page, browser_model.pack(checkpoint, checkpoint_files.read_weights(checkpoint), checkpoint.maps), z
    )
    assert expected.std() > 0.05  # pictures, not a constant
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_every_likelihood_shows_the_mean_that_pytorch_shows(page: Page, tmp_path: Path, likelihood: str) -> None:
    model = new_model(ModelConfig("mlp", (1, 8, 8), 2, (4,), likelihood=likelihood), 5)
    made = replace(new_checkpoint(model.config), weights=loading.weights_of(model))
    checkpoint = checkpoint_files.read("new", checkpoint_writing.write(made, tmp_path / "new").parent)
    z = np.random.default_rng(2).normal(size=(10, 2)).astype(np.float32) * 3
    with torch.inference_mode():
        expected = model.decode_mean(torch.tensor(z)).flatten(1).numpy()
    found = decode_in_page(page, browser_model.pack(checkpoint, checkpoint_files.read_weights(checkpoint), {}), z)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_computes_as_in_pytorch(page: Page, name: str) -> None:
    torch.manual_seed(3)
    description = NETWORKS[name]
    network = networks.build(description)
    z = torch.randn(8, 5)
    with torch.inference_mode():
        expected = torch.sigmoid(network(z)).flatten(1).numpy()
    tensors = {f"decoder.{n}": t.detach().numpy() for n, t in network.state_dict().items()}
    found = page.evaluate(
        """([content, layers, z]) => {
            const { tensors } = parseTensors(Uint8Array.from(atob(content), (c) => c.charCodeAt(0)))
            const decode = buildDecoder(layers, tensors)
            return z.map((one) => Array.from(meanOf("bernoulli", decode(one))))
        }""",
        [
            base64.b64encode(safetensors.numpy.save(tensors)).decode(),
            layers.describe(description),
            z.tolist(),
        ],
    )
    np.testing.assert_allclose(np.array(found), expected, rtol=0, atol=1e-5)


def test_a_decoder_gives_the_same_picture_twice(page: Page) -> None:
    """Buffers are reused between pictures; nothing of the one before may remain."""
    checkpoint = checkpoint_files.read(SHIPPED[0], paths.PROJECT / "checkpoints")
    content = browser_model.pack(checkpoint, checkpoint_files.read_weights(checkpoint), checkpoint.maps)
    z = np.ones((1, checkpoint.model.latent_dim), np.float32)
    far = np.concatenate([z, -2 * z, z])
    first, other, again = decode_in_page(page, content, far)
    assert (first == again).all()
    assert np.abs(first - other).max() > 0.01


def test_an_unknown_layer_is_refused_by_name(page: Page) -> None:
    said = page.evaluate("() => { try { buildDecoder([{op: 'attention'}], {}) } catch (e) { return e.message } }")
    assert "attention" in said


def test_neighbours_and_places_are_those_of_numpy(page: Page) -> None:
    checkpoint = checkpoint_files.read("digits-mlp-8", paths.PROJECT / "checkpoints")
    mu, pca = checkpoint.latents.mu, checkpoint.maps["pca"]
    z = np.full(8, 0.3, np.float32)
    decode_in_page(
        page, browser_model.pack(checkpoint, checkpoint_files.read_weights(checkpoint), checkpoint.maps), z[None]
    )
    near, on_pca, on_tsne, at_row = page.evaluate(
        """(z) => {
            const [model] = window.latentSpaceExplorer.models.values()
            const map = (method) => ({ method, axes: [0, 1] })
            return [nearestRows(model, z, 5), placeOnMap(model, map("pca"), z, null),
                    placeOnMap(model, map("tsne"), z, null), placeOnMap(model, map("tsne"), z, 7)]
        }""",
        z.astype(float).tolist(),
    )
    distances = np.linalg.norm(mu - z, axis=1)
    assert [n["row"] for n in near] == np.argsort(distances)[:5].tolist()
    assert pca.linear is not None
    np.testing.assert_allclose([on_pca["x"], on_pca["y"]], pca.linear.components @ (z - pca.linear.mean), atol=1e-5)
    xy = checkpoint.maps["tsne"].xy[np.argsort(distances)[:5]]
    assert not on_tsne["exact"]
    assert xy[:, 0].min() <= on_tsne["x"] <= xy[:, 0].max()
    np.testing.assert_allclose([at_row["x"], at_row["y"]], checkpoint.maps["tsne"].xy[7], atol=1e-5)
