"""The plane of decoded images: right pictures in the right places, only what is looked at is decoded, clicks arrive."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page
from scipy.stats import norm

from tests.browser.conftest import StartApp
from tests.browser.drive.modules import load, mount
from tests.browser.drive.server import PROJECT
from tests.browser.drive.visit import wait_idle
from ui.components.model_store import browser_model
from vae.checkpoints import checkpoint_files, loading
from vae.checkpoints.checkpoint import Checkpoint
from vae.graph import nodes
from vae.graph.chain import Chain
from vae.graph.graph import Graph, describe
from vae.model import networks

DONE = ".manifold[data-ready=yes][data-missing='0']"
APP = """
import json
import streamlit as st
from ui.components import manifold, model_store
from ui.components.model_store import browser_model
from vae.checkpoints import checkpoint_files

checkpoint = checkpoint_files.read("digits-mlp-8")
model_store.store(browser_model.pack(checkpoint, checkpoint_files.read_weights(checkpoint), {}), key="weights")
reported = manifold.show(
    {
        "fingerprint": browser_model.fingerprint(checkpoint, {}),
        "image_shape": [1, 8, 8],
        "plane": {"base": [0.5] * 8, "u": [1.0, 2.0] + [0.0] * 6, "v": [0.0] * 7 + [-1.0]},
        "names": ["along", "up"],
        "scale": "quantile",
        "measured": "prior",
        "tiles": 20,
        "home": [-3, 3, -3, 3],
        "window": None,
        "here": None,
        "show_points": False,
        "colours": [],
        "class_names": [],
        "revision": 0,
    },
    key="manifold",
)
st.text(json.dumps(reported.visit))
"""
NETWORKS: dict[str, Graph] = {
    "odd sizes": Chain((3,))
    .add(nodes.Gemm, 3, 7)
    .activate("Silu")
    .add(nodes.Gemm, 7, 5)
    .activate("Tanh")
    .add(nodes.Gemm, 5, 9)
    .add(nodes.Reshape, (1, 3, 3))
    .graph(),
    "colour": Chain((3,))
    .add(nodes.Gemm, 3, 4)
    .add(nodes.LayerNormalization, (4,))
    .activate("Relu")
    .add(nodes.Gemm, 4, 12)
    .add(nodes.Reshape, (3, 2, 2))
    .graph(),
    "channels": Chain((3,)).add(nodes.Gemm, 3, 4).add(nodes.PRelu, 4).add(nodes.Gemm, 4, 4).graph(),
    "convolution": Chain((3,))
    .add(nodes.Gemm, 3, 8)
    .add(nodes.Reshape, (2, 2, 2))
    .activate("Relu")
    .add(nodes.Conv, 2, 3, (3, 3), (1, 1), (1, 1, 1, 1))
    .graph(),
}
AT_ONCE = ("odd sizes", "colour")


def read(name: str) -> Checkpoint:
    return checkpoint_files.read(name, PROJECT / "checkpoints")


def data_for(checkpoint: Checkpoint, **changes: Any) -> dict[str, Any]:
    """What Python would send for the plane of the first two dimensions."""
    d = checkpoint.model.latent_dim
    unit = np.eye(d)
    plane = {"base": [0.0] * d, "u": unit[0].tolist(), "v": unit[1].tolist()}
    about = {
        "fingerprint": browser_model.fingerprint(checkpoint, {}),
        "image_shape": list(checkpoint.model.image_shape),
    }
    look = {"scale": "quantile", "tiles": 20, "home": [-3, 3, -3, 3], "here": None}
    points = {"show_points": False, "colours": ["#3f90da"], "class_names": [], "names": ["z0", "z1"], "revision": 0}
    about |= {"measured": "prior", "plane_name": "this plane"}
    return {**about, "plane": plane, **look, **points, **changes}


def decoded(checkpoint: Checkpoint, z: NDArray[Any]) -> NDArray[np.float32]:
    """(N, C, H, W) grey levels from 0 to 255, as PyTorch has them."""
    with torch.inference_mode():
        pixels: NDArray[np.float32] = (
            loading.load_model(checkpoint).decode_mean(torch.tensor(z, dtype=torch.float32)).numpy()
        )
    return 255 * pixels


# --- the pure parts, in a page without an app -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bare(browser: Browser) -> Iterator[Page]:
    """The component's modules in an empty page."""
    page = browser.new_page()
    own = ("scale", "axes", "tiles/lattice", "tiles/pixels")
    load(page, "model_store/network/network.js", *(f"manifold/{name}.js" for name in own))
    yield page
    page.close()


