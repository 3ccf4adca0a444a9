"""The plane of a model that only the server can decode: it moves as any other, and asks for what is looked at only."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, WebSocket, WebSocketRoute, expect
from scipy.stats import norm

from tests.browser.drive import generate
from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import eventually
from tests.vae.adoption.onnx_models import foreign_pair
from vae.adoption import from_onnx
from vae.adoption.adopting import Destination
from vae.adoption.candidates import Wishes

TILES, SIDE, D = 10, 8, 2
RING = 4  # tiles that it is drawn over, at most


@pytest.fixture(scope="module")
def decoder() -> bytes:
    """z (N, 2) -> pixels, with an operation that no page knows."""
    return dict(foreign_pair((1, SIDE, SIDE), D))["decoder.onnx"]


@pytest.fixture(scope="module")
def foreign_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """An app with such a model."""
    folder = tmp_path_factory.mktemp("foreign")
    with AppServer(folder) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAE_CHECKPOINTS", str(server.checkpoints))
        patch.setenv("VAE_DERIVED", str(server.derived))
        from_onnx.adopt(Destination("elsewhere"), foreign_pair((1, SIDE, SIDE), D), "digits", Wishes("unit"))
        yield server


def shown(page: Page) -> NDArray[np.int64]:
    """Grey levels in the middle of each pixel of the sheet: (down, across, H, W)."""
    values = page.locator(".manifold .sheet").evaluate(
        """(canvas, [n, side]) => {
            const { width, height } = canvas
            const { data } = canvas.getContext("2d").getImageData(0, 0, width, height)
            const places = (length) => Array.from({ length: n * side }, (_, k) => {
                const [from, to] = [0, 1].map((more) => Math.round(((Math.floor(k / side) + more) * length) / n))
                return from + Math.floor((((k % side) + 0.5) / side) * (to - from - 1))
            })
            const x = places(width)
            return places(height).map((y) => x.map((x) => data[4 * (y * width + x)]))
        }""",
        [TILES, SIDE],
    )
    return np.array(values).reshape(TILES, SIDE, TILES, SIDE).swapaxes(1, 2)


def expected(decoder: bytes, shares: NDArray[np.float64]) -> NDArray[np.float32]:
    """What ONNX Runtime makes of the places at these shares of the prior, the highest b above."""
    b, a = np.meshgrid(norm.ppf(1 - shares), norm.ppf(shares), indexing="ij")
    session = onnxruntime.InferenceSession(decoder, providers=["CPUExecutionProvider"])
    z = np.stack([a, b], -1).reshape(-1, D).astype(np.float32)
    pixels: NDArray[np.float32] = 255 * session.run(None, {"x": z})[0]
    return pixels.reshape(TILES, TILES, SIDE, SIDE)


def wrong_tiles(page: Page, right: NDArray[np.float32]) -> int:
    """How many tiles differ by more than rounding."""
    return int((np.abs(shown(page) - right).max((2, 3)) > 1.5).sum())


@pytest.mark.parametrize("width", [1440, 420])
def test_the_plane_is_what_onnx_runtime_decodes_and_moves(
    page: Page, foreign_app: AppServer, decoder: bytes, console_errors: list[str], width: int
) -> None:
    asked: list[int] = []

    def listen(socket: WebSocket) -> None:
        if socket.url.endswith("/decode"):
            socket.on("framesent", lambda sent: asked.append((len(sent) - 4) // (4 * D)))

    page.on("websocket", listen)
    page.set_viewport_size({"width": width, "height": 1000})
    generate.open_generate(page, foreign_app, "elsewhere", view="manifold", tiles=str(TILES))
    generate.wait_complete(page)
    centres = (np.arange(TILES) + 0.5) / TILES
    assert wrong_tiles(page, expected(decoder, centres)) <= RING
    stage = page.locator(generate.STAGE)
    stage.focus()
    page.keyboard.press("+")
    page.wait_for_selector(".manifold[data-level='1']")
    generate.wait_complete(page)
    assert wrong_tiles(page, expected(decoder, 0.25 + centres / 2)) <= RING
    places = [one for one in asked if one > 0]  # and a token first
    assert max(places) <= 16
    assert sum(places) <= 2 * TILES**2 + 60  # what is looked at; and the picture beside the sheet, which asks by itself
    assert generate.unknown_errors(console_errors) == []


def test_a_connection_that_breaks_is_made_again(page: Page, foreign_app: AppServer) -> None:
    made: list[WebSocketRoute] = []

    def break_at_first(socket: WebSocketRoute) -> None:
        made.append(socket)
        server, heard, is_first = socket.connect_to_server(), [0], len(made) <= 2

        def pass_on(message: str | bytes) -> None:
            heard[0] += 1
            if is_first and heard[0] > 4:
                socket.close()
            else:
                server.send(message)

        socket.on_message(pass_on)

    page.route_web_socket("**/decode", break_at_first)
    generate.open_generate(page, foreign_app, "elsewhere", view="manifold", tiles=str(TILES))
    expect(page.locator(".manifold .count")).to_contain_text("doesn't answer")
    generate.wait_complete(page)
    expect(page.locator(".manifold .count")).to_have_text(f"{TILES**2} tiles; {TILES**2} decoded")


def test_without_such_a_socket_the_plane_stands_still_and_says_so(page: Page, foreign_app: AppServer) -> None:
    """As behind a proxy that lets Streamlit's own connection through alone."""
    page.route_web_socket("**/decode", lambda socket: socket.close())
    generate.open_generate(page, foreign_app, "elsewhere", view="manifold", tiles=str(TILES))
    expect(page.get_by_text("this plane stands still")).to_be_visible()
    assert eventually(page, lambda: page.locator(".st-key-manifold-still .sheet[data-drawn]").count() == 1)
