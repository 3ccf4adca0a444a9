"""Pictures that are none, or become far more than they look like; of every format that Pillow writes."""

from __future__ import annotations

import functools
import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

from vae.data.image_decoding import FORMATS

Change = Callable[[bytes], bytes]
PNG = b"\x89PNG\r\n\x1a\n"


def written(kind: str, mode: str = "RGB", size: tuple[int, int] = (16, 12), **options: object) -> bytes | None:
    """A picture of noise in this format, None where Pillow can't write it here."""
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    file = io.BytesIO()
    try:
        Image.fromarray(pixels).convert(mode).save(file, kind, **options)
    except Exception:  # whatever a format lacks: a library, a mode, a size
        return None
    return file.getvalue()


@functools.cache
def all_formats() -> dict[str, bytes]:
    """One picture in each format that Pillow writes here."""
    Image.init()
    made = {kind: written(kind) or written(kind, "L") or written(kind, "1") for kind in sorted(Image.SAVE)}
    return {kind: raw for kind, raw in made.items() if raw}


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, data: bytes = b"", *more: bytes, depth: int = 8, colour: int = 0) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return PNG + chunk(b"IHDR", head) + b"".join(more) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def zeros(megabytes: int) -> bytes:
    """So many megabytes of zeros, deflated: less than a hundredth of it."""
    packer = zlib.compressobj(1)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(megabytes)) + packer.flush()


def bmp(width: int, height: int, bits: int = 24, compression: int = 0) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + info + bytes(64)


def gif(width: int, height: int) -> bytes:
    good = written("GIF", "L") or b""
    return good[:6] + struct.pack("<HH", width, height) + good[10:]


def jpeg(width: int, height: int) -> bytes:
    good = written("JPEG") or b""
    at = good.index(b"\xff\xc0") + 5
    return good[:at] + struct.pack(">HH", height, width) + good[at + 4 :]


def pictures() -> dict[str, Callable[[], bytes]]:
    """What makes files that no reader may take for a picture, by what they are."""
    return {
        "is a PNG of 100,000 × 100,000": lambda: png(100_000, 100_000, zeros(1)),
        "is a PNG of 2³¹ × 2³¹": lambda: png(2**31 - 1, 2**31 - 1, zeros(1)),
        "is a PNG of a row of 200 million": lambda: png(200_000_000, 1, zeros(1)),
        "is a PNG of 0 × 0": lambda: png(0, 0),
        "is a PNG of 100 million and one bits": lambda: png(10_000, 10_001, zeros(1), depth=1),
        "is a PNG with 100 MB in a comment": lambda: png(8, 8, b"", chunk(b"zTXt", b"x\0\0" + zeros(100))),
        "is a PNG with 100 MB in a profile": lambda: png(8, 8, b"", chunk(b"iCCP", b"x\0\0" + zeros(100))),
        "is a PNG of 9,000 × 9,000 with 1 MB of pixels": lambda: png(9_000, 9_000, zeros(1), colour=6),
        "is a PNG with a wrong sum": lambda: png(8, 8, zlib.compress(bytes(72)))[:-20] + bytes(20),
        "is a PNG with a chunk of 2 GB": lambda: PNG + struct.pack(">I", 2**31 - 1) + b"IHDR" + bytes(20),
        "is a BMP of 100,000 × 100,000": lambda: bmp(100_000, 100_000),
        "is a BMP of a height below 0": lambda: bmp(8, -(2**31)),
        "is a BMP with a width below 0": lambda: bmp(-8, 8),
        "is a BMP of 77 bits": lambda: bmp(8, 8, 77),
        "is a BMP of runs that end early": lambda: bmp(5_000, 5_000, 8, 1),
        "is a GIF of 65,535 × 65,535": lambda: gif(65_535, 65_535),
        "is a JPEG of 65,500 × 65,500": lambda: jpeg(65_500, 65_500),
        "is a drawing": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        "is a program for a printer": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) run\nshowpage\n",
    }


def by_format() -> dict[str, Change]:
    """The same picture in each format: half of it where the program reads that, all of it where not.

    MPO is a JPEG with another one behind it.
    """
    found: dict[str, bytes] = {}
    for kind, raw in all_formats().items():
        if kind == "MPO":
            continue
        if kind in FORMATS:
            found |= {f"is the first half of a {kind}": raw[: len(raw) // 2], f"is the head of a {kind}": raw[:20]}
        else:
            found[f"is a {kind}"] = raw
    return {name: _instead(functools.partial(bytes, raw)) for name, raw in found.items()}


def changes() -> dict[str, Change]:
    return {name: _instead(make) for name, make in pictures().items()}


def _instead(make: Callable[[], bytes]) -> Change:
    return lambda good: make()