def test_quantiles_and_shares_are_those_of_scipy(bare: Page) -> None:
    p = np.concatenate([10.0 ** -np.arange(1, 300, 7), np.linspace(0.001, 0.999, 999), 1 - 10.0 ** -np.arange(1, 12)])
    found = np.array(bare.evaluate("(p) => p.map(normalQuantile)", p.tolist()))
    np.testing.assert_allclose(found, norm.ppf(p), rtol=1e-12, atol=1e-12)
    a = np.linspace(-36, 9, 500)
    shares = np.array(bare.evaluate("(a) => a.map(normalShare)", a.tolist()))
    np.testing.assert_allclose(shares, norm.cdf(a), rtol=1e-9, atol=1e-300)


def test_places_and_screen_are_each_others_inverse(bare: Page) -> None:
    places = [0.01, 0.3, 0.5, 0.9]
    quantile, even, box = bare.evaluate(
        """(places) => {
            const [quantile, even] = [quantileScale(), evenScale([-2, 4, -1, 0.5])]
            const there = (s) => places.map((p) => [s.x(s.a(p)), s.y(s.b(p)), s.a(p), s.b(p)])
            return [there(quantile), there(even), even.box]
        }""",
        places,
    )
    p = np.array(places)
    np.testing.assert_allclose(quantile, np.stack([p, p, norm.ppf(p), norm.ppf(1 - p)], 1), atol=1e-9)
    np.testing.assert_allclose(even, np.stack([p, p, -2 + 6 * p, 0.5 - 1.5 * p], 1), atol=1e-9)
    assert box["left"] == pytest.approx(-98 / 6)
    assert box["bottom"] == pytest.approx(100.5 / 1.5)


def test_a_view_never_shows_many_more_than_n_times_n_tiles(bare: Page) -> None:
    """Whatever the zoom, and each tile has a key of its own."""
    counts, twice = bare.evaluate(
        """() => {
            const counts = []
            const keys = new Set()
            let all = 0
            for (let zoom = 0.05; zoom < 4096; zoom *= 1.13) {
                const view = { x: 0.377, y: -0.123, span: 1 / zoom }
                const level = levelOf(view.span)
                const { left, right, top, bottom } = tilesIn(view, 40, level)
                counts.push([right - left, bottom - top])
            }
            for (const level of [-3, 0, 1, 12]) {
                for (let i = -9; i < 9; i++) for (let j = -9; j < 9; j++) keys.add(tileKey(level, i, j)), all++
            }
            return [counts, all - keys.size]
        }"""
    )
    assert 20 <= np.min(counts) <= np.max(counts) <= 41
    assert twice == 0


@pytest.mark.parametrize("name", NETWORKS)
def test_decoding_several_at_once_gives_the_same(bare: Page, name: str) -> None:
    torch.manual_seed(1)
    network = networks.build(NETWORKS[name])
    weights = {
        f"decoder.{n}": {"data": t.detach().flatten().tolist(), "shape": t.shape}
        for n, t in network.state_dict().items()
    }
    one, many = bare.evaluate(
        """([decoder, weights, z]) => {
            for (const tensor of Object.values(weights)) tensor.data = Float32Array.from(tensor.data)
            const shown = withMean(decoder, "bernoulli")
            const decode = buildNetwork(shown, weights, "decoder")
            const { rows, graph } = severalAtOnce(shown)
            const some = z.slice(0, rows)
            const run = buildNetwork(graph, weights, "decoder")
            return [some.map((one) => Array.from(decode(one))), Array.from(run(Float32Array.from(some.flat())))]
        }""",
        [describe(NETWORKS[name]), weights, np.random.default_rng(2).normal(size=(4, 3)).tolist()],
    )
    assert len(one) == (4 if name in AT_ONCE else 1)
    np.testing.assert_allclose(np.array(one).flatten(), many, rtol=0, atol=1e-6)


