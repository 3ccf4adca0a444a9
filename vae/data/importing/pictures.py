"""Where an import's images come from: asked for by their relative paths, a few at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from vae.config import ImageReading
from vae.data import image_decoding
from vae.data.image_decoding import Decoded, Format
from vae.errors import DatasetError


class Pictures(Protocol):
    """Images by the names that their source gives them."""

    @property
    def source(self) -> str:
        """What is kept of where they came from: a path, a file's name."""

    def pixel_counts(self, names: Sequence[str]) -> list[int]:
        """How many pixels each has by its head alone; 0 for what can't be read."""

    def decoded(
        self, names: Sequence[str], form: Format, on_image: Callable[[], None], reading: ImageReading
    ) -> list[Decoded | DatasetError]:
        """Each image, or what is wrong with it. `on_image` is called after each and may raise to stop."""


@dataclass(frozen=True)
class FolderPictures:
    """Files below a folder."""

    root: Path

    @property
    def source(self) -> str:
        return str(self.root)

    def pixel_counts(self, names: Sequence[str]) -> list[int]:
        return [image_decoding.pixel_count(self.root / name) for name in names]

    def decoded(
        self, names: Sequence[str], form: Format, on_image: Callable[[], None], reading: ImageReading
    ) -> list[Decoded | DatasetError]:
        return image_decoding.decode_all([self.root / name for name in names], form, on_image, reading)
