"""People's own pictures, whatever file they are in."""

from __future__ import annotations

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from vae.data import own_image
from vae.errors import GenerationError

GREY, RGB = (1, 8, 8), (3, 8, 8)


def file(image: Image.Image, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"\0" * 1000)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_a_picture_of_the_models_size_is_kept() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    assert np.array_equal(own_image.from_bytes(file(Image.fromarray(pixels)), RGB, False), pixels.transpose(2, 0, 1))
    grey = pixels[..., 0]
    found = own_image.from_bytes(file(Image.fromarray(grey)), GREY, invert=False)
    assert np.array_equal(found[0], grey)
    assert np.array_equal(own_image.from_bytes(file(Image.fromarray(grey)), GREY, invert=True), 255 - found)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (2000, 3), (640, 480)])
@pytest.mark.parametrize("shape", [GREY, RGB, (1, 4, 16)])
def test_any_size_and_aspect_gives_sensible_pixels(size: tuple[int, int], shape: tuple[int, int, int]) -> None:
    found = own_image.from_bytes(file(Image.new("RGB", size, (90, 90, 90))), shape, False)
    assert (found.shape, found.dtype) == (shape, np.uint8)
    np.testing.assert_allclose(found, 90, atol=1)


def test_the_middle_of_a_wide_picture_is_kept() -> None:
    pixels = np.zeros((10, 30), np.uint8)
    pixels[:, 10:20] = 255
    assert own_image.from_bytes(file(Image.fromarray(pixels)), GREY, False).min() > 240


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "BMP", "GIF"])
def test_other_formats_are_read(kind: str) -> None:
    found = own_image.from_bytes(file(Image.new("RGB", (20, 20), (60, 60, 60)), kind), GREY, False)
    np.testing.assert_allclose(found, 60, atol=4)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no image that can be read"),
        (b"just some text", r"no image that can be read\. Expected one of PNG, JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "no image that can be read"),
        (file(Image.effect_noise((64, 64), 50))[:900], "The picture can't be used: .*truncated"),
        (file(Image.effect_noise((64, 64), 50))[:20], "The picture can't be used"),
        (file(Image.new("L", (9, 9)), "TIFF"), "no image that can be read"),
        (bomb(60_000, 60_000), "The picture can't be used: .*pixels"),
        (bomb(10_000, 10_001), "10000 × 10001 pixels, more than 100,000,000"),
        (bomb(3000, 3000), "The picture can't be used"),
        (b"\x89PNG\r\n\x1a\n" + bytes(21 * 2**20), "22 MB, more than 21"),
    ],
    ids=["empty", "text", "svg", "cut", "cut in the header", "tiff", "bomb", "large bomb", "lying size", "many bytes"],
)
def test_hostile_pictures_are_one_sentence(content: bytes, message: str) -> None:
    with warnings.catch_warnings(), pytest.raises(GenerationError, match=message) as error:
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        own_image.from_bytes(content, GREY, False)
    assert len(str(error.value)) < 250
    assert "\n" not in str(error.value)


def test_a_model_of_two_channels_takes_no_picture() -> None:
    with pytest.raises(GenerationError, match="2 channels, expected 1 or 3"):
        own_image.from_bytes(file(Image.new("L", (8, 8))), (2, 8, 8), False)
