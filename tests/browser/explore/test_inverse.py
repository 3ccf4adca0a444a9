"""From places on a map back to latents, and how far these are from data: the page's modules, without an app."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.drive.modules import load
from ui.components.model_store import browser_model
from ui.components.reach import reach_data
from vae.checkpoints import checkpoint_files
from vae.generation import holes
from vae.neighbours import nearest
from vae.storage import paths

SHIPPED = sorted(p.name for p in (paths.PROJECT / "checkpoints").iterdir() if not p.name.startswith("."))
KEEP = """(content) => {
    window.latentSpaceExplorer.models.clear()
    keepModel(Uint8Array.from(atob(content), (c) => c.charCodeAt(0)))
    window.model = [...window.latentSpaceExplorer.models.values()][0]
}"""
AT = """([map, places, bases]) => {
    const inverse = new MapInverse(window.model, map)
    return places.map(([x, y], i) => {
        const { z, near } = inverse.at({ x, y }, bases[i])
        return { z: Array.from(z), near }
    })
}"""
TRUST = """([found, reach]) => found.map(({ z, near }) => {
    const { dims, usual, limit } = reach
    const [{ distance }] = nearestRows(window.model, z, 1, dims)
    return trustOf([{ distance, usual, limit }, ...(near ? [near] : [])])
})"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Any:
    """A blank page with the modules in it, and no app."""
    page = browser.new_page()
    load(
        page,
        *(f"model_store/{name}.js" for name in ("store", "keeping", "plane_grid", "inverse")),
        "live_decoder/trust_mark.js",
    )
    yield page
    page.close()


def bring(page: Page, name: str) -> Any:
    checkpoint = checkpoint_files.read(name, paths.PROJECT / "checkpoints")
    packed = browser_model.pack(checkpoint, checkpoint_files.read_weights(checkpoint), checkpoint.maps)
    page.evaluate(KEEP, base64.b64encode(packed).decode())
    return checkpoint


def at(page: Page, method: str, xy: Any, bases: Any, axes: Any = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(
        AT, [{"method": method, "axes": axes}, np.asarray(xy, float).tolist(), np.asarray(bases, float).tolist()]
    )
    return found


def vectors(found: list[dict[str, Any]]) -> Any:
    return np.array([one["z"] for one in found])


@pytest.mark.parametrize("name", SHIPPED)
def test_places_of_images_on_linear_maps_lead_back_to_their_means(page: Page, name: str) -> None:
    checkpoint = bring(page, name)
    mu, pca = checkpoint.latents.mu[:50], checkpoint.maps["pca"]
    np.testing.assert_allclose(vectors(at(page, "pca", pca.xy[:50], mu)), mu, atol=1e-4)
    elsewhere = checkpoint.latents.mu[50:100]
    expected = pca.linear.latent(pca.xy[:50], elsewhere)
    np.testing.assert_allclose(vectors(at(page, "pca", pca.xy[:50], elsewhere)), expected, atol=1e-4)
    axes = [mu.shape[1] - 1, 0]
    found = vectors(at(page, "latent", mu[:, axes], elsewhere, axes))
    np.testing.assert_allclose(found[:, axes], mu[:, axes], atol=1e-6)
    rest = [j for j in range(mu.shape[1]) if j not in axes]
    np.testing.assert_allclose(found[:, rest], elsewhere[:, rest], atol=1e-6)


def test_a_map_of_neighbours_leads_from_an_image_to_its_mean_and_without_a_jump_between_them(page: Page) -> None:
    checkpoint = bring(page, "mnist-conv-16")
    mu, xy = checkpoint.latents.mu, checkpoint.maps["tsne"].xy
    zero = np.zeros((400, mu.shape[1]))
    np.testing.assert_allclose(vectors(at(page, "tsne", xy[:50], zero[:50])), mu[:50], atol=1e-3)
    line = xy[0] + np.linspace(0, 1, 400)[:, None] * (xy[1] - xy[0])  # to another class, over a gap
    path = vectors(at(page, "tsne", line, zero))
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert steps.max() < 0.6 * np.linalg.norm(mu[1] - mu[0])
    assert np.linalg.norm(path[-1] - mu[1]) < 1e-3
    finer = xy[0] + np.linspace(0, 0.01, 400)[:, None] * (xy[1] - xy[0])
    assert np.linalg.norm(np.diff(vectors(at(page, "tsne", finer, zero)), axis=0), axis=1).max() < steps.max() / 4


def test_trust_is_high_on_data_and_low_far_away(page: Page) -> None:
    checkpoint = bring(page, "mnist-conv-16")
    mu, xy = checkpoint.latents.mu, checkpoint.maps["tsne"].xy
    reach = reach_data(holes.reach(checkpoint.latents))
    assert reach is not None
    assert 0 < reach["usual"] < reach["limit"]

    def trust(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = page.evaluate(TRUST, [found, reach])
        return told

    on = trust(at(page, "tsne", xy[:200], np.zeros((200, mu.shape[1]))))
    assert all(one["level"] == "on" and one["share"] > 0.9 for one in on)
    angle = np.linspace(0, 2 * np.pi, 50)
    around = xy.mean(0) + 3 * np.ptp(xy) * np.stack([np.cos(angle), np.sin(angle)], 1)
    off = trust(at(page, "tsne", around, np.zeros((50, mu.shape[1]))))
    assert all(one["level"] == "far" and one["share"] < 0.01 for one in off)
    far = trust([{"z": row.tolist(), "near": None} for row in 4 * mu[:50]])
    assert np.mean([one["level"] == "far" for one in far]) > 0.9
    assert max(one["share"] for one in far) < min(one["share"] for one in on)


@pytest.mark.parametrize("kind", ["blobs", "outlier", "copies", "line", "one"])
def test_the_grid_finds_the_nearest_points(page: Page, kind: str) -> None:
    rng = np.random.default_rng(2)
    xy = rng.normal(size=(3_000, 2)) * 2 + rng.integers(0, 4, (3_000, 1)) * 20
    if kind == "outlier":
        xy[7] = (1e6, -1e6)
    elif kind == "copies":
        xy = np.repeat(xy[:20], 50, axis=0)
    elif kind == "line":
        xy[:, 1] = 0
    elif kind == "one":
        xy = xy[:1]
    xy = xy.astype(np.float32)
    queries = np.concatenate([rng.uniform(-30, 90, (100, 2)), xy[:50], [[1e7, 0], [-1e5, 1e5]]]).astype(np.float32)
    found = page.evaluate(
        """([xy, queries]) => {
            const grid = new PlaneGrid(Float32Array.from(xy.flat()))
            return queries.map(([x, y]) => grid.nearest(x, y, 9).map(({ distance }) => distance))
        }""",
        [xy.astype(float).tolist(), queries.astype(float).tolist()],
    )
    np.testing.assert_allclose(found, nearest(queries, xy, 9).distances, rtol=1e-5, atol=1e-5)
