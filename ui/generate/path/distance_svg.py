"""The chart of distances along a path as an SVG file, for a slide or a paper. Pure text."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ui.palette import ACCENT, BAND

WIDTH, HEIGHT = 1_200, 420
LEFT, RIGHT, TOP, BOTTOM = 90, 40, 30, 60
INK = "#20262b"
LONGEST = 22  # characters of a name


def draw(t: NDArray[np.float64], distance: NDArray[np.float64], limit: float, names: Sequence[str]) -> str:
    """Distance to the nearest image along a path (S,), over the band up to `limit`, if it is finite; `names` stand at
    t = 0, 1, …
    """
    marked = [limit] if math.isfinite(limit) else []
    highest = 1.12 * max([*marked, float(distance.max(initial=0))]) or 1.0

    def across(value: float) -> float:
        return LEFT + value / max(1, len(names) - 1) * (WIDTH - LEFT - RIGHT)

    def down(value: float) -> float:
        return HEIGHT - BOTTOM - value / highest * (HEIGHT - TOP - BOTTOM)

    points = [(across(float(a)), down(float(b))) for a, b in zip(t, distance, strict=True)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif" font-size="18" fill="{INK}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        *(
            f'<rect x="{LEFT}" y="{down(value):.1f}" width="{WIDTH - LEFT - RIGHT}" '
            f'height="{down(0) - down(value):.1f}" style="fill:{BAND}"/>'
            for value in marked
        ),
        f'<polyline points="{line}" fill="none" stroke="{ACCENT}" stroke-width="3"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{ACCENT}"/>' for x, y in points),
        *(
            f'<text x="{LEFT - 10}" y="{down(value) + 6:.1f}" text-anchor="end">{value:.2f}</text>'
            for value in (0.0, *marked)
        ),
        f'<text transform="translate(24 {HEIGHT / 2:.0f}) rotate(-90)" text-anchor="middle">'
        "distance, latent units</text>",
        *(
            f'<text x="{across(i):.1f}" y="{HEIGHT - BOTTOM + 30}" text-anchor="{_anchor(i, len(names))}">'
            f"{html.escape(name if len(name) <= LONGEST else name[: LONGEST - 1] + '…')}</text>"
            for i, name in enumerate(names)
        ),
        "</svg>",
    ]
    return "\n".join(parts)


def _anchor(place: int, of: int) -> str:
    return "start" if place == 0 else "end" if place == of - 1 else "middle"
