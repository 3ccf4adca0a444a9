"""What the browser says of an own image is what PyTorch and Pillow say: encoder, bound, fitted pictures."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser.drive.modules import load
from ui.components.model_store import browser_model
from vae.checkpoints import checkpoint_files, loading
from vae.checkpoints.checkpoint import Checkpoint
from vae.config import ImageReading
from vae.data import datasets, image_decoding
from vae.model.elbo import terms_at
from vae.model.likelihoods import Gaussian, likelihood_of
from vae.model.pixels import to_unit
from vae.storage import paths

SHIPPED = sorted(p.name for p in (paths.PROJECT / "checkpoints").iterdir() if not p.name.startswith("."))
IMAGES = 40
START = """([model, encoder]) => {
    const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
    window.latentSpaceExplorer.models.clear()
    window.latentSpaceEncoders.kept.clear()
    keepModel(bytes(model))
    keepEncoder(bytes(encoder))
    const [kept] = window.latentSpaceExplorer.models.values()
    const [one] = window.latentSpaceEncoders.kept.values()
    window.encoding = new Encoding(one, kept)
}"""
SEE = """(images) => images.map((text) => {
    const found = window.encoding.posterior(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)))
    const bound = window.encoding.bound(found)
    return {
        posterior: [...found.mu, ...found.logvar], kl: found.kl, elbo: bound.elbo, error: bound.squaredError,
        mean: Array.from(bound.mean), epsilon: Array.from(window.encoding.epsilon),
    }
})"""


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.fixture(scope="module")
def page(browser: Browser) -> Any:
    """A blank page with the tool's modules in it, and no app."""
    page = browser.new_page()
    own = ("encoding", "fitting", "files", "brush", "spread", "facts")
    load(
        page,
        "model_store/keeping.js",
        "model_store/store.js",
        "model_store/encoders.js",
        *(f"own_image/{n}.js" for n in own),
    )
    yield page
    page.close()


def seen(page: Page, checkpoint: Checkpoint, images: NDArray[np.uint8]) -> list[dict[str, Any]]:
    """What the page says of images (N, C, H, W)."""
    weights = checkpoint_files.read_weights(checkpoint)
    model = browser_model.pack(checkpoint, weights, checkpoint.maps)
    page.evaluate(START, [text(model), text(browser_model.pack_encoder(checkpoint, weights))])
    found: list[dict[str, Any]] = page.evaluate(SEE, [text(image.tobytes()) for image in images])
    return found


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_checkpoint_encodes_as_in_pytorch(page: Page, name: str) -> None:
    """Noise, blank pictures and blocks; the bound with the page's own draw of the posterior."""
    checkpoint = checkpoint_files.read(name, paths.PROJECT / "checkpoints")
    shape, rng = checkpoint.model.image_shape, np.random.default_rng(1)
    images = rng.integers(0, 256, (IMAGES, *shape), np.uint8)
    images[0], images[1] = 0, 255
    for image in images[2:30]:
        image[:] = 0
        image[:, : rng.integers(1, shape[1]), : rng.integers(1, shape[2])] = rng.integers(256)
    if checkpoint.dataset.name != "mnist":  # the others are always there
        images[2:20] = datasets.load(checkpoint.dataset.name, "test").images[:18]
    found = seen(page, checkpoint, images)
    model, x = loading.load_model(checkpoint), to_unit(torch.tensor(images))
    with torch.inference_mode():
        posterior = model.encode(x)
        terms = terms_at(model, x, posterior, posterior.at(torch.tensor(found[0]["epsilon"])))
        mean = model.decode_mean(posterior.mu)
        expected = torch.cat([posterior.mu, posterior.logvar], 1).numpy()
    np.testing.assert_allclose([one["posterior"] for one in found], expected, rtol=1e-5, atol=1e-5)
    # where a model knows nothing like it, its posterior may be of any width, and sums of squares beyond float32
    known = np.flatnonzero((posterior.logvar < 2).all(1).numpy() & (terms.elbo > -1e5).numpy())
    assert len(known) >= 10
    errors = (x - mean).square().flatten(1).sum(1)
    for key, values, rtol, atol in (
        ("mean", mean.flatten(1), 0, 1e-4),
        ("kl", terms.kl, 1e-4, 1e-3),
        ("elbo", terms.elbo, 1e-3, 1e-2),
        ("error", errors, 1e-4, 1e-3),
    ):
        np.testing.assert_allclose([found[i][key] for i in known], values[known], rtol=rtol, atol=atol, err_msg=key)
    assert expected.std() > 0.5  # posteriors differ