def test_large_pictures_are_averaged_and_colours_stay(bare: Page) -> None:
    image = np.random.default_rng(3).random((3, 130, 100)).astype(np.float32)
    found, shape = bare.evaluate(
        """(values) => {
            const decoder = { lanes: 1, run: () => Float32Array.from(values) }
            return [Array.from(decodeTiles(decoder, new Float32Array(2), 2, [3, 130, 100])), tileShape([3, 130, 100])]
        }""",
        image.flatten().tolist(),
    )
    means = image[:, :129, :99].reshape(3, 43, 3, 33, 3).mean(axis=(2, 4)) * 255
    rgba = np.array(found).reshape(43, 33, 4)
    assert shape == {"block": 3, "width": 33, "height": 43}
    assert np.abs(rgba[..., :3] - means.transpose(1, 2, 0)).max() <= 0.51
    assert (rgba[..., 3] == 255).all()


def test_labels_stand_where_their_values_are_and_never_touch(bare: Page) -> None:
    ticks = bare.evaluate("() => ticksOf(-5, 5, (a) => 700 * quantileScale().x(a), 700, false)")
    at = np.array([tick["at"] for tick in ticks])
    np.testing.assert_allclose(at, 700 * norm.cdf([tick["value"] for tick in ticks]), atol=1e-6)
    assert np.diff(np.sort(at)).min() >= 40
    texts = {tick["text"] for tick in ticks}
    assert {"−1", "0", "1", "0.5", "−2"} <= texts
    negative = {text for text in texts if text.startswith("−")}
    assert negative == {"−" + text for text in texts - negative - {"0"}}

    evenly = bare.evaluate("() => ticksOf(-1.3, 1.7, (a) => (a + 1.3) * 200, 600, true)")
    assert [tick["text"] for tick in sorted(evenly, key=lambda tick: tick["at"])] == [
        "−1.0", "−0.5", "0.0", "0.5", "1.0", "1.5"
    ]  # fmt: skip


# --- the component, in a page without an app --------------------------------------------------------------------------


class Mounted:
    """The component in a page, mounted by hand."""

    def __init__(self, page: Page, checkpoint: Checkpoint) -> None:
        self.page, self.checkpoint = page, checkpoint
        load(page, "model_store/store.js", "model_store/keeping.js")
        styles = ("shared/base.css", "manifold/manifold.css")
        mount(page, "manifold/manifold.js", "manifold/manifold.html", *styles)
        content = browser_model.pack(checkpoint, checkpoint_files.read_weights(checkpoint), {})
        encoded = base64.b64encode(content).decode()
        page.evaluate("(content) => keepModel(Uint8Array.from(atob(content), (c) => c.charCodeAt(0)))", encoded)

    def show(self, **changes: Any) -> None:
        self.send(data_for(self.checkpoint, **changes))
        self.settle()

    def send(self, data: Any) -> None:
        self.page.evaluate("(data) => receive(data)", data)

    def visits(self) -> list[dict[str, Any]]:
        """The clicks that it has reported."""
        return [value for name, value in self.page.evaluate("reported") if name == "visit"]

    def settle(self) -> None:
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        self.page.wait_for_selector(DONE)

    def press(self, *keys: str) -> None:
        self.page.locator(".stage").focus()
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def under_the_pointer(self) -> list[float]:
        self.settle()
        assert self.page.locator(".caption").inner_text() == "Under the pointer"
        readout = self.page.locator(".readout").inner_text()
        return [float(part.split(" = ")[1].replace("−", "-")) for part in readout.split(", ")]

    def told(self, name: str) -> int:
        return int(self.page.locator(".manifold").get_attribute(f"data-{name}") or -1)

    def tiles(self, across: int, down: int) -> NDArray[np.int64]:
        """Grey levels of a sheet of so many tiles, read in the middle of each of their pixels: (down, across, H, W).

        Tiles end a pixel before the next one begins.
        """
        _, height, width = self.checkpoint.model.image_shape
        values = self.page.evaluate(
            """([across, down, width, height]) => {
                const canvas = document.querySelector(".sheet")
                const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
                const places = (tiles, pixels, side) => Array.from({ length: tiles * pixels }, (_, k) => {
                    const tile = Math.floor(k / pixels)
                    const [from, to] = [tile, tile + 1].map((i) => Math.round((i * side) / tiles))
                    return from + Math.floor((((k % pixels) + 0.5) / pixels) * (to - from - 1))
                })
                const x = places(across, width, canvas.width)
                return places(down, height, canvas.height).map((y) => x.map((x) => data[4 * (y * canvas.width + x)]))
            }""",
            [across, down, width, height],
        )
        return np.array(values).reshape(down, height, across, width).swapaxes(1, 2)


