"""Image files of unknown origin and size as pixels of a shape that is wanted, with Pillow. Imports no torch."""

from __future__ import annotations

import contextlib
import hashlib
import io
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageOps

from vae import recognition
from vae.budget import limits, needs
from vae.config import CUT, PAD, USUAL_READING, ImageReading
from vae.data.folders import image_names
from vae.errors import BudgetError, DatasetError, StorageError
from vae.storage import door, kinds

Pixels = NDArray[np.uint8]
Shape = tuple[int, int, int]

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF")  # told by their first bytes
MAX_CONTENT_BYTES = 20 * 2**20  # of a file that is in memory
SMALL_BYTES = 2**20
MAX_PIXELS = 100_000_000
LARGE_PIXELS = 16_000_000  # a picture of more is decoded alone: at the limit it takes 0.8 GB, a WebP 1.6
TILE = 1_024  # pixels, the side of what is flattened at a time
BLOCK_BYTES = 64 * 2**20  # glibc gives more than 32 MB back at once; of smaller blocks each thread hoards its own
COLOUR_LEVELS = 4  # channels that differ by no more are grey: JPEG rounds
GREY_MODES = ("1", "L", "LA", "La", "I", "F")  # and those that begin with "I;": 16 bits
LUMA = (19_595, 38_470, 7_471)  # of red, green and blue in grey, of 65,536: as Pillow has it
FULL = (0.0, 65_535.0)  # values that 16 bits hold
UPRIGHT = (None, 0, 1)  # EXIF orientations of a picture that is not turned
ORIENTATION = 0x0112
DIGEST_BYTES = 16

_one_large = threading.Lock()
Image.core.set_block_size(BLOCK_BYTES)  # type: ignore[attr-defined] # in which Pillow keeps large pictures


@dataclass(frozen=True)
class Format:
    """What every image becomes."""

    height: int
    width: int
    colour: bool

    @property
    def shape(self) -> Shape:
        """(C, H, W): three channels for colour, one for grey."""
        return (3 if self.colour else 1, self.height, self.width)


def format_of(image_shape: Shape) -> Format:
    """What images become for a model. Raises DatasetError for one whose images are neither grey nor colour."""
    channels, height, width = image_shape
    if channels not in (1, 3):
        raise DatasetError(f"The images have {channels} channels, expected 1 or 3 to decode or resize them.")
    return Format(height, width, colour=channels == 3)


def check_resizable(*image_shapes: Shape) -> None:
    """Raise DatasetError unless images of each of these shapes are grey or colour."""
    for shape in image_shapes:
        format_of(shape)


class ImageFacts(msgspec.Struct, frozen=True, array_like=True, gc=False):  # light: there may be a million
    """What a file's image was before it became pixels.

    Attributes
    ----------
    size
        (width, height), as the file has them.
    cropped, padded, enlarged
        Whether something was cut off at its sides or put beside it, and whether it was smaller than what it became.
    turned
        Whether it stood otherwise, and its EXIF says so.
    coloured
        Whether the channels differ anywhere.
    filled
        Whether it was transparent anywhere, and the background was put behind it.
    visible
        Where it was: how bright what can be seen of it is on average, 0 to 255; NaN otherwise.
    deep
        Whether it had more than 8 bits a value: then `low` and `high` are its lowest and highest value, else NaN, and
        `fractions` says whether they are numbers with a point.
    several
        Whether the file has more than one page or frame: the first one was taken.
    digest
        Of the file's content: equal for copies of a file.
    """

    size: tuple[int, int]
    cropped: bool = False
    padded: bool = False
    enlarged: bool = False
    turned: bool = False
    coloured: bool = False
    filled: bool = False
    visible: float = math.nan
    deep: bool = False
    fractions: bool = False
    low: float = math.nan
    high: float = math.nan
    several: bool = False
    digest: bytes = b""


@dataclass(frozen=True, eq=False)
class Decoded:
    """Pixels (C, H, W), and what the image was in its file."""

    pixels: Pixels
    facts: ImageFacts


def _in_turn() -> AbstractContextManager[object]:
    """Threads take turns with large pictures."""
    return _one_large


