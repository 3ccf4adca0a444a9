"""Where an import's images come from: asked for by their relative paths, a few at a time."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from vae.config import ImageReading
from vae.data import image_decoding
from vae.data.decoding import pool
from vae.data.decoding.part import DecodedPart
from vae.data.decoding.pool import Decoders
from vae.data.image_decoding import Format


class Pictures(Protocol):
    """Images by the names that their source gives them."""

    @property
    def source(self) -> str:
        """What is kept of where they came from: a path, a file's name."""

    def pixel_counts(self, names: Sequence[str]) -> list[int]:
        """How many pixels each has by its head alone; 0 for what can't be read."""

    def decoded(self, names: Sequence[str], form: Format, reading: ImageReading) -> Generator[DecodedPart]:
        """Each image, or what is wrong with it, a few at a time. To be closed where it is not read to its end."""


@dataclass(frozen=True)
class FolderPictures:
    """Files below a folder."""

    root: Path
    workers: Decoders | None = None  # who decode many; without any they are started when they are needed

    @property
    def source(self) -> str:
        return str(self.root)

    def pixel_counts(self, names: Sequence[str]) -> list[int]:
        return [image_decoding.pixel_count(self.root / name) for name in names]

    def decoded(self, names: Sequence[str], form: Format, reading: ImageReading) -> Generator[DecodedPart]:
        return pool.decoded((f"{self.root}/{name}" for name in names), len(names), form, reading, self.workers)
