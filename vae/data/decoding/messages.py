"""What an import and the processes that decode for it say to each other, through their pipes.

A message is its length, eight bytes with the lowest first, and then MessagePack. Nothing is pickled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, TypeVar

import msgspec

from vae.config import ImageReading
from vae.data.image_decoding import Format, ImageFacts

T = TypeVar("T")
LENGTH_BYTES = 8


@dataclass(frozen=True)
class Given:
    """Files, each by its path as the system writes it or by its content, and what they become."""

    form: Format
    reading: ImageReading
    files: list[bytes]
    are_paths: list[bool]


@dataclass(frozen=True)
class Returned:
    """Of each file what its image was, what is wrong with it, or None for a picture so large that the import decodes
    it itself, alone; and the pixels of those that could be read, one after the other.
    """

    outcomes: list[ImageFacts | str | None]
    pixels: bytes


def send(pipe: BinaryIO, message: Given | Returned) -> None:
    """Raises OSError where nobody reads."""
    packed = msgspec.msgpack.encode(message)
    pipe.write(len(packed).to_bytes(LENGTH_BYTES, "little"))
    pipe.write(packed)
    pipe.flush()


def receive(pipe: BinaryIO, kind: type[T]) -> T | None:
    """The next message; None where the other side has ended."""
    head = pipe.read(LENGTH_BYTES)
    length = int.from_bytes(head, "little")
    if len(head) < LENGTH_BYTES or len(packed := pipe.read(length)) < length:
        return None
    return msgspec.msgpack.decode(packed, type=kind)
