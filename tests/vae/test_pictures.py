"""One image file of unknown origin: what becomes of it, and what is refused."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vae import pictures
from vae.errors import DatasetError
from vae.pictures import Format

RGB, GREY = Format(8, 8, True), Format(8, 8, False)


def saved(path: Path, image: Image.Image, **settings: object) -> Path:
    image.save(path, **settings)
    return path


@pytest.mark.parametrize("ending", ["png", "bmp", "gif", "webp", "jpg"])
def test_every_format_is_read_whatever_the_file_is_called(tmp_path: Path, ending: str) -> None:
    path = saved(tmp_path / f"a.{ending}", Image.new("RGB", (20, 20), (200, 40, 90)))
    path = path.rename(tmp_path / "a.png")
    np.testing.assert_allclose(pictures.decode(path, RGB)[:, 4, 4], (200, 40, 90), atol=4)


def test_other_formats_are_refused_whatever_the_file_is_called(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.tiff", Image.new("RGB", (20, 20))).rename(tmp_path / "a.png")
    with pytest.raises(DatasetError, match="no image that can be read"):
        pictures.decode(path, RGB)


def test_the_middle_is_kept_and_height_comes_first(tmp_path: Path) -> None:
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, 10:20] = 255
    path = saved(tmp_path / "a.png", Image.fromarray(pixels))
    assert pictures.decode(path, RGB).min() > 240  # of the black beside it only what the filter reaches
    assert pictures.decode(path, Format(4, 12, False)).shape == (1, 4, 12)


def test_shrinking_averages(tmp_path: Path) -> None:
    stripes = np.zeros((64, 64), np.uint8)
    stripes[:, ::2] = 255  # without antialiasing these become all black or all white
    found = pictures.decode(saved(tmp_path / "a.png", Image.fromarray(stripes)), GREY)
    assert abs(found.astype(float).mean() - 127.5) < 3
    assert np.ptp(found) < 20


def test_a_large_jpeg_is_as_good_as_a_decoded_one(tmp_path: Path) -> None:
    """Decoding at a fraction of the size must not cut a different part, nor alias."""
    y, x = np.mgrid[:600, :1000]
    pixels = np.stack([x / 4, y / 3, (x + y) / 8], -1).astype(np.uint8)
    jpeg = pictures.decode(saved(tmp_path / "a.jpg", Image.fromarray(pixels), quality=95), RGB)
    png = pictures.decode(saved(tmp_path / "a.png", Image.fromarray(pixels)), RGB)
    np.testing.assert_allclose(jpeg.astype(int), png, atol=4)


def test_phones_photos_stand_upright(tmp_path: Path) -> None:
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:8] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise to show
    found = pictures.decode(saved(tmp_path / "a.png", Image.fromarray(pixels), exif=exif), RGB)
    assert found[0, 4].tolist()[0] < 30
    assert found[0, 4].tolist()[-1] > 225


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white(tmp_path: Path, mode: str) -> None:
    image = Image.new("RGBA", (8, 8), (255, 0, 0, 0)).convert(mode)
    assert (pictures.decode(saved(tmp_path / "a.png", image), RGB) == 255).all()


def test_sixteen_bits_keep_their_brightness(tmp_path: Path) -> None:
    image = Image.fromarray(np.full((8, 8), 100 * 256 + 7, np.uint16))
    assert (pictures.decode(saved(tmp_path / "a.png", image), RGB) == 100).all()


def test_a_small_file_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.new("1", (20_000, 6_000)))
    assert path.stat().st_size < 100_000
    with warnings.catch_warnings(), pytest.raises(DatasetError, match="20000 × 6000 pixels"):
        warnings.simplefilter("ignore")
        pictures.decode(path, RGB)


def test_a_large_file_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(pictures.MAX_FILE_BYTES + 1)
    with pytest.raises(DatasetError, match="105 MB, more than 105"):
        pictures.decode(tmp_path / "a.png", RGB)


def test_a_decoder_that_fails_in_an_unknown_way_is_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise IndexError("list index out of range")

    monkeypatch.setattr(pictures, "_pixels", fail)
    with pytest.raises(DatasetError, match="list index"):
        pictures.decode(saved(tmp_path / "a.png", Image.new("L", (8, 8))), RGB)
