"""The command as these tests call it, and the files that they make and read."""

from __future__ import annotations

import csv
import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from vae import commands
from vae.storage import paths

CHECKPOINTS = paths.PROJECT / "checkpoints"


def call(*argv: object) -> int:
    try:
        return commands.main(["score", *(str(a) for a in argv)])
    except SystemExit as end:
        return int(end.code or 0)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    path.write_bytes(content.getvalue())


def bomb() -> bytes:
    """A PNG that says it has 2.5 billion pixels."""
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
