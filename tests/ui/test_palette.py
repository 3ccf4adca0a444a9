"""Colours that people can tell apart: measured by CIEDE2000, for normal and colour-blind eyes, on white and on dark.

The difference is computed here as Sharma, Wu & Dalal 2005 give it and checked against their published pairs. How
colour-blind eyes see is Machado, Oliveira & Fernandes 2009 (severity 1.0, on linear RGB).
"""

from __future__ import annotations

import tomllib
from itertools import combinations, pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from ui.palette import CLASS_COLOURS, LINE_COLOURS, VALUE_COLOURS
from ui.shared import figures
from vae.storage.paths import PROJECT

Array = NDArray[np.float64]
MACHADO = {
    "normal": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def srgb(colour: str) -> Array:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def cielab(colours: Array, vision: str = "normal") -> Array:
    """sRGB (N, 3) in [0, 1] -> CIELAB (N, 3) under D65, as somebody with this vision sees them."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    xyz = np.clip(linear @ np.array(MACHADO[vision]).T, 0, 1) @ TO_XYZ.T / TO_XYZ.sum(1)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], 1)


def ciede2000(one: Array, other: Array) -> float:
    """Between two CIELAB colours (3,); 2.3 is just noticeable side by side, on large areas."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    c = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(c**7 / (c**7 + 25**7)))
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    grey = c1 * c2 == 0
    dh = 0.0 if grey else (h2 - h1 + 180) % 360 - 180
    hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(dh) / 2)
    far = not grey and abs(h1 - h2) > 180
    h = h1 + h2 if grey else (h1 + h2 + (360 if h1 + h2 < 360 else -360) * far) / 2
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    angles = np.radians([h - 30, 2 * h, 3 * h + 6, 4 * h - 63])
    t = 1 + np.array([-0.17, 0.24, 0.32, -0.20]) @ np.cos(angles)
    turn = np.radians(60 * np.exp(-(((h - 275) / 25) ** 2)))
    rotation = -np.sin(turn) * 2 * np.sqrt(chroma**7 / (chroma**7 + 25**7))
    dl = (l2 - l1) / (1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2))
    dc, dhue = (c2 - c1) / (1 + 0.045 * chroma), hue / (1 + 0.015 * chroma * t)
    return float(np.sqrt(dl**2 + dc**2 + dhue**2 + rotation * dc * dhue))


SHARMA = """
50 2.6772 -79.7751 50 0 -82.7485 2.0425
50 3.1571 -77.2803 50 0 -82.7485 2.8615
50 2.8361 -74.0200 50 0 -82.7485 3.4412
50 -1.3802 -84.2814 50 0 -82.7485 1.0000
50 0 0 50 -1 2 2.3669
50 2.49 -0.001 50 -2.49 0.0009 7.1792
50 2.49 -0.001 50 -2.49 0.0011 7.2195
50 -0.001 2.49 50 0.0009 -2.49 4.8045
50 -0.001 2.49 50 0.0011 -2.49 4.7461
50 2.5 0 50 0 -2.5 4.3065
50 2.5 0 73 25 -18 27.1492
50 2.5 0 61 -5 29 22.8977
50 2.5 0 56 -27 -3 31.9030
50 2.5 0 58 24 15 19.4535
60.2574 -34.0099 36.2677 60.4626 -34.1751 39.4387 1.2644
63.0109 -31.0961 -5.8663 62.8187 -29.7946 -4.0864 1.2630
22.7233 20.0904 -46.6940 23.0331 14.9730 -42.5619 2.0373
90.8027 -2.0831 1.4410 91.1528 -1.6435 0.0447 1.4441
6.7747 -0.2908 -2.4247 5.8714 -0.0985 -2.2286 0.6377
2.0776 0.0795 -1.1350 0.9033 -0.0636 -0.5514 0.9082
"""


@pytest.mark.parametrize("line", SHARMA.split("\n")[1:-1])
def test_the_difference_is_that_of_the_published_pairs(line: str) -> None:
    values = np.array([float(value) for value in line.split()])
    for one, other in ((values[:3], values[3:6]), (values[3:6], values[:3])):
        assert ciede2000(one, other) == pytest.approx(values[6], abs=6e-5)