@pytest.mark.parametrize("name", [name for name in SHIPPED if name.startswith("digits")])
def test_test_images_have_the_posteriors_that_are_kept(page: Page, name: str) -> None:
    checkpoint = checkpoint_files.read(name, paths.PROJECT / "checkpoints")
    images = datasets.load(checkpoint.dataset.name, "test").images[:IMAGES]
    found = seen(page, checkpoint, images)
    kept = np.concatenate([checkpoint.latents.mu, 2 * np.log(checkpoint.latents.sigma)], 1)[:IMAGES]
    np.testing.assert_allclose([one["posterior"] for one in found], kept, atol=1e-3)
    np.testing.assert_allclose([one["error"] for one in found], checkpoint.latents.squared_error[:IMAGES], rtol=1e-3)


@pytest.mark.parametrize("likelihood", ["gaussian", "linear_gaussian"])
def test_a_gaussian_density_is_pytorchs(page: Page, likelihood: str) -> None:
    torch.manual_seed(0)
    x, output = torch.rand(1, 1, 4, 5), 2 * torch.randn(1, 1, 4, 5)
    density = likelihood_of(likelihood)
    assert isinstance(density, Gaussian)
    torch.nn.init.constant_(density.logvar, -1.3)
    with torch.no_grad():
        expected = density.log_prob(output, x)
    found = page.evaluate(
        """([likelihood, output, x]) => {
            const tensors = { "likelihood.logvar": { data: [-1.3] } }
            const encoding = new Encoding({ likelihood, tensors }, { latent_dim: 2, decoder: null })
            return encoding.likelihood.logProb(Float32Array.from(output), Float32Array.from(x))
        }""",
        [likelihood, output.flatten().tolist(), x.flatten().tolist()],
    )
    assert found == pytest.approx(float(expected), rel=1e-4)


# --- pictures of any size ---------------------------------------------------------------------------------------------

TAKE = """async ([content, type, shape, reading]) => {
    const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0))
    try {
        const found = await pictureOf(new File([bytes], "own", { type }), shape, reading)
        return { bytes: Array.from(found.bytes), changes: found.changes }
    } catch (error) {
        if (!(error instanceof PictureError)) throw error
        return { problem: error.message }
    }
}"""


def taken(page: Page, content: bytes, shape: tuple[int, int, int], reading: ImageReading | None = None) -> Any:
    """What the page makes of a file."""
    reading = reading or ImageReading()
    values = list(reading.values) if reading.values else None
    said = {"background": reading.background, "values": values, "fit": reading.fit}
    return page.evaluate(TAKE, [text(content), "image/png", list(shape), said])


