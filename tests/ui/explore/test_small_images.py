"""What the page is sent of a data set: every image in its place on the sheet."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
import safetensors.numpy
from numpy.typing import NDArray
from PIL import Image

from ui.explore.sheet import small_images


def tiles(sheet: bytes) -> tuple[NDArray[np.uint8], dict[str, int]]:
    """All places of a sheet (n, H, W, channels), and what it says of itself."""
    header = json.loads(sheet[8 : 8 + int.from_bytes(sheet[:8], "little")])
    about = json.loads(header["__metadata__"]["sheet"])
    pixels = np.asarray(Image.open(io.BytesIO(safetensors.numpy.load(sheet)["png"].tobytes())))
    width, height = about["width"], about["height"]
    lines = pixels.shape[0] // height
    found = pixels.reshape(lines, height, about["columns"], width, -1).transpose(0, 2, 1, 3, 4)
    return found.reshape(-1, height, width, found.shape[-1]), about


@pytest.mark.parametrize("shape", [(7, 1, 5, 4), (3, 3, 6, 9), (1, 1, 2, 2)], ids=str)
def test_every_image_is_found_in_its_place(shape: tuple[int, int, int, int]) -> None:
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    found, about = tiles(small_images.packed(images, "name"))
    np.testing.assert_array_equal(found[: len(images)], images.transpose(0, 2, 3, 1))
    assert about["identity"] == "name"


def test_many_images_are_reduced_to_what_there_is_room_for() -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, 3, 31, 40), np.uint8)
    small = small_images.reduced(images, 10)
    assert small.shape[2] * small.shape[3] <= 100
    assert small.shape[:2] == (6, 3)
    step = 31 // small.shape[2]
    block = images[2, 1, :step, :step].mean()
    assert abs(small[2, 1, 0, 0] - block) <= 0.5
    assert small_images.reduced(images, 0).shape[2:] == (1, 40 // 31)
    assert small_images.reduced(images, 40) is images