def decode(
    file: Path | str | bytes,
    form: Format,
    reading: ImageReading = USUAL_READING,
    large: Callable[[], AbstractContextManager[object]] = _in_turn,
) -> Decoded:
    """The first page or frame of a file, given by path or content: upright, on a background where it is transparent,
    its middle cut to the wanted aspect ratio (or all of it padded to that), then resized, and made grey last of all.
    `large()` is held while a picture of more than LARGE_PIXELS is decoded.

    Raises DatasetError, with a few words as its message, for a file that is damaged, too large or no such image.
    """
    if isinstance(file, bytes):
        _check_bytes(len(file), MAX_CONTENT_BYTES)
        return _decode(file, form, reading, large)
    if (content := door.read_if_small(str(file), kinds.IMAGE, SMALL_BYTES)) is not None:
        return _decode(content, form, reading, large)
    path = Path(file)
    try:
        with door.opened(path, kinds.IMAGE) as opened:
            return _decode(opened, form, reading, large)
    except StorageError as error:
        raise DatasetError(error.message.removeprefix(f"{door.where(path)} ").rstrip(".")) from error


def pixel_count(file: Path | bytes) -> int:
    """How many pixels a file, given by path or content, says that it has, from its head alone; 0 for what can't be
    read, and for too many."""
    try:
        opened = contextlib.nullcontext(io.BytesIO(file)) if isinstance(file, bytes) else door.opened(file, kinds.IMAGE)
        with opened as content, Image.open(content, formats=FORMATS) as image:
            width, height = image.size
    except Exception:  # as `_decode`: what hostile files raise has no common parent
        return 0
    return width * height if width * height <= MAX_PIXELS else 0


def own_picture(content: bytes, image_shape: Shape, reading: ImageReading = USUAL_READING) -> Decoded:
    """A person's own picture as a model of such images takes it, its pixels (C, H, W).

    Raises DatasetError for a file that is damaged, too large or no image, and for images neither grey nor colour.
    """
    form = format_of(image_shape)
    try:
        return decode(content, form, reading)
    except DatasetError as error:
        raise DatasetError(f"The picture can't be used: {error.message}.", f"Expected {image_names.KINDS}.") from error


def fitted(images: Pixels, image_shape: Shape, reading: ImageReading = USUAL_READING) -> Pixels:
    """Images (n, C, H, W) fitted to a shape and resized, as it is done with files."""
    form = format_of(image_shape)
    found = np.empty((len(images), *form.shape), np.uint8)
    for k, pixels in enumerate(images):
        picture = Image.fromarray(pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0)))
        found[k] = in_channels(_fit(picture, form, reading), form.shape[0])
    return found


def in_channels(images: Pixels, channels: int) -> Pixels:
    """(…, C, H, W) of one or three channels with as many as are wanted: three of grey are alike."""
    if images.shape[-3] == channels:
        return images
    if channels == 3:
        return np.repeat(images, 3, axis=-3)
    first = images[..., :1, :, :]
    if (images[..., 1:, :, :] == first).all():  # what was grey; the sum below gives the same
        return np.array(first)
    grey = np.full((*images.shape[:-3], 1, *images.shape[-2:]), 1 << 15, np.uint32)  # rounds
    for channel, weight in enumerate(LUMA):
        grey += images[..., channel, None, :, :] * np.uint32(weight)
    grey >>= 16
    return grey.astype(np.uint8)


def has_colour(image: Pixels) -> bool:
    """Whether the three channels of (3, H, W) differ anywhere."""
    return bool(np.ptp(image, axis=0).max() > COLOUR_LEVELS)


def _check_bytes(found: int, most: int) -> None:
    if found > most:
        raise DatasetError(f"{math.ceil(found / 2**20):,} MB, more than {most // 2**20:,}")