@pytest.fixture
def digits(page: Page) -> Mounted:
    return Mounted(page, read("digits-mlp-2"))


def lattice(checkpoint: Checkpoint, x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.float32]:
    """What PyTorch decodes at these screen coordinates of the quantile scale: (rows, columns, H, W)."""
    b, a = np.meshgrid(norm.ppf(1 - y), norm.ppf(x), indexing="ij")
    return decoded(checkpoint, np.stack([a, b], -1).reshape(-1, 2)).reshape(
        len(y), len(x), *checkpoint.model.image_shape[1:]
    )


@pytest.mark.parametrize("name", ["digits-mlp-2", "mnist-mlp-2"])
def test_every_tile_is_what_pytorch_decodes_there(page: Page, console_errors: list[str], name: str) -> None:
    mounted = Mounted(page, read(name))
    page.set_viewport_size({"width": 1440, "height": 1000})
    mounted.show(tiles=10)
    centres = (np.arange(10) + 0.5) / 10
    expected = lattice(mounted.checkpoint, centres, centres)
    assert expected.std() > 20  # pictures, not a constant
    assert np.abs(mounted.tiles(10, 10) - expected).max() <= 1

    mounted.press("+")  # twice as near the middle: a lattice twice as fine, so ten tiles again
    assert mounted.told("level") == 1
    centres = 0.25 + (np.arange(10) + 0.5) / 20
    assert np.abs(mounted.tiles(10, 10) - lattice(mounted.checkpoint, centres, centres)).max() <= 1
    assert console_errors == []


@pytest.mark.parametrize(("tiles", "apart"), [(10, True), (40, False)])
def test_tiles_stand_apart_where_they_are_large_enough(page: Page, tiles: int, apart: bool) -> None:
    page.set_viewport_size({"width": 700, "height": 480})  # a stage of about 400 pixels
    mounted = Mounted(page, read("digits-mlp-2"))
    mounted.show(tiles=tiles)
    lines, columns = page.evaluate(
        """(tiles) => {
            const canvas = document.querySelector(".sheet")
            const { width, height } = canvas
            const { data } = canvas.getContext("2d").getImageData(0, 0, width, height)
            const isGrey = (x, y) => data[4 * (y * width + x)] === data[4 * (y * width + x) + 1]
            const none = (x) => !Array.from({ length: height }, (_, y) => y).some((y) => isGrey(x, y))
            const lines = Array.from({ length: width }, (_, x) => x).filter(none) // pictures of digits are grey
            return [lines, Array.from({ length: tiles }, (_, i) => Math.round(((i + 1) * width) / tiles) - 1)]
        }""",
        tiles,
    )
    assert lines == (columns if apart else [])


