"""What the layers of Explore's map are made of: the page's modules, without an app, on planted points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.drive.modules import load

PARTS = ("neighbour_vote", "regions", "borders", "density", "class_names")
VOTE = """([xy, labels]) => {
    const rows = labels.map((_, row) => row)
    window.points = { xy: Float32Array.from(xy.flat()), rows, labels: Int32Array.from(labels) }
    window.vote = new NeighbourVote(window.points)
}"""
# a canvas of 400 × 400 with the regions of `vote`, of which `x` and `y` are the lower left corner; all sampled
DRAW = """([x, y, scale]) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 400, height: 400 })
    const context = canvas.getContext("2d", { willReadFrequently: true })
    const view = {
        size: { width: 400, height: 400 },
        scale,
        toPixels: (a, b) => ({ left: (a - x) * scale, top: 400 - (b - y) * scale }),
        toPlane: (left, top) => ({ x: x + left / scale, y: y + (400 - top) / scale }),
    }
    window.regions = new Regions(window.vote, (label) => [[255, 0, 0], [0, 0, 255]][label])
    let [missing, rounds] = [1, 0]
    while (missing && rounds++ < 500) {
        context.clearRect(0, 0, 400, 400)
        missing = window.regions.draw(context, view, "#00ff00")
    }
    return [missing, Array.from(context.getImageData(0, 0, 400, 400).data)]
}"""


@pytest.fixture(scope="module")
def parts(browser: Browser) -> Any:
    page = browser.new_page()
    load(page, *(f"map_layers/{name}.js" for name in PARTS), "native_map/point_colours.js")
    yield page
    page.close()


def border(x: Any) -> Any:
    """The planted border between two classes, as a height."""
    return 2 + 0.5 * np.sin(2 * x)


@pytest.fixture
def two_classes(parts: Page) -> Page:
    """6,000 images in a square of 4 × 4, of class 1 above the planted border and of class 0 below it."""
    xy = np.random.default_rng(0).uniform(0, 4, (6_000, 2))
    parts.evaluate(VOTE, [xy.tolist(), (xy[:, 1] > border(xy[:, 0])).astype(int).tolist()])
    return parts


def votes(page: Page, places: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(
        "places => places.map(([x, y]) => window.vote.at(x, y))", np.asarray(places, float).tolist()
    )
    return found


def test_votes_follow_a_planted_border_are_divided_on_it_and_say_nothing_far_away(two_classes: Page) -> None:
    x = np.linspace(0.3, 3.7, 120)
    for side, label in ((0.25, 1), (-0.25, 0)):
        found = votes(two_classes, np.stack([x, border(x) + side], 1))
        assert [one["label"] for one in found] == [label] * len(x)
        assert np.mean([one["share"] for one in found]) > 0.97
        assert min(one["near"] for one in found) > 0.5
    on = votes(two_classes, np.stack([x, border(x)], 1))
    assert 0.5 < np.mean([one["share"] for one in on]) < 0.8
    assert all(one["share"] + one["secondShare"] == pytest.approx(1) for one in on)
    away = votes(two_classes, [[-2, 2], [9, 9], [2, 40]])
    assert [one["near"] for one in away] == [0, 0, 0]
    assert two_classes.evaluate("[window.vote.isEmpty(9, 9, 1), window.vote.isEmpty(2, 2, 1)]") == [True, False]


def test_the_line_between_classes_lies_on_the_planted_border(two_classes: Page) -> None:
    lines = np.array(
        two_classes.evaluate(
            """() => {
                const [wide, step] = [61, 0.06]
                const at = (k) => window.vote.at(0.2 + (k % wide) * step, 0.2 + Math.floor(k / wide) * step)
                return Array.from(bordersOf(Array.from({ length: wide * wide }, (_, k) => at(k)), wide, 0.2, 0.2, step))
            }"""
        )
    ).reshape(-1, 2)
    off = np.abs(lines[:, 1] - border(lines[:, 0]))
    assert np.quantile(off, 0.95) < 0.12
    assert np.ptp(lines[:, 0]) > 3.4


def test_there_is_no_line_where_no_class_has_a_majority(parts: Page) -> None:
    rng = np.random.default_rng(3)
    parts.evaluate(VOTE, [rng.uniform(0, 1, (2_000, 2)).tolist(), rng.integers(0, 10, 2_000).tolist()])
    found = votes(parts, rng.uniform(0.1, 0.9, (400, 2)))
    assert np.mean([one["share"] < 0.5 for one in found]) > 0.9
    lines = parts.evaluate(
        """() => {
            const at = (k) => window.vote.at(0.1 + (k % 41) * 0.02, 0.1 + Math.floor(k / 41) * 0.02)
            return bordersOf(Array.from({ length: 41 * 41 }, (_, k) => at(k)), 41, 0.1, 0.1, 0.02).length / 4
        }"""
    )
    assert lines < 20


def test_regions_are_drawn_in_the_winners_colour_as_strong_as_the_vote_and_follow_the_map(two_classes: Page) -> None:
    def drawn(x: float, y: float, scale: float) -> Any:
        missing, data = two_classes.evaluate(DRAW, [x, y, scale])
        assert missing == 0
        return np.array(data, np.uint8).reshape(400, 400, 4)

    def at(pixels: Any, x: float, y: float, view: tuple[float, float, float]) -> Any:
        left, top = (x - view[0]) * view[2], 400 - (y - view[1]) * view[2]
        return pixels[round(top), round(left)].astype(int)

    view = (-1.0, -1.0, 66.0)
    whole = drawn(*view)
    red, blue = at(whole, 2.3, 1.0, view), at(whole, 2.3, 3.0, view)
    assert red[0] > 240 and red[2] < 10
    assert blue[2] > 240 and blue[0] < 10
    assert 95 < red[3] < 120  # all votes agree
    assert at(whole, -0.8, -0.8, view)[3] == 0
    assert (whole[..., 1] > 60).any()  # the border
    # moved and enlarged: the same colours in the same places of the plane
    near = (1.5, 1.0, 200.0)
    assert at(drawn(*near), 2.3, 2.9, near)[2] > 240
    even = drawn(0.5, 0.4, 90.0)[330:390, 10:285, 3].astype(int)  # class 0 alone, of many tiles
    assert max(np.abs(np.diff(even, axis=axis)).max() for axis in (0, 1)) < 10


@pytest.mark.parametrize(("count", "asked"), [(1, 1), (3, 1), (20, 4), (400, 15)])
def test_of_few_images_few_vote(parts: Page, count: int, asked: int) -> None:
    parts.evaluate(VOTE, [[[k, k] for k in range(count)], [0] * count])
    assert parts.evaluate("window.vote.count") == asked
    [here] = votes(parts, [[count // 2, count // 2]])
    assert (here["label"], here["share"], here["near"]) == (0, 1, 1)


def test_contours_hold_the_shares_that_they_say(parts: Page) -> None:
    xy = np.random.default_rng(1).normal(size=(20_000, 2))
    lines = parts.evaluate(
        """(xy) => {
            const rows = xy.map((_, row) => row)
            return new Density({ xy: Float32Array.from(xy.flat()), rows }).lines
                .map(({ share, places }) => [share, Array.from(places)])
        }""",
        xy.tolist(),
    )
    assert [share for share, _ in lines] == [0.95, 0.75, 0.5, 0.25]
    for share, places in lines:
        radius = np.linalg.norm(np.array(places).reshape(-1, 2), axis=1)
        assert np.median(radius) == pytest.approx(np.sqrt(-2 * np.log(1 - share)), rel=0.08)


@pytest.mark.parametrize("xy", [[[1, 2]], [[1, 2]] * 50], ids=["one", "copies"])
def test_images_in_one_place_have_no_contours(parts: Page, xy: list[list[int]]) -> None:
    assert (
        parts.evaluate(
            """(xy) => new Density({ xy: Float32Array.from(xy.flat()), rows: xy.map((_, row) => row) }).lines""", xy
        )
        == []
    )


def test_names_stand_at_medoids_and_never_over_each_other(parts: Page) -> None:
    rng = np.random.default_rng(2)
    first = np.concatenate([[[5, 5]], [5, 5] + rng.normal(size=(99, 2)) * [3, 1], [[500, 0]]])  # and an outlier
    first[1:100] -= first[1:100].mean(0) - [5, 5]
    second = np.concatenate([first[:10] + 0.01, [[60, 60]] * 5])  # fewer, and half of them elsewhere
    xy, labels = np.concatenate([first, second]), [0] * len(first) + [1] * len(second)
    found, written = parts.evaluate(
        """([xy, labels, names]) => {
            const points = { xy: Float32Array.from(xy.flat()), rows: labels.map((_, row) => row), labels }
            const found = medoids(points)
            const context = document.createElement("canvas").getContext("2d")
            const written = []
            context.fillText = (text) => written.push(text)
            const size = { width: 300, height: 150 }
            const view = { size, toPixels: (x, y) => ({ left: 50 + x, top: 50 + y }) }
            drawNames(context, view, found, points.xy, names, { text: "#000", page: "#fff", font: "serif" })
            return [found, written]
        }""",
        [xy.tolist(), labels, ["<b>a</b>" + "a" * 40, "b"]],
    )
    assert [one["label"] for one in found] == [0, 1]
    assert np.linalg.norm(xy[found[0]["row"]] - [5, 5]) < 0.5
    assert labels[found[1]["row"]] == 1
    assert written == ["<b>a</b>" + "a" * 15 + "…"]


def test_frames_have_the_colours_of_the_points_whoever_draws_these(parts: Page) -> None:
    found = parts.evaluate(
        """() => {
            const scale = { low: 0, high: 10, scale: [[0, "#000000"], [0.5, "#0000ff"], [1, "#ffffff"]] }
            const chart = (traces, scaled = null, cloud = "") => ({
                about: () => ({ cloud }),
                colouredRows: () => traces,
                colourScale: () => scaled,
            })
            const look = (one, rows) => rows.map(pointColours(one) ?? (() => null))
            const classes = chart([{ rows: [0, 2], colours: "#112233" }, { rows: [5], colours: ["#445566"] }])
            const values = chart([{ rows: [1, 2, 3, 4], colours: [0, 5, 99, NaN] }], scale)
            const empty = chart([{ rows: [], colours: "#000000" }], null, "c")
            const before = look(empty, [0])
            keepCloudColours("c", { codes: [1, 255], palette: ["#010101", "#020202"] })
            return [look(classes, [0, 2, 5, 1]), look(values, [1, 2, 3, 4]), before, look(empty, [0, 1])]
        }"""
    )
    grey = "#8a9299"
    assert found == [
        ["#112233", "#112233", "#445566", grey],
        ["#000000", "#0000ff", "#ffffff", grey],
        [None],
        ["#020202", grey],
    ]