def png(pixels: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def smooth(height: int, width: int, channels: int, seed: int = 0) -> NDArray[np.uint8]:
    """Waves, as photographs have them, with some noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / (3 + 4 * c) + c) + np.cos(y / (5 + c)) for c in range(channels)]
    found = 127 + 60 * np.stack(waves, -1) + rng.normal(0, 12, (height, width, channels))
    pixels: NDArray[np.uint8] = found.clip(0, 255).astype(np.uint8)
    return pixels[..., 0] if channels == 1 else pixels


@pytest.mark.parametrize("size", [(28, 28), (480, 640), (37, 100), (5, 9), (301, 300)], ids=str)
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 28, 28), (3, 20, 36)], ids=str)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_becomes_the_bytes_that_python_makes_of_it(
    page: Page, size: tuple[int, int], shape: tuple[int, int, int], channels: int
) -> None:
    content = png(smooth(*size, channels))
    found = taken(page, content, shape)
    expected = image_decoding.own_picture(content, shape)
    np.testing.assert_array_equal(found["bytes"], expected.pixels.ravel())
    assert ("cut to" in found["changes"]) == expected.facts.cropped
    assert ("enlarged" in found["changes"]) == expected.facts.enlarged
    assert ("made grey" in found["changes"]) == (channels == 3 and shape[0] == 1)


@pytest.mark.parametrize("size", [(40, 90), (90, 40), (7, 200), (20, 20)], ids=str)
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 20, 36)], ids=str)
def test_a_padded_picture_becomes_the_bytes_that_python_makes_of_it(
    page: Page, size: tuple[int, int], shape: tuple[int, int, int]
) -> None:
    content, reading = png(smooth(*size, 3)), ImageReading(background="#30a0ff", fit="pad")
    found = taken(page, content, shape, reading)
    expected = image_decoding.own_picture(content, shape, reading)
    np.testing.assert_array_equal(found["bytes"], expected.pixels.ravel())
    assert ("padded" in found["changes"]) == expected.facts.padded
    assert "cut to" not in found["changes"]


def test_transparent_parts_and_a_range_of_values_are_read_as_the_models_images_were(page: Page) -> None:
    pixels = smooth(60, 60, 4)
    pixels[..., 3] = np.where(np.mgrid[:60, :60][0] < 30, 255, 0)
    reading = ImageReading(background="#30a0ff")
    found = taken(page, png(pixels), (3, 28, 28), reading)
    expected = image_decoding.own_picture(png(pixels), (3, 28, 28), reading).pixels
    np.testing.assert_allclose(found["bytes"], expected.ravel(), atol=1)
    assert found["changes"] == "scaled from 60×60 to 28×28 and transparent parts filled"
    ranged = ImageReading(values=(30.0, 200.0))
    grey = png(smooth(50, 40, 1))
    found = taken(page, grey, (1, 16, 16), ranged)
    expected = image_decoding.own_picture(grey, (1, 16, 16), ranged).pixels
    np.testing.assert_array_equal(found["bytes"], expected.ravel())


def test_what_a_browser_can_not_read_is_said_in_a_sentence(page: Page) -> None:
    assert "can't read this file as an image" in taken(page, b"no picture", (1, 8, 8))["problem"]
    assert "can't read" in taken(page, b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", (1, 8, 8))["problem"]
    assert "21 MB, expected at most 20" in taken(page, bytes(20 * 2**20 + 1), (1, 8, 8))["problem"]
    deep = png(np.arange(64, dtype=np.uint16).reshape(8, 8) * 60)
    assert "16 bits a value" in taken(page, deep, (1, 8, 8), ImageReading(values=(0.0, 4095.0)))["problem"]
    assert len(taken(page, deep, (1, 8, 8))["bytes"]) == 64


# --- pen and map ------------------------------------------------------------------------------------------------------


def test_a_stroke_has_a_soft_edge_and_is_no_darker_where_it_crosses_itself(page: Page) -> None:
    found = page.evaluate(
        """() => {
            const shape = [1, 12, 12]
            const bytes = blank(shape, [0])
            const brush = new Brush(shape)
            brush.begin(bytes, { colour: [200], radius: 1.5, edge: 2 })
            brush.line(2, 6, 10, 6)
            const once = bytes.slice()
            brush.line(10, 6, 2, 6)
            const eraser = new Brush(shape)
            const cleared = bytes.slice()
            eraser.begin(cleared, { colour: [0], radius: 5, edge: 2 })
            eraser.line(2, 6, 10, 6)
            return [once, bytes, cleared].map((one) => Array.from(one))
        }"""
    )
    once, twice, cleared = (np.array(one).reshape(12, 12) for one in found)
    np.testing.assert_array_equal(once, twice)
    assert once[:, 5].tolist() == once[:, 6].tolist()
    assert once[5, 6] == once[6, 6] == 200  # fully covered
    assert 0 < once[4, 6] < 200  # its edge
    assert once[2, 6] == 0
    assert cleared.max() == 0


def test_what_is_drawn_moves_to_the_middle_without_changing(page: Page) -> None:
    found = page.evaluate(
        """() => {
            const shape = [1, 6, 8]
            const bytes = blank(shape, [10])
            bytes[0] = 250
            bytes[1] = 250
            return [Array.from(centred(bytes, shape, [10])), Array.from(centred(blank(shape, [10]), shape, [10]))]
        }"""
    )
    moved, empty = (np.array(one).reshape(6, 8) for one in found)
    assert np.argwhere(moved == 250).tolist() in ([[2, 3], [2, 4]], [[3, 3], [3, 4]])
    assert (empty == 10).all()


def test_the_ring_is_two_standard_deviations_of_the_projected_posterior(page: Page) -> None:
    sigma, axes = np.array([0.2, 0.5, 1.0]), np.random.default_rng(0).normal(size=(2, 3))
    found = page.evaluate(
        """([sigma, axes]) => {
            const model = { tensors: { "pca.components": { data: axes } } }
            const posterior = { mu: [0, 0, 0], sigma }
            const linear = covarianceOnMap(model, { method: "pca" }, posterior, [])
            const latent = covarianceOnMap(model, { method: "latent", axes: [2, 0] }, posterior, [])
            return [linear, latent, ellipse(linear, { across: 30, up: 50 })]
        }""",
        [sigma.tolist(), axes.ravel().tolist()],
    )
    covariance = axes @ np.diag(sigma**2) @ axes.T
    assert [found[0][k] for k in ("xx", "xy", "yy")] == pytest.approx(
        [covariance[0, 0], covariance[0, 1], covariance[1, 1]]
    )
    assert found[1] == pytest.approx({"xx": 1.0, "xy": 0.0, "yy": 0.04})
    scale = np.diag([30.0, -50.0])  # the page's y goes down
    values, vectors = np.linalg.eigh(scale @ covariance @ scale)
    assert (found[2]["short"], found[2]["long"]) == pytest.approx(tuple(2 * np.sqrt(values)))
    along = np.array([np.cos(found[2]["angle"]), np.sin(found[2]["angle"])])
    assert abs(along @ vectors[:, 1]) == pytest.approx(1, abs=1e-6)


def test_a_count_among_the_images_is_exact(page: Page) -> None:
    found = page.evaluate(
        """() => {
            const model = { terms: "", has_kl: true, tensors: Object.fromEntries(["squared_error", "elbo", "kl"].map(
                (name) => [name, { data: Float32Array.from([4, 1, 3, 2, 2]) }])) }
            const below = [0, 1, 2, 2.5, 9].map((value) => countBelow(model, "kl", value, 5))
            const far = trustOf(model, { bound: { squaredError: 9 } }, null, 5)
            const near = trustOf(model, { bound: { squaredError: 2 } }, { distance: 1, limit: 2 }, 5)
            const away = trustOf(model, { bound: { squaredError: 2 } }, { distance: 3, limit: 2 }, 5)
            const low = Float32Array.from([0.1, 0.2, 0.1, 0.3, 0.1, 9])  // the last is no test image
            const collapsed = { ...model, tensors: { ...model.tensors, kl: { data: low } } }
            const told = trustOf(collapsed, { bound: { squaredError: 2 } }, { distance: 1, limit: 2 }, 5)
            const codes = trustOf({ ...collapsed, has_kl: false }, { bound: { squaredError: 2 } }, null, 5)
            return [below, far.level, near.level, away.text[0], told.level, told.text[0], codes.level]
        }"""
    )
    assert found == [
        [0, 0, 1, 3, 5],
        "far",
        "good",
        "Far from every test image in latent space.",
        "far",
        "This model hardly tells images apart: a place on the map says little.",
        "good",  # an autoencoder is not judged by a KL
    ]