def test_only_what_comes_into_view_is_decoded_and_only_once(digits: Mounted) -> None:
    digits.show(tiles=20, scale="even")
    assert digits.told("asked") == 400
    assert digits.page.locator(".count").inner_text() == "400 tiles; 400 decoded"
    digits.press("ArrowRight", "ArrowRight", "ArrowRight")
    assert digits.told("asked") == 460
    digits.press("ArrowUp", "ArrowLeft", "ArrowLeft", "ArrowLeft")
    assert digits.told("asked") <= 460 + 4 * 20 - 3
    before = digits.told("asked")
    digits.press("Home")
    assert digits.told("asked") == before
    digits.press("-")  # half as near: one tile stands where four were
    assert digits.told("level") == -1
    assert digits.told("asked") > before


def test_the_quantile_square_ends_where_the_prior_does(digits: Mounted) -> None:
    digits.show(tiles=12)
    digits.press("-", "ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown")
    assert [digits.told("level"), digits.told("asked")] == [0, 144]
    digits.press("+", *["Shift+ArrowLeft"] * 10)  # a quarter of the square, at its left edge
    assert digits.told("missing") == 0
    digits.page.locator(".stage").press("Enter")
    [visit] = digits.visits()
    assert visit["plane"] == "this plane"
    assert visit["a"] == pytest.approx(norm.ppf(0.25), abs=1e-5)
    assert visit["z"] == pytest.approx([visit["a"], visit["b"]])


def test_wheel_and_double_click_zoom_around_the_pointer_and_a_drag_chooses_nothing(digits: Mounted) -> None:
    digits.show(tiles=10, scale="even")
    page, box = digits.page, digits.page.locator(".stage").bounding_box()
    assert box is not None
    x, y = round(box["x"] + 0.3 * box["width"]), round(box["y"] + 0.2 * box["height"])
    page.mouse.move(x, y)
    assert digits.under_the_pointer() == pytest.approx([-1.2, 1.8], abs=0.02)
    for _ in range(3):
        page.mouse.wheel(0, -200)
    page.wait_for_selector(".manifold[data-level='1']")
    assert digits.under_the_pointer() == pytest.approx([-1.2, 1.8], abs=0.02)
    page.mouse.down()
    page.mouse.move(x + 60, y + 30, steps=4)
    page.mouse.up()
    page.mouse.move(x + 60, y + 31)
    assert digits.under_the_pointer() == pytest.approx([-1.2, 1.8], abs=0.02)
    assert digits.visits() == []
    page.mouse.dblclick(x + 60, y + 30)
    page.wait_for_selector(".manifold[data-level='2']")
    [visit] = digits.visits()
    assert [visit["a"], visit["b"]] == pytest.approx([-1.2, 1.8], abs=0.02)


@pytest.mark.parametrize(
    "how", ["throw new Error('forbidden')", "setTimeout(() => this.onerror(new Event('error')), 50)"]
)
def test_where_no_worker_may_start_the_page_decodes(page: Page, console_errors: list[str], how: str) -> None:
    page.add_init_script(f"window.Worker = class {{ constructor() {{ {how} }} postMessage() {{}} terminate() {{}} }}")
    page.goto("about:blank")
    mounted = Mounted(page, read("digits-mlp-2"))
    mounted.show(tiles=10)
    centres = (np.arange(10) + 0.5) / 10
    assert np.abs(mounted.tiles(10, 10) - lattice(mounted.checkpoint, centres, centres)).max() <= 1
    assert console_errors == []


def test_the_layout_is_said_as_it_is(digits: Mounted) -> None:
    said = {}
    for measured in ("prior", "data"):
        for scale in ("quantile", "even"):
            digits.show(tiles=10, scale=scale, measured=measured)
            said[measured, scale] = digits.page.locator(".hint").evaluate("e => e.textContent").partition(" Drag")[0]
    assert len(set(said.values())) == 4
    assert {key for key, text in said.items() if "the prior" in text} == {("prior", "quantile")}
    assert {key for key, text in said.items() if "the data" in text} == {("data", "quantile"), ("data", "even")}


