"""PNGs for slides: wide enough, sharp, with the pictures where their captions say."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from vae.data import slides
from vae.data.slides import Captions


def opened(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


@pytest.mark.parametrize(("count", "columns"), [(1, None), (9, 9), (100, 10), (63, 21), (400, 20)])
def test_a_slide_is_wide_enough_and_shows_every_pixel_as_a_square(count: int, columns: int | None) -> None:
    images = np.random.default_rng(0).integers(1, 200, (count, 1, 4, 6), np.uint8)
    plain = opened(slides.png(images, Captions(""), columns))
    assert plain.shape[1] >= slides.LEAST_WIDTH
    first = images[0, 0]
    factor = next(k for k in range(1, 300) if (plain[slides.MARGIN + k * 4, slides.MARGIN] == 255).all())
    tile = plain[slides.MARGIN : slides.MARGIN + 4 * factor, slides.MARGIN : slides.MARGIN + 6 * factor, 0]
    np.testing.assert_array_equal(tile, first.repeat(factor, 0).repeat(factor, 1))


def test_captions_take_room_of_their_own_and_long_ones_are_cut() -> None:
    images = np.zeros((4, 3, 5, 5), np.uint8)
    bare = opened(slides.png(images, Captions(""), 2))
    named = opened(slides.png(images, Captions("A title " * 90, ["z0 " * 60, "z1"], ["−3.0", "3.0"]), 2))
    assert named.shape[0] > bare.shape[0]
    black = np.flatnonzero((named == 0).all(2).any(0))
    assert black[0] - slides.MARGIN <= slides.LONGEST_LABEL + 16  # the first picture begins behind the names
    assert (named[:, named.shape[1] - slides.MARGIN // 2 :] == 255).all()  # the title ends before the edge


def test_very_many_rows_are_smaller_pictures_on_a_page_as_wide() -> None:
    images = np.zeros((384, 1, 64, 64), np.uint8)
    sheet = opened(slides.png(images, Captions("All"), 3))
    assert sheet.shape[1] >= slides.LEAST_WIDTH
    assert sheet.shape[0] * sheet.shape[1] < 2 * slides.MOST_PIXELS