def _decode(
    source: io.BufferedReader | bytes,
    form: Format,
    reading: ImageReading,
    large: Callable[[], AbstractContextManager[object]],
) -> Decoded:
    try:
        content, digest = _with_digest(source)
        with Image.open(content, formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise DatasetError(f"{width} × {height} pixels, more than {MAX_PIXELS:,}")
            _check_room(width * height, image.format or "")
            with large() if width * height > LARGE_PIXELS else contextlib.nullcontext():
                return _read(image, form, reading, digest)
    except DatasetError:
        raise
    except Exception as error:  # what hostile files make a decoder raise has no common parent
        raise DatasetError(_reason(error, io.BytesIO(source) if isinstance(source, bytes) else source)) from error


def _with_digest(source: io.BufferedReader | bytes) -> tuple[io.BufferedReader | io.BytesIO, bytes]:
    """What to read an image from, at its beginning, and the digest of all of it. Of a file that is in memory Pillow may
    ask for many small parts."""
    if isinstance(source, bytes):
        return io.BytesIO(source), hashlib.blake2b(source, digest_size=DIGEST_BYTES).digest()
    digest = hashlib.file_digest(source, lambda: hashlib.blake2b(digest_size=DIGEST_BYTES)).digest()
    source.seek(0)
    return source, digest


def _check_room(pixels: int, kind: str) -> None:
    """Raise DatasetError for a large picture that there is no memory for."""
    try:
        if pixels > LARGE_PIXELS:
            limits.check_memory(needs.picture(pixels, kind), f"A picture of {pixels:,} pixels")
    except BudgetError as error:
        raise DatasetError(error.message.rstrip(".")) from error


def _read(image: Image.Image, form: Format, reading: ImageReading, digest: bytes) -> Decoded:
    several, turned = _has_several(image), image.getexif().get(ORIENTATION) not in UPRIGHT
    size = width, height = image.size
    # a large JPEG is decoded at a half, a quarter or an eighth where that is still twice the wanted size
    scale = 2 * max(form.width, form.height) / min(image.size)
    if scale < 1:
        image.draft(None, (int(image.width * scale) + 1, int(image.height * scale) + 1))
    image.load()
    if turned:
        upright_before = image.width >= image.height
        ImageOps.exif_transpose(image, in_place=True)  # without a second copy
        if (image.width >= image.height) != upright_before:
            width, height = height, width
    flat, values = _flat(image, reading)
    pixels = _fit(flat, form, reading)
    coloured = len(pixels) == 3 and has_colour(pixels)
    other_aspect = not _has_aspect(width, height, form)
    told = ImageFacts(
        size=size,
        cropped=reading.fit == CUT and other_aspect,
        padded=reading.fit == PAD and other_aspect,
        enlarged=width < form.width or height < form.height,
        turned=turned,
        coloured=coloured,
        filled=values.filled,
        visible=values.visible,
        deep=values.deep,
        fractions=values.fractions,
        low=values.low,
        high=values.high,
        several=several,
        digest=digest,
    )
    return Decoded(in_channels(pixels, form.shape[0]), told)


def is_cropped(width: int, height: int, form: Format, reading: ImageReading) -> bool:
    """Whether something is cut off at the sides of an image of this size."""
    return reading.fit == CUT and not _has_aspect(width, height, form)


def _has_aspect(width: int, height: int, form: Format) -> bool:
    """Whether it has the wanted aspect ratio, to the pixel."""
    return (
        width * form.height - height * form.width < form.height
        and height * form.width - width * form.height < form.width
    )


def _has_several(image: Image.Image) -> bool:
    """Whether there are more pages or frames than the first, as far as that is told without decoding them."""
    if image.format == "TIFF":
        return bool(getattr(image, "tag_v2").next)  # noqa: B009 # only TIFF has it, so Pillow's types don't
    return bool(getattr(image, "is_animated", False)) and image.format != "MPO"  # second pictures of a photograph


def _fit(image: Image.Image, form: Format, reading: ImageReading) -> Pixels:
    """The middle of a grey or colour image, or all of it on the background, resized: (1 or 3, H, W) as it is."""
    size = form.width, form.height
    small = image
    if image.size != size and reading.fit == PAD:
        ground = ImageColor.getcolor(reading.background, image.mode)
        small = ImageOps.pad(image, size, Image.Resampling.LANCZOS, ground)
    elif image.size != size:
        small = ImageOps.fit(image, size, Image.Resampling.LANCZOS)
    pixels = np.frombuffer(bytearray(small.tobytes()), np.uint8)  # which may be written
    if small.mode == "L":
        return pixels.reshape(1, form.height, form.width)
    return np.array(pixels.reshape(form.height, form.width, -1).transpose(2, 0, 1), order="C")


def _flat(image: Image.Image, reading: ImageReading) -> tuple[Image.Image, ImageFacts]:
    """The image in 8 bits, grey or colour, without transparency. Tile by tile: what lies between would be four more
    full copies."""
    facts, mode = ImageFacts(image.size), "L" if _is_grey(image) else "RGB"
    deep = image.mode[0] in "IF"
    if deep:
        facts = _extent(image)
    if deep or image.has_transparency_data or image.mode != mode:
        values = reading.values or _full(facts) if deep else (0.0, 255.0)
        covered = _Covered(reading.background)
        flat = Image.new(mode, image.size)
        for tile, box in _tiles(image):
            flat.paste(_scaled(tile, values) if deep else covered.flat(tile, mode), box)
        image, facts = flat, msgspec.structs.replace(facts, filled=covered.filled, visible=covered.visible)
    if not deep and reading.values and is_ranged(deep, reading):
        low, high = reading.values
        steps = ((np.arange(256) - low) / (high - low) * 255).round().clip(0, 255).astype(int).tolist()
        image = image.point(steps * len(image.getbands()))
    return image, facts


def is_ranged(deep: bool, reading: ImageReading) -> bool:
    """Whether the range of values is for an image: for every one of more than 8 bits, for others if it can be meant so.

    One that ends at 1 is of numbers with a point, one beyond 255 of more bits.
    """
    return deep or (reading.values is not None and 1 < reading.values[1] <= 255)


def _is_grey(image: Image.Image) -> bool:
    return image.mode in GREY_MODES or image.mode.startswith("I;")


def _tiles(image: Image.Image) -> Iterator[tuple[Image.Image, tuple[int, int, int, int]]]:
    for top in range(0, image.height, TILE):
        for left in range(0, image.width, TILE):
            box = (left, top, min(left + TILE, image.width), min(top + TILE, image.height))
            yield image.crop(box), box


def _extent(image: Image.Image) -> ImageFacts:
    """The lowest and the highest value. Raises DatasetError for an image without any finite one."""
    low, high = math.inf, -math.inf
    for tile, _ in _tiles(image):
        values = np.asarray(tile)
        values = values[np.isfinite(values)] if image.mode == "F" else values
        if values.size:
            low, high = min(low, float(values.min())), max(high, float(values.max()))
    if low > high:
        raise DatasetError("no value that is a finite number")
    return ImageFacts(image.size, deep=True, fractions=image.mode == "F", low=low, high=high)


def _full(facts: ImageFacts) -> tuple[float, float]:
    """The values that are black and white where nobody has chosen them: of numbers with a point those of the image, if
    they are not from 0 to 1 or 255."""
    for values in ((0.0, 1.0), (0.0, 255.0)) if facts.fractions else ():
        if values[0] <= facts.low and facts.high <= values[1]:
            return values
    return FULL if facts.low >= FULL[0] and facts.high <= FULL[1] else (facts.low, facts.high)


def _scaled(tile: Image.Image, values: tuple[float, float]) -> Image.Image:
    low, high = values
    scaled = (np.asarray(tile, np.float64) - low) * (255 / max(high - low, 1e-30))
    return Image.fromarray(np.nan_to_num(scaled.round().clip(0, 255)).astype(np.uint8))


class _Covered:
    """Puts a background behind transparent tiles, and sees what there was."""

    def __init__(self, background: str) -> None:
        self._colour = (*ImageColor.getrgb(background)[:3], 255)
        self._seen, self._bright = 0.0, 0.0
        self.filled = False

    @property
    def visible(self) -> float:
        return self._bright / self._seen if self.filled and self._seen else math.nan

    def flat(self, tile: Image.Image, mode: str) -> Image.Image:
        if not tile.has_transparency_data:
            return tile.convert(mode)
        rgba = tile.convert("RGBA")
        alpha = np.asarray(rgba.getchannel("A"), np.float32)
        self.filled |= bool((alpha < 255).any())
        self._seen += float(alpha.sum())
        self._bright += float((alpha * np.asarray(rgba.convert("L"))).sum())
        return Image.alpha_composite(Image.new("RGBA", tile.size, self._colour), rgba).convert(mode)


def _reason(error: Exception, source: io.BufferedReader | io.BytesIO) -> str:
    """What is wrong with a file, in a few words: of one that is no image, what it is instead."""
    text = " ".join(str(error).split())
    if "cannot identify" not in text:
        return (text or type(error).__name__)[:80]
    with contextlib.suppress(OSError, ValueError):
        source.seek(0)
        if (found := recognition.of_content("", source.read(kinds.UNKNOWN.most))) != recognition.OTHER:
            return f"{found.words}, {'damaged' if found.hint == recognition.PICTURE else 'no image'}"
    return "no image that can be read"