def test_dots_are_drawn_at_the_posterior_means(digits: Mounted) -> None:
    digits.show(tiles=10, show_points=True, colours=["#ff00ff"], class_names=["<b>nought</b>"])
    mu = digits.checkpoint.latents.mu
    at = np.stack([norm.cdf(mu[:, 0]), norm.cdf(-mu[:, 1])], 1)
    at = at[((at > 0.02) & (at < 0.98)).all(1)]
    hits = digits.page.evaluate(
        """(places) => {
            const canvas = document.querySelector(".sheet")
            const pixel = ([x, y]) => canvas.getContext("2d").getImageData(
                Math.round(x * canvas.width), Math.round(y * canvas.height), 1, 1).data
            return places.map((place) => Array.from(pixel(place)).slice(0, 3).join())
        }""",
        at[:40].tolist(),
    )
    filling, rim = "255,0,255", "89,0,89"
    assert set(hits) <= {filling, rim}  # a neighbour's rim can lie over a dot
    assert hits.count(filling) > 20
    assert digits.page.locator(".legend").inner_text() == "<b>nought</b>"


def test_odd_data_is_drawn_or_refused_in_words(digits: Mounted, console_errors: list[str]) -> None:
    good = data_for(digits.checkpoint)
    odd: list[Any] = [
        None,
        {},
        [],
        good | {"plane": None},
        good | {"plane": {"base": [0, 0], "u": [1], "v": [0, 1]}},
        good | {"plane": {"base": [0, 0, 0], "u": [1, 0, 0], "v": [0, 1, 0]}},
        good | {"plane": {"base": [None, 0], "u": [1, 0], "v": [0, 1]}},
        good | {"image_shape": [1, 0, 8]},
        good | {"image_shape": "1x8x8"},
        good | {"fingerprint": "of no model"},
    ]
    for data in odd:
        digits.send(data)
        digits.page.wait_for_timeout(20)
        assert digits.page.locator(".manifold").get_attribute("data-ready") == "no", data
        assert digits.page.locator(".absent").inner_text() != ""
    drawn: list[dict[str, Any]] = [
        {"tiles": 10_000, "scale": "log", "home": ["x"], "here": [1], "names": None, "revision": None},
        {"tiles": None, "scale": "even", "home": [5, 5, 9, -9], "here": [1e300, -1e300], "colours": None},
        {"tiles": 10, "show_points": True, "colours": ["url(x)"], "class_names": 3, "here": "here"},
        {"tiles": 10, "show_points": True, "colours": [], "plane": {"base": [0, 0], "u": [0, 0], "v": [0, 0]}},
        {"tiles": 10, "scale": "even", "home": [-0.005, 0.005, 99.9, 100]},
    ]
    for changes in drawn:
        digits.show(**changes)
        digits.press("+", "-", "-", "Shift+ArrowUp", "Enter", "Home")
    digits.page.evaluate("unmount()")
    assert console_errors == []


# --- in Streamlit -----------------------------------------------------------------------------------------------------


def test_a_click_tells_python_the_place(
    page: Page, start_app: StartApp, tmp_path: Path, console_errors: list[str]
) -> None:
    script = tmp_path / "app.py"
    script.write_text(APP, encoding="utf-8")
    server = start_app({"PYTHONPATH": str(PROJECT)}, script=script)
    page.goto(server.url)
    wait_idle(page)
    page.wait_for_selector(DONE)
    assert page.get_by_text("null", exact=True).is_visible()
    asked = page.locator(".manifold").get_attribute("data-asked")
    box = page.locator(".stage").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 0.4 * box["height"])
    page.wait_for_function("() => document.body.innerText.includes('\"id\"')")
    visit = json.loads(page.get_by_test_id("stText").inner_text())
    a, b = visit["a"], visit["b"]
    assert [a, b] == pytest.approx([norm.ppf(0.25), norm.ppf(0.6)], abs=0.01)
    assert visit["z"] == pytest.approx([0.5 + a, 0.5 + 2 * a, *[0.5] * 5, 0.5 - b], abs=1e-5)
    wait_idle(page)
    assert page.locator(".manifold").get_attribute("data-asked") == asked == "400"  # the answer decodes nothing anew
    assert console_errors == []
