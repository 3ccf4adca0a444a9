"""Folders of pictures as people bring them, drawn by a fixed seed: parts with defects, portraits, coloured shapes.

Each kind has pictures that are normal and pictures that are not: a scratch or a hole; no portrait but a part; a star.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

Draw = Callable[[np.random.Generator], Image.Image]


def part(rng: np.random.Generator) -> Image.Image:
    """A turned part of brass on dark ground, 64 × 64, in colour and with noise of the camera."""
    return noisy(_part(rng), rng)


def scratched_or_holed(rng: np.random.Generator) -> Image.Image:
    """Such a part with a scratch across it or a hole in it."""
    image = _part(rng)
    draw, angle = ImageDraw.Draw(image), rng.uniform(0, 2 * math.pi)
    x, y = 32 + 16 * math.cos(angle), 32 + 16 * math.sin(angle)
    if rng.random() < 0.5:
        draw.line([x, y, 64 - x, 64 - y + 6], fill=(235, 235, 235), width=3)
    else:
        draw.ellipse([x - 4, y - 4, x + 4, y + 4], fill=(5, 5, 5))
    return noisy(image, rng)


def _part(rng: np.random.Generator) -> Image.Image:
    image = Image.new("RGB", (64, 64), (30, 34, 40))
    draw = ImageDraw.Draw(image)
    x, y, radius = 32 + rng.normal(0, 1.5), 32 + rng.normal(0, 1.5), 23 + rng.normal(0, 0.8)
    ring(draw, x, y, radius, (176, 150, 96))
    ring(draw, x, y, radius * 0.45, (90, 80, 60))
    turn = rng.uniform(0, 2 * math.pi / 3)
    for bolt in range(3):
        angle = turn + bolt * 2 * math.pi / 3
        ring(draw, x + radius * 0.72 * math.cos(angle), y + radius * 0.72 * math.sin(angle), 3, (60, 60, 66))
    return image


def ring(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, fill: tuple[int, int, int]) -> None:
    draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=fill)


def portrait(rng: np.random.Generator) -> Image.Image:
    """A grey head, 92 × 112, of one of forty people, in a pose and light of its own."""
    person = np.random.default_rng(rng.integers(40)).uniform(-1, 1, 6)
    a = person + rng.normal(0, 0.15, 6)
    image = Image.new("L", (92, 112), int(90 + 30 * a[0]))
    draw = ImageDraw.Draw(image)
    x, y, width, height = 46 + 6 * a[1], 58 + 6 * a[2], 28 + 4 * a[3], 40 + 4 * a[4]
    draw.ellipse([x - width, y - height, x + width, y + height], fill=int(170 + 30 * a[5]))
    for side in (-1, 1):
        eye = x + side * width * 0.4
        draw.ellipse([eye - 5, y - 10, eye + 5, y - 3], fill=30)
    draw.line([x - 10, y + 18, x + 10, y + 18 + 6 * a[2]], fill=60, width=3)
    return noisy(image, rng)


def no_portrait(rng: np.random.Generator) -> Image.Image:
    """A head without eyes or with its mouth above them."""
    image = Image.new("L", (92, 112), int(rng.uniform(60, 120)))
    draw = ImageDraw.Draw(image)
    x, y, width, height = 46 + rng.normal(0, 3), 58 + rng.normal(0, 3), 28 + rng.normal(0, 2), 40 + rng.normal(0, 2)
    draw.ellipse([x - width, y - height, x + width, y + height], fill=int(rng.uniform(140, 200)))
    if rng.random() < 0.5:
        draw.line([x - 10, y - 22, x + 10, y - 22], fill=60, width=3)
    return noisy(image, rng)


def shape(rng: np.random.Generator) -> Image.Image:
    """A disc, square or triangle of one colour, 48 × 32, on light ground: not square, and in classes."""
    return _shape(rng, int(rng.integers(3)))


def star(rng: np.random.Generator) -> Image.Image:
    """A star, which no model of the others has seen."""
    return _shape(rng, 3)


def _shape(rng: np.random.Generator, kind: int) -> Image.Image:
    image = Image.new("RGB", (48, 32), (236, 232, 224))
    draw = ImageDraw.Draw(image)
    x, y, radius, turn = rng.uniform(16, 32), rng.uniform(12, 20), rng.uniform(6, 10), rng.uniform(0, 2 * math.pi)
    red, green, blue = (int(40 + 80 * (1 + math.sin(turn + k * 2 * math.pi / 3))) for k in range(3))
    fill, tilt = (red, green, blue), rng.uniform(-0.3, 0.3)
    if kind == 0:
        ring(draw, x, y, radius, fill)
        return noisy(image, rng)
    corners = {1: 4, 2: 3, 3: 10}[kind]
    points = []
    for i in range(corners):
        at = radius * (0.4 if kind == 3 and i % 2 else 1.2)
        angle = tilt + math.pi / 4 * (kind == 1) + 2 * math.pi * i / corners
        points.append((x + at * math.cos(angle), y + at * math.sin(angle)))
    draw.polygon(points, fill=fill)
    return noisy(image, rng)


def noisy(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The camera's noise on top: no two pictures are equal."""
    pixels = np.asarray(image, float)
    return Image.fromarray((pixels + rng.normal(0, 4, pixels.shape)).clip(0, 255).astype(np.uint8))


@dataclass(frozen=True)
class Kind:
    """One kind of pictures: normal ones to learn, and others that should be found."""

    name: str
    normal: Draw
    other: Draw


KINDS = (
    Kind("parts", part, scratched_or_holed),
    Kind("portraits", portrait, no_portrait),
    Kind("signs", shape, star),
)


def write(draw: Draw, count: int, folder: Path, seed: int) -> None:
    """`count` PNG files into `folder`, which is made."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for i in range(count):
        draw(rng).save(folder / f"{i:05}.png")
