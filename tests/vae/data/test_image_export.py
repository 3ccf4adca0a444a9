"""Pictures into PNG, GIF, ZIP and NPZ files, and out of them again with Pillow."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from PIL import Image
from PIL.GifImagePlugin import GifImageFile

from vae.data import image_export
from vae.errors import GenerationError


def noise(count: int = 7, channels: int = 1, height: int = 5, width: int = 4, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, channels, height, width), np.uint8)


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("gap", [0, 2])
def test_each_picture_is_at_its_place_and_the_rest_is_white(channels: int, gap: int) -> None:
    images = noise(7, channels)
    picture = image_export.sheet(images, columns=3, gap=gap)
    assert picture.shape == (3 * 5 + 2 * gap, 3 * 4 + 2 * gap, 3)
    rest = np.ones(picture.shape[:2], bool)
    for k, image in enumerate(images):
        top, left = k // 3 * (5 + gap), k % 3 * (4 + gap)
        place = np.s_[top : top + 5, left : left + 4]
        assert np.array_equal(picture[place], np.broadcast_to(image.transpose(1, 2, 0), (5, 4, 3)))
        rest[place] = False
    assert (picture[rest] == 255).all()


@pytest.mark.parametrize(
    ("count", "height", "width", "columns"), [(64, 8, 8, 8), (1, 8, 8, 1), (5, 8, 8, 3), (8, 4, 32, 1)]
)
def test_a_sheet_is_about_as_wide_as_high(count: int, height: int, width: int, columns: int) -> None:
    picture = image_export.sheet(noise(count, 1, height, width), gap=0)
    assert picture.shape[1] == columns * width


def test_two_channels_are_shown_as_their_mean() -> None:
    images = np.stack([np.full((2, 2), 10, np.uint8), np.full((2, 2), 30, np.uint8)])[None]
    assert (image_export.sheet(images) == 20).all()


def test_what_is_no_picture_is_refused() -> None:
    for images in (np.zeros((0, 1, 2, 2), np.uint8), np.zeros((2, 2), np.uint8), np.zeros((1, 1, 2, 2))):
        with pytest.raises(GenerationError, match="expected uint8"):
            image_export.sheet(images)


def test_a_sheet_that_would_fill_the_memory_is_refused() -> None:
    images = np.broadcast_to(np.zeros(1, np.uint8), (10_000, 1, 128, 128))
    with pytest.raises(GenerationError, match=r"10,000 pictures has .* more than 100,000,000"):
        image_export.sheet(images)
    with pytest.raises(GenerationError, match="more than 200,000,000"):
        image_export.gif(images)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_png_keeps_every_pixel(channels: int) -> None:
    picture = image_export.scaled(image_export.sheet(noise(5, channels)), 3)
    found = np.asarray(opened(image_export.png(picture)))
    assert np.array_equal(found, picture)
    assert np.array_equal(found[::3, ::3], image_export.sheet(noise(5, channels)))
    assert np.array_equal(found[2::3, 2::3], found[::3, ::3])


def test_enlarged_pixels_are_squares() -> None:
    images = noise(2, 3, 8, 4)
    large = image_export.enlarged(images, 28)
    assert large.shape == (2, 3, 32, 16)
    assert np.array_equal(large[..., ::4, ::4], images)
    assert np.array_equal(large[..., 3::4, 3::4], images)
    assert np.array_equal(image_export.enlarged(images, 8), images)


def test_a_grey_gif_keeps_every_pixel_there_and_back() -> None:
    """All 256 greys in every frame: nothing is left for a transparent colour or a smaller palette."""
    images = np.stack([np.random.default_rng(k).permutation(256).astype(np.uint8).reshape(1, 16, 16) for k in range(4)])
    with opened(image_export.gif(images, scale=2)) as found:
        assert isinstance(found, GifImageFile)
        assert found.n_frames == 6
        assert found.info["loop"] == 0
        for frame, k in enumerate((0, 1, 2, 3, 2, 1)):
            found.seek(frame)
            assert found.info["duration"] == 80
            assert np.array_equal(np.asarray(found.convert("L")), image_export.scaled(images[k, 0], 2))


def test_a_smooth_grey_gif_keeps_every_pixel() -> None:
    """Frames that share most pixels, which the writer stores as differences."""
    images = np.repeat(noise(1, 1, 12, 12), 5, 0)
    for k in range(5):
        images[k, 0, k, k] = 255 - images[k, 0, k, k]
    with opened(image_export.gif(images, there_and_back=False, scale=1)) as found:
        assert isinstance(found, GifImageFile)
        assert found.n_frames == 5
        for k in range(5):
            found.seek(k)
            assert np.array_equal(np.asarray(found.convert("L")), images[k, 0])


def test_a_colour_gif_is_close_and_large_enough() -> None:
    y, x = np.mgrid[:28, :28].astype(np.uint8)
    images = np.stack([np.stack([9 * x, 9 * y, np.full_like(x, 40 * k)]) for k in range(4)])
    with opened(image_export.gif(images)) as found:
        assert found.size == (196, 196)
        for k in range(4):
            found.seek(k)
            shown = np.asarray(found.convert("RGB"))[3::7, 3::7].transpose(2, 0, 1)
            assert np.abs(shown.astype(int) - images[k]).mean() < 8


def test_a_gif_of_one_picture_is_one_frame() -> None:
    with opened(image_export.gif(noise(1))) as found:
        assert getattr(found, "n_frames", 1) == 1
        assert max(found.size) >= 196


@pytest.mark.parametrize("rate", [0, -1, float("nan"), 51])
def test_a_speed_that_no_gif_has_is_refused(rate: float) -> None:
    with pytest.raises(GenerationError, match="expected 1 to 50"):
        image_export.gif(noise(), frames_per_second=rate)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_zip_holds_each_picture(channels: int) -> None:
    images = noise(4, channels)
    content = image_export.zip_of_pngs(images, [f"{k}.png" for k in range(4)])
    assert content == image_export.zip_of_pngs(images, [f"{k}.png" for k in range(4)])
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert file.testzip() is None
        assert file.namelist() == ["0.png", "1.png", "2.png", "3.png"]
        for k in range(4):
            found = np.asarray(opened(file.read(f"{k}.png"))).reshape(5, 4, channels)
            assert np.array_equal(found, images[k].transpose(1, 2, 0))


@pytest.mark.parametrize(
    "names", [["a"], ["a", "a"], ["a", "../b"], ["a", ""], ["a", ".."], ["a", "b/c"], ["a", "b\\c"]]
)
def test_names_that_could_leave_the_folder_are_refused(names: list[str]) -> None:
    with pytest.raises(GenerationError, match="expected one plain name each"):
        image_export.zip_of_pngs(noise(2), names)


def test_an_npz_opens_without_pickle() -> None:
    images, z = noise(3), np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32)
    with np.load(io.BytesIO(image_export.npz(images, z, t=np.arange(3))), allow_pickle=False) as found:
        assert set(found) == {"images", "z", "t"}
        assert np.array_equal(found["images"], images)
        assert np.array_equal(found["z"], z)
    with pytest.raises(ValueError, match="allow_pickle"):
        image_export.npz(images, z, names=np.array([{}], dtype=object))
