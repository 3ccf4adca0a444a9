"""Image files of unknown origin, and people's own pictures: what becomes of them, and what is refused."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vae.budget import free
from vae.data import image_decoding
from vae.data.image_decoding import Format
from vae.errors import DatasetError
from vae.storage import kinds, paths

RGB, GREY = Format(8, 8, True), Format(8, 8, False)


def saved(path: Path, image: Image.Image, **settings: object) -> Path:
    image.save(path, **settings)
    return path


@pytest.mark.parametrize("ending", ["png", "bmp", "gif", "webp", "jpg", "tiff", "ppm", "avif", "jfif"])
def test_every_format_is_read_whatever_the_file_is_called(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    Image.new("RGB", (20, 20), (200, 40, 90)).save(path, "JPEG" if ending == "jfif" else None)
    path = path.rename(tmp_path / "a.png")
    np.testing.assert_allclose(image_decoding.decode(path, RGB).pixels[:, 4, 4], (200, 40, 90), atol=4)


def test_other_formats_are_refused_whatever_the_file_is_called(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.tga", Image.new("RGB", (20, 20))).rename(tmp_path / "a.png")
    with pytest.raises(DatasetError, match="no image that can be read"):
        image_decoding.decode(path, RGB)


def test_the_middle_is_kept_and_height_comes_first(tmp_path: Path) -> None:
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, 10:20] = 255
    path = saved(tmp_path / "a.png", Image.fromarray(pixels))
    assert image_decoding.decode(path, RGB).pixels.min() > 240  # of the black beside it only what the filter reaches
    assert image_decoding.decode(path, Format(4, 12, False)).pixels.shape == (1, 4, 12)


@pytest.mark.parametrize("width", [29, 58, 116, 123])
def test_no_size_is_cut_beside_the_image(width: int, tmp_path: Path) -> None:
    """28 × (width / 28) is rounded to more than these widths."""
    path = saved(tmp_path / "a.png", Image.new("L", (width, 200), 255))
    assert image_decoding.decode(path, Format(28, 28, False)).pixels.min() == 255


def test_shrinking_averages(tmp_path: Path) -> None:
    stripes = np.zeros((64, 64), np.uint8)
    stripes[:, ::2] = 255  # without antialiasing these become all black or all white
    found = image_decoding.decode(saved(tmp_path / "a.png", Image.fromarray(stripes)), GREY).pixels
    assert abs(found.astype(float).mean() - 127.5) < 3
    assert np.ptp(found) < 20


def test_a_large_jpeg_is_as_good_as_a_decoded_one(tmp_path: Path) -> None:
    """Decoding at a fraction of the size must not cut a different part, nor alias."""
    y, x = np.mgrid[:600, :1000]
    pixels = np.stack([x / 4, y / 3, (x + y) / 8], -1).astype(np.uint8)
    jpeg = image_decoding.decode(saved(tmp_path / "a.jpg", Image.fromarray(pixels), quality=95), RGB).pixels
    png = image_decoding.decode(saved(tmp_path / "a.png", Image.fromarray(pixels)), RGB).pixels
    np.testing.assert_allclose(jpeg.astype(int), png, atol=4)


def test_phones_photos_stand_upright(tmp_path: Path) -> None:
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:8] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise to show
    found = image_decoding.decode(saved(tmp_path / "a.png", Image.fromarray(pixels), exif=exif), RGB).pixels
    assert found[0, 4].tolist()[0] < 30
    assert found[0, 4].tolist()[-1] > 225


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white(tmp_path: Path, mode: str) -> None:
    image = Image.new("RGBA", (8, 8), (255, 0, 0, 0)).convert(mode)
    assert (image_decoding.decode(saved(tmp_path / "a.png", image), RGB).pixels == 255).all()


def test_sixteen_bits_keep_their_brightness(tmp_path: Path) -> None:
    image = Image.fromarray(np.full((8, 8), 100 * 256 + 7, np.uint16))
    assert (image_decoding.decode(saved(tmp_path / "a.png", image), RGB).pixels == 100).all()


@pytest.mark.parametrize("colour", [True, False])
def test_flattening_in_tiles_is_flattening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, colour: bool) -> None:
    """Whatever the mode, and turned: the same pixels as in one piece."""
    rng, form = np.random.default_rng(0), Format(8, 8, colour)
    noise = rng.integers(0, 256, (50, 70, 4), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    saved(tmp_path / "rgba.png", Image.fromarray(noise), exif=exif)
    saved(tmp_path / "palette.png", Image.fromarray(noise[..., :3]).quantize(64), transparency=3)
    saved(tmp_path / "sixteen.png", Image.fromarray(noise[..., :2].copy().view(np.uint16)[..., 0]))
    saved(tmp_path / "grey.png", Image.fromarray(noise[..., 0]), exif=exif)
    whole = {path: image_decoding.decode(path, form).pixels for path in tmp_path.iterdir()}
    monkeypatch.setattr(image_decoding, "TILE", 16)
    for path, expected in whole.items():
        assert np.array_equal(image_decoding.decode(path, form).pixels, expected), path.name
        assert np.ptp(expected) > 10


PEAK = """
import sys
from pathlib import Path
from vae.config import USUAL_READING
from vae.data.decoding import pool
from vae.data.image_decoding import Format