def test_colours_of_a_screen_are_measured_as_they_are_seen() -> None:
    assert cielab(srgb("#ffffff")[None])[0] == pytest.approx([100, 0, 0], abs=0.01)
    assert cielab(srgb("#ff0000")[None])[0] == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    red, green = srgb("#ff0000")[None], srgb("#7f9f00")[None]
    seen = [ciede2000(cielab(red, vision)[0], cielab(green, vision)[0]) for vision in ("normal", "protan")]
    assert seen[1] < 0.6 * seen[0]


# --- what is drawn ----------------------------------------------------------------------------------------------------


def pages() -> dict[str, Array]:
    """The light and the dark page's colour."""
    theme = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
    return {name: srgb(theme[name]["backgroundColor"]) for name in ("light", "dark")}


def as_points(colours: Array, background: Array) -> Array:
    """As the map's points show them, which let something of the page through."""
    opacity = figures._marker(1_000)["opacity"]
    return opacity * colours + (1 - opacity) * background


CLASSES = np.array([srgb(colour) for colour in CLASS_COLOURS])
# Measured: opaque 23.3, 18.0, 17.3, 18.6; as points on either page 21.3, 16.1, 16.3, 16.5.
BOUNDS = {"normal": (23.0, 21.0), "protan": (17.0, 16.0), "deutan": (17.0, 16.0), "tritan": (17.0, 16.0)}


def least(colours: Array, vision: str) -> float:
    return min(ciede2000(*pair) for pair in combinations(cielab(colours, vision), 2))


@pytest.mark.parametrize("vision", MACHADO)
def test_ten_classes_can_be_told_apart(vision: str) -> None:
    opaque, drawn = BOUNDS[vision]
    assert len(CLASSES) == 10
    assert least(CLASSES, vision) >= opaque
    for background in pages().values():
        assert least(as_points(CLASSES, background), vision) >= drawn


@pytest.mark.parametrize("vision", MACHADO)
@pytest.mark.parametrize("colours", ["classes", "values"])
def test_no_point_is_lost_on_its_page(colours: str, vision: str) -> None:
    drawn = CLASSES if colours == "classes" else scale(np.linspace(0, 1, 21))
    for background in pages().values():
        page = cielab(background[None], vision)[0]
        seen = cielab(as_points(drawn, background), vision)
        assert min(ciede2000(colour, page) for colour in seen) >= 17


def test_the_first_lines_stand_out_from_both_pages() -> None:
    """By WCAG's contrast: two lines of 2 pixels always, six as far as ten colours that differ allow."""

    def luminance(colour: Array) -> float:
        linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    def contrast(one: Array, other: Array) -> float:
        low, high = sorted((luminance(one), luminance(other)))
        return (high + 0.05) / (low + 0.05)

    least_of = [min(contrast(srgb(line), page) for page in pages().values()) for line in LINE_COLOURS]
    assert set(LINE_COLOURS) < set(CLASS_COLOURS)
    assert min(least_of[:2]) > 3.5
    assert min(least_of[:6]) > 2.1


# --- values -----------------------------------------------------------------------------------------------------------


def scale(values: Array) -> Array:
    """sRGB (N, 3) of values in [0, 1], as Plotly draws them between the scale's stops."""
    stops, colours = [stop for stop, _ in VALUE_COLOURS], np.array([srgb(colour) for _, colour in VALUE_COLOURS])
    return np.stack([np.interp(values, stops, colours[:, channel]) for channel in range(3)], 1)


@pytest.mark.parametrize("vision", MACHADO)
def test_larger_values_are_lighter_and_each_tenth_looks_different(vision: str) -> None:
    steps = cielab(scale(np.linspace(0, 1, 11)), vision)
    assert (np.diff(steps[:, 0]) > 1).all()
    assert min(ciede2000(*pair) for pair in pairwise(steps)) > 2.5


def test_a_typical_map_of_errors_is_no_grey_one() -> None:
    """Errors are skewed: most are small. The bulk must have colour, and differ within itself."""
    errors = np.random.default_rng(0).lognormal(0, 0.6, 4_000)
    low, high = np.percentile(errors, [1, 99])
    values = np.clip((errors - low) / (high - low), 0, 1)
    chroma = np.hypot(*cielab(scale(values))[:, 1:].T)
    assert np.percentile(chroma, 10) > 50
    tenth, half, most = cielab(scale(np.percentile(values, [10, 50, 90])))
    assert ciede2000(tenth, half) > 9
    assert ciede2000(half, most) > 20
