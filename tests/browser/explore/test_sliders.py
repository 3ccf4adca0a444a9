"""The live decoder without an app: its sliders, where the chosen one leads, playing it; the places where one was."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.drive.modules import load, mount
from tests.browser.drive.visit import eventually
from ui.sharing import walk_data
from vae.checkpoints import checkpoint_files
from vae.storage import paths

CSS = ("shared/base.css", "shared/range.css", "shared/help.css", "live_decoder/panel.css")
STOPS = 9
STAIN = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='8' height='8'/%3E"
KEEP = "(content) => keepModel(Uint8Array.from(atob(content), (c) => c.charCodeAt(0)))"
PIXELS = """(shown) => { // a canvas or an image
    const [width, height] = [shown.naturalWidth ?? shown.width, shown.naturalHeight ?? shown.height]
    if (!width) return [] // an image that has none yet
    const canvas = Object.assign(document.createElement("canvas"), { width, height })
    canvas.getContext("2d").drawImage(shown, 0, 0)
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height)
    return Array.from({ length: data.length / 4 }, (_, i) => data[4 * i])
}"""
DECODED = """(places) => {
    const [model] = window.latentSpaceExplorer.models.values()
    return places.map((z) => Array.from(model.decode(z), (value) => Math.round(255 * value)))
}"""


@pytest.fixture(scope="module")
def blank(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    load(page, "model_store/store.js", "model_store/keeping.js")
    yield page
    page.close()


@pytest.fixture
def sent(blank: Page) -> dict[str, Any]:
    """What Explore sends of digits-mlp-8, whose weights are in the page; the panel is there, and waits for it."""
    checkpoint = checkpoint_files.read("digits-mlp-8", paths.PROJECT / "checkpoints")
    shared = walk_data.of(checkpoint, 100)
    blank.emulate_media(reduced_motion="no-preference")
    blank.evaluate("() => { window.unmount?.(); window.latentSpaceExplorer.models.clear() }")
    blank.evaluate(KEEP, base64.b64encode(shared.model).decode())
    mount(blank, "live_decoder/panel_entry.js", "live_decoder/panel.html", *CSS)
    where: dict[str, Any] = {
        "row": 5,
        "z": None,
        "revision": 0,
        "map": {"method": "latent", "axes": [0, 1], "chart_key": "none"},
    }
    return shared.about["panel"] | where | {"along": "latent"}


def show(page: Page, sent: dict[str, Any]) -> None:
    page.evaluate("data => window.receive(data)", sent)


def film(page: Page, row: str = ".film") -> list[list[int]]:
    """The pictures of the film strip, or of another row, once all are drawn."""
    found: list[list[int]] = page.locator(f"{row} img").evaluate_all(f"all => all.map({PIXELS})")
    return found if len({len(picture) for picture in found}) == 1 else []


def leads_to(page: Page, z: list[float], dim: int, bound: float) -> list[list[int]]:
    places = np.tile(np.asarray(z, float), (STOPS, 1))
    places[:, dim] = np.linspace(-bound, bound, STOPS)
    found: list[list[int]] = page.evaluate(DECODED, places.tolist())
    return found


def alike(one: Any, other: Any) -> bool:
    """Pictures, but for rounding; those not yet drawn are of another size."""
    return np.shape(one) == np.shape(other) and bool(np.abs(np.subtract(one, other)).max() <= 1)


def values(page: Page) -> list[float]:
    found: list[float] = page.locator(".slider input[type=range]").evaluate_all(
        "all => all.map((e) => e.valueAsNumber)"
    )
    return found


def place(page: Page, sent: dict[str, Any]) -> list[float]:
    """z as the sliders show it."""
    z = [0.0] * sent["latent_dim"]
    for dim, value in zip(sent["dims"], values(page), strict=True):
        z[dim["index"]] = value
    return z


def views(page: Page) -> list[list[float]]:
    found: list[list[float]] = page.evaluate(
        "window.reported.filter(([name]) => name === 'view').map(([, { z }]) => z)"
    )
    return found


def test_the_film_strip_shows_where_the_chosen_slider_leads(blank: Page, sent: dict[str, Any]) -> None:
    show(blank, sent)
    first, second = sent["dims"][:2]
    expect(blank.locator(".chosen-name")).to_have_text(f"z{first['index']}")
    expected = leads_to(blank, place(blank, sent), first["index"], first["bound"])
    assert eventually(blank, lambda: alike(film(blank), expected))
    pictures = blank.locator(".film button")
    expect(pictures.nth(4)).to_have_accessible_name(f"z{first['index']} = 0.00")
    # its own slider moves along it: nothing is decoded anew, and the nearest picture is marked
    handle = blank.locator(".slider input[type=range]").first
    handle.focus()
    blank.locator(".film img").first.evaluate("(image, src) => { image.src = src; return image.decode() }", STAIN)
    stained = film(blank)
    assert not alike(stained, expected)
    for _ in range(8):
        blank.keyboard.press("Shift+ArrowRight")
    blank.wait_for_timeout(300)
    assert film(blank) == stained
    near = round((values(blank)[0] / first["bound"] + 1) / 2 * (STOPS - 1))
    expect(pictures.nth(near)).to_have_attribute("aria-current", "true")
    # a picture that is clicked is where one then is, and one step back from there is where one was
    before = place(blank, sent)
    pictures.nth(1).click()
    assert values(blank)[0] == pytest.approx(-0.75 * first["bound"])
    assert views(blank)[-1][first["index"]] == pytest.approx(-0.75 * first["bound"], abs=1e-4)
    assert alike(blank.locator("canvas.decoded").evaluate(PIXELS), expected[1])
    blank.keyboard.press("ArrowRight")
    expect(pictures.nth(2)).to_be_focused()
    blank.get_by_role("button", name="Undo").click()
    np.testing.assert_allclose(place(blank, sent), before, atol=1e-6)
    # another slider is chosen by touching it, and leads elsewhere from here
    blank.locator(".slider input[type=range]").nth(1).focus()
    expect(blank.locator(".chosen-name")).to_have_text(f"z{second['index']}")
    expected = leads_to(blank, before, second["index"], second["bound"])
    assert eventually(blank, lambda: alike(film(blank), expected))
    # what moves elsewhere takes it along
    blank.get_by_role("button", name="Origin").click()
    expected = leads_to(blank, [0.0] * 8, second["index"], second["bound"])
    assert eventually(blank, lambda: alike(film(blank), expected))


def test_a_slider_plays_there_and_back_until_somebody_moves(blank: Page, sent: dict[str, Any]) -> None:
    show(blank, sent | {"z": [0.0] * 8})
    bound = sent["dims"][0]["bound"]
    blank.evaluate(
        """() => {
            window.seen = []
            const handle = document.querySelector(".slider input[type=range]")
            document.addEventListener("latent-drawn", () => window.seen.push(handle.valueAsNumber))
        }"""
    )
    blank.get_by_role("button", name="Play", exact=True).click()
    far = "Math.max(...window.seen) > {0} && window.seen.at(-1) < 0"
    blank.wait_for_function(far.format(0.95 * bound))  # to the end, and on its way back
    assert views(blank) == []  # Python hears of it at the end
    blank.get_by_role("button", name="Pause").click()
    assert len(views(blank)) == 1
    assert views(blank)[0][sent["dims"][0]["index"]] == pytest.approx(values(blank)[0], abs=1e-3)
    blank.get_by_role("button", name="Undo").click()
    assert values(blank)[0] == pytest.approx(0, abs=1e-6)  # one step, however long it played
    # whoever goes elsewhere stops it; with little motion it stands at nine places
    blank.emulate_media(reduced_motion="reduce")
    blank.locator("body").click(position={"x": 5, "y": 5})
    blank.evaluate("window.seen = []")
    blank.keyboard.press("p")
    blank.wait_for_function("new Set(window.seen).size > 2")
    stops = np.linspace(-bound, bound, STOPS)
    assert all(np.abs(stops - value).min() < 1e-3 for value in blank.evaluate("window.seen"))
    blank.keyboard.press("r")
    expect(blank.get_by_role("button", name="Play", exact=True)).to_be_visible()
    drawn = values(blank)
    blank.wait_for_timeout(700)
    assert values(blank) == drawn


def test_dimensions_that_carry_nothing_are_folded_away(blank: Page, sent: dict[str, Any]) -> None:
    dims = [dim | {"kl": 1.0 if k < 5 else 0.001} for k, dim in enumerate(sent["dims"])]
    show(blank, sent | {"dims": dims})
    expect(blank.locator(".sliders .slider")).to_have_count(5)
    folded = blank.get_by_text("3 dimensions carry almost nothing")
    last = blank.locator(".slider").last
    expect(last).to_be_hidden()
    folded.click()
    expect(last).to_be_visible()
    last.locator("[type=range]").focus()  # they move as all others
    blank.keyboard.press("ArrowRight")
    blank.keyboard.up("ArrowRight")
    assert views(blank)[-1][dims[-1]["index"]] == pytest.approx(values(blank)[-1], abs=1e-3)


def test_where_no_dimension_carries_anything_all_are_shown(blank: Page, sent: dict[str, Any]) -> None:
    show(blank, sent | {"dims": [dim | {"kl": 0.0} for dim in sent["dims"]]})
    expect(blank.locator(".sliders .slider")).to_have_count(8)
    expect(blank.locator(".unused")).to_be_hidden()


def test_a_decoder_that_only_python_can_evaluate_has_no_film_strip(blank: Page, sent: dict[str, Any]) -> None:
    pixels = base64.b64encode(bytes(64)).decode()
    show(blank, sent | {"decoded": {"z": [0.0] * 8, "pixels": pixels}})
    expect(blank.locator(".panel")).to_have_attribute("data-ready", "yes")
    expect(blank.locator(".film")).to_be_hidden()
    expect(blank.locator(".playing")).to_be_hidden()  # nothing follows while one moves, so nothing plays
    expect(blank.locator(".slider").first).to_be_visible()


def test_sliders_of_principal_axes_move_along_them_and_nothing_else(blank: Page, sent: dict[str, Any]) -> None:
    mu = checkpoint_files.read("digits-mlp-8", paths.PROJECT / "checkpoints").latents.mu.astype(float)
    centred = mu - mu.mean(0)
    axes = np.linalg.svd(centred, full_matrices=False)[2]  # by another way than the page's
    start = mu[5] + 0.5
    show(blank, sent | {"z": start.tolist()})
    before = blank.locator("canvas.decoded").evaluate(PIXELS)
    show(blank, sent | {"z": start.tolist(), "along": "principal"})
    assert blank.locator("canvas.decoded").evaluate(PIXELS) == before  # nobody has moved
    assert views(blank) == []
    np.testing.assert_allclose(np.abs(values(blank)), np.abs((start - mu.mean(0)) @ axes.T), atol=1e-4)
    expect(blank.locator(".chosen-name")).to_have_text("PC 1")
    shares = (centred @ axes.T).var(0) / centred.var(0).sum()
    title = blank.locator(".slider").first.get_attribute("title")
    assert title is not None
    assert f"{100 * shares[0]:.1f} %" in title
    # the third is moved by 1: z by its vector, the others' coordinates not at all
    number = blank.get_by_label("Value of principal axis 3")
    old = values(blank)
    number.fill(f"{old[2] + 1:.6f}")
    number.press("Enter")
    np.testing.assert_allclose(np.subtract(values(blank), old), np.eye(8)[2], atol=1e-4)
    moved = np.subtract(views(blank)[-1], start)
    np.testing.assert_allclose(np.abs(moved), np.abs(axes[2]), atol=2e-4)
    # its film strip leads along it
    expect(blank.locator(".chosen-name")).to_have_text("PC 3")
    sign = np.sign(moved @ axes[2])
    bound = sent["principal"]["axes"][2]["bound"]
    rest = start - (start - mu.mean(0)) @ axes[2] * axes[2]
    expected = blank.evaluate(
        DECODED, [(rest + sign * v * axes[2]).tolist() for v in np.linspace(-bound, bound, STOPS)]
    )
    assert eventually(blank, lambda: alike(film(blank), expected))
    # a double-click goes to the selected image's own coordinate
    blank.locator(".slider input[type=range]").nth(2).dblclick()
    np.testing.assert_allclose(np.abs(values(blank)[2]), np.abs(centred[5] @ axes[2]), atol=1e-4)
    # back to latent dimensions: the same place
    z = views(blank)[-1]
    show(blank, sent | {"z": start.tolist()})
    np.testing.assert_allclose(place(blank, sent), z, atol=1e-3)
    blank.get_by_label("Sliders move along").select_option("Principal axes")
    assert blank.evaluate("window.reported.at(-1)[1].along") == "principal"


def test_places_are_gone_back_to_walked_through_and_kept(blank: Page, sent: dict[str, Any]) -> None:
    show(blank, sent)
    walk, keep = (blank.get_by_role("button", name=name, exact=True) for name in ("Walk through these places", "GIF"))
    expect(walk).to_be_disabled()
    expect(keep).to_be_disabled()
    start = place(blank, sent)
    for name in ("Random", "Random", "Origin"):
        blank.get_by_role("button", name=name).click()
    places = [start, *views(blank)]
    expected = blank.evaluate(DECODED, places)
    assert eventually(blank, lambda: alike(film(blank, ".places"), expected))
    pictures = blank.locator(".places button")
    expect(pictures.nth(3)).to_have_attribute("aria-current", "true")
    # two steps back at once, and nothing is forgotten
    pictures.nth(1).click()
    np.testing.assert_allclose(place(blank, sent), places[1], atol=1e-3)
    assert eventually(blank, lambda: alike(film(blank, ".places"), expected))
    expect(pictures.nth(1)).to_have_attribute("aria-current", "true")
    expect(blank.get_by_role("button", name="Redo")).to_be_enabled()
    blank.keyboard.press("ArrowRight")
    blank.keyboard.press("Enter")
    np.testing.assert_allclose(place(blank, sent), places[2], atol=1e-3)
    # it is kept as it is shown, and the file is offered once
    keep.click()
    asked = blank.evaluate("window.reported.at(-1)")
    assert asked[0] == "walk"
    np.testing.assert_allclose(asked[1]["places"], places, atol=1e-3)
    made = {"id": "a", "gif": base64.b64encode(b"GIF89a").decode()}
    with blank.expect_download() as download:
        show(blank, sent | {"walk": made})
    assert download.value.suggested_filename == "walk.gif"
    # a walk goes through them and stops where one says; where it led is one step
    before = len(views(blank))
    blank.evaluate(
        """() => {
            window.seen = []
            const all = [...document.querySelectorAll(".places button")]
            const here = () => all.findIndex((button) => button.ariaCurrent === "true")
            document.addEventListener("latent-drawn", () => window.seen.push(here()))
        }"""
    )
    walk.click()
    blank.wait_for_function("window.seen.includes(3) && window.seen.at(-1) === 2")  # to the end, and on its way back
    assert len(views(blank)) == before
    blank.get_by_role("button", name="Pause the walk").click()
    assert len(views(blank)) == before + 1
    blank.get_by_role("button", name="Undo").click()
    np.testing.assert_allclose(place(blank, sent), places[2], atol=1e-3)


def test_the_newest_twelve_places_are_shown(blank: Page, sent: dict[str, Any]) -> None:
    show(blank, sent)
    for _ in range(15):
        blank.keyboard.press("r")
    pictures = blank.locator(".places button")
    expect(pictures).to_have_count(12)
    expect(pictures.last).to_have_attribute("aria-current", "true")
    assert blank.locator(".panel").evaluate("e => e.scrollWidth - e.clientWidth") <= 0
    expected = blank.evaluate(DECODED, views(blank)[-12:])
    assert eventually(blank, lambda: alike(film(blank, ".places"), expected))


PLAIN = "() => { for (const model of window.latentSpaceExplorer.models.values()) model.has_kl = false }"


def test_an_autoencoder_has_no_kl_and_random_is_between_two_codes(blank: Page, sent: dict[str, Any]) -> None:
    blank.evaluate(PLAIN)
    show(blank, sent | {"dims": [dim | {"kl": None} for dim in sent["dims"]]})
    numbers = blank.locator(".numbers")
    expect(numbers).to_contain_text("log p(x|z)")
    assert not [term for term in numbers.locator("dt").all_inner_texts() if "ELBO" in term or "KL" in term]
    expect(blank.locator(".dimensions")).to_contain_text("bars: variance")
    expect(blank.locator(".where")).to_contain_text("From row 5’s code")
    random = blank.get_by_role("button", name="Random")
    assert "between the codes" in str(random.get_attribute("title"))
    mu = np.array(
        blank.evaluate("Array.from([...window.latentSpaceExplorer.models.values()][0].tensors.mu.data)")
    ).reshape(-1, sent["latent_dim"])
    drawn = []
    for _ in range(12):
        random.click()
        drawn.append(views(blank)[-1])
    along = [_off_line(np.array(z), a, b) for z in drawn for a, b in [_ends(np.array(z), mu)]]
    assert max(along) < 1e-3
    assert len({tuple(z) for z in drawn}) == 12


def _ends(z: np.ndarray, mu: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two codes between which z lies most nearly."""
    pairs = [(_off_line(z, a, b), i, j) for i, a in enumerate(mu) for j, b in enumerate(mu[:i])]
    _, i, j = min(pairs)
    return mu[i], mu[j]


def _off_line(z: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """How far z is from the piece of the line from a to b."""
    t = np.clip((z - a) @ (b - a) / max((b - a) @ (b - a), 1e-12), 0, 1)
    return float(np.linalg.norm(z - (a + t * (b - a))))