def highest() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

before = highest()
count = int(sys.argv[2])
found = list(pool.decoded([sys.argv[1]] * count, count, Format(8, 8, True), USUAL_READING))
print((highest() - before) // 1024, *found[0].pixels[0, :, 4, 4])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak of memory as Linux tells it")
@pytest.mark.parametrize(
    ("bits", "kind", "pixel", "shown"),
    [(8, 6, bytes([16, 32, 48, 128]), [135, 143, 151]), (16, 0, bytes([100, 7]), [100, 100, 100])],
)
@pytest.mark.parametrize(("side", "count", "most"), [(4_100, 4, 256), (10_000, 1, 1_024)])
def test_large_pictures_fit_in_memory(
    tmp_path: Path, side: int, count: int, most: int, bits: int, kind: int, pixel: bytes, shown: list[int]
) -> None:
    """Four of the smallest that are decoded alone, and one of the largest, which would take four times as much memory
    if several were decoded at once or each were copied whole."""
    assert image_decoding.LARGE_PIXELS < side**2 <= image_decoding.MAX_PIXELS
    path = tmp_path / "a.png"
    path.write_bytes(plain_png(side, bits, kind, pixel))
    assert path.stat().st_size < 3 * 2**20
    command = [sys.executable, "-c", PEAK, str(path), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=paths.PROJECT)
    megabytes, *colour = map(int, done.stdout.split())
    assert colour == shown
    assert megabytes < most


def plain_png(side: int, bits: int, kind: int, pixel: bytes) -> bytes:
    """A square of one colour: its first row, compressed so that no later one refers to it, again and again."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    packer, row, checksum = zlib.compressobj(1, wbits=-15), b"\0" + pixel * side, 1
    packed = packer.compress(row) + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(side):
        checksum = zlib.adler32(row, checksum)
    rows = b"\x78\x01" + packed * side + b"\x03\x00" + struct.pack(">I", checksum)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, bits, kind, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_small_file_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.new("1", (20_000, 6_000)))
    assert path.stat().st_size < 100_000
    with warnings.catch_warnings(), pytest.raises(DatasetError, match="20000 × 6000 pixels"):
        warnings.simplefilter("ignore")
        image_decoding.decode(path, RGB)


def test_a_large_file_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(kinds.IMAGE.most + 1)
    with pytest.raises(DatasetError, match=r"^has 104,857,601 bytes, expected at most 104,857,600$"):
        image_decoding.decode(tmp_path / "a.png", RGB)


def test_a_decoder_that_fails_in_an_unknown_way_is_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise IndexError("list index out of range")

    monkeypatch.setattr(image_decoding, "_read", fail)
    with pytest.raises(DatasetError, match="list index"):
        image_decoding.decode(saved(tmp_path / "a.png", Image.new("L", (8, 8))), RGB)


def test_the_size_is_the_files_own_also_where_a_jpeg_is_decoded_smaller(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", Image.new("RGB", (1_000, 600)))
    assert image_decoding.decode(path, RGB).facts.size == (1_000, 600)
    assert image_decoding.decode(path.read_bytes(), RGB).facts.size == (1_000, 600)


# --- own pictures -----------------------------------------------------------------------------------------------------

OWN_GREY, OWN_RGB = GREY.shape, RGB.shape


def content(image: Image.Image, kind: str = "PNG") -> bytes:
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
    assert np.array_equal(
        image_decoding.own_picture(content(Image.fromarray(pixels)), OWN_RGB).pixels, pixels.transpose(2, 0, 1)
    )
    grey = pixels[..., 0]
    found = image_decoding.own_picture(content(Image.fromarray(grey)), OWN_GREY).pixels
    assert np.array_equal(found[0], grey)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (2000, 3), (640, 480)])
@pytest.mark.parametrize("shape", [OWN_GREY, OWN_RGB, (1, 4, 16)])
def test_any_size_and_aspect_gives_sensible_pixels(size: tuple[int, int], shape: tuple[int, int, int]) -> None:
    found = image_decoding.own_picture(content(Image.new("RGB", size, (90, 90, 90))), shape).pixels
    assert (found.shape, found.dtype) == (shape, np.uint8)
    np.testing.assert_allclose(found, 90, atol=1)


def test_the_middle_of_a_wide_picture_is_kept() -> None:
    pixels = np.zeros((10, 30), np.uint8)
    pixels[:, 10:20] = 255
    assert image_decoding.own_picture(content(Image.fromarray(pixels)), OWN_GREY).pixels.min() > 240


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF"])
def test_other_formats_are_read(kind: str) -> None:
    found = image_decoding.own_picture(content(Image.new("RGB", (20, 20), (60, 60, 60)), kind), OWN_GREY).pixels
    np.testing.assert_allclose(found, 60, atol=4)


@pytest.mark.parametrize(
    ("hostile", "message"),
    [
        (b"", "an empty file, no image"),
        (b"just some text", r"a text file, no image\. Expected PNG, JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "a text file, no image"),
        (b"PK\x03\x04" + bytes(30) + b"weights/data.pkl", "a PyTorch file .*, no image"),
        (b"\x89PNG\r\n\x1a\n", "a picture .PNG., damaged"),
        (content(Image.effect_noise((64, 64), 50))[:900], "The picture can't be used: .*truncated"),
        (content(Image.effect_noise((64, 64), 50))[:20], "The picture can't be used"),
        (content(Image.new("L", (9, 9)), "TGA"), "no image that can be read"),
        (bomb(60_000, 60_000), "The picture can't be used: .*pixels"),
        (bomb(10_000, 10_001), "10000 × 10001 pixels, more than 100,000,000"),
        (bomb(3000, 3000), "The picture can't be used"),
        (b"\x89PNG\r\n\x1a\n" + bytes(21 * 2**20), "22 MB, more than 20"),
    ],
    ids=[
        "empty",
        "text",
        "svg",
        "model",
        "head",
        "cut",
        "cut in the header",
        "tga",
        "bomb",
        "large bomb",
        "lying size",
        "many bytes",
    ],
)
def test_hostile_pictures_are_one_sentence(hostile: bytes, message: str) -> None:
    with warnings.catch_warnings(), pytest.raises(DatasetError, match=message) as error:
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        image_decoding.own_picture(hostile, OWN_GREY)
    assert len(str(error.value)) < 250
    assert "\n" not in str(error.value)


def test_a_model_of_two_channels_takes_no_picture() -> None:
    with pytest.raises(DatasetError, match="2 channels, expected 1 or 3"):
        image_decoding.own_picture(content(Image.new("L", (8, 8))), (2, 8, 8))


def test_a_large_picture_asks_for_memory_before_it_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large = saved(tmp_path / "large.png", Image.new("1", (5_000, 4_000)))
    small = saved(tmp_path / "small.png", Image.new("1", (3_000, 4_000)))
    monkeypatch.setattr(free, "memory", lambda: 100 * 10**6)
    assert image_decoding.decode(small, GREY).facts.size == (3_000, 4_000)
    with pytest.raises(DatasetError) as refused:
        image_decoding.decode(large, GREY)
    assert str(refused.value).startswith("A picture of 20,000,000 pixels needs about 0.2 GB of memory, 0.1 GB are free")


def test_how_many_pixels_a_picture_has_is_told_by_its_head(tmp_path: Path) -> None:
    assert image_decoding.pixel_count(saved(tmp_path / "a.png", Image.new("L", (30, 20)))) == 600
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes()[:-20])
    (tmp_path / "c.png").write_bytes(b"none")
    counts = [image_decoding.pixel_count(tmp_path / name) for name in ("b.png", "c.png", "nothing.png")]
    assert counts == [600, 0, 0]


def test_colour_is_made_grey_as_pillow_makes_it() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 3, 50, 40), np.uint8)
    images[0, :, 0, :2] = [[0, 255]] * 3
    expected = [np.asarray(Image.fromarray(image.transpose(1, 2, 0)).convert("L"))[None] for image in images]
    np.testing.assert_array_equal(image_decoding.in_channels(images, 1), expected)
    np.testing.assert_array_equal(image_decoding.in_channels(images[1], 1), expected[1])
    grey = images[:, :1]
    np.testing.assert_array_equal(image_decoding.in_channels(image_decoding.in_channels(grey, 3), 1), grey)
