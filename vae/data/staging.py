"""Images on disk while an import still finds out how they are to be read and divided: written as they are decoded, and
read again chunk by chunk, so that no set has to fit in memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from vae.config import ImageReading
from vae.data import image_decoding
from vae.data.decoding.part import DecodedPart
from vae.data.image_decoding import Format, ImageFacts, Pixels
from vae.data.importing.pictures import Pictures
from vae.data.report.left_out import LeftOut
from vae.errors import DatasetError
from vae.storage import kinds
from vae.storage.array_files import map_npy
from vae.storage.printing import visible

CHUNK_BYTES, CHUNK_IMAGES = 32 * 2**20, 256  # read again at a time
DAMAGED = "can't be read: "
FIRST, SECOND = "decoded.npy", "decoded-again.npy"


class Stage:
    """Decoded images in files of their own in `folder`, which are gone with it.

    Attributes
    ----------
    names
        (N,) relative paths of the images that could be read.
    rows
        (N,) their numbers among the files that were given.
    facts
        (N,) what they were.
    """

    def __init__(self, folder: Path, form: Format) -> None:
        self.folder, self.form = folder, form
        self.names: list[str] = []
        self.rows: list[int] = []
        self.facts: list[ImageFacts] = []
        self._again: dict[int, int] = {}  # which images are in the second file, and where

    def decode(
        self,
        pictures: Pictures,
        files: Sequence[str],
        reading: ImageReading,
        left_out: LeftOut,
        on_images: Callable[[int], None],
    ) -> None:
        """Write every image that can be read; the others go to `left_out`. `on_images(done)` may raise to stop.

        Raises DatasetError where more than half can't be read.
        """
        damaged: list[str] = []

        def images(parts: Iterator[DecodedPart]) -> Iterator[Pixels]:
            done = 0
            for part in parts:
                for k, outcome in enumerate(part.outcomes, done):
                    if isinstance(outcome, ImageFacts):
                        self.names.append(files[k])
                        self.rows.append(k)
                        self.facts.append(outcome)
                        continue
                    left_out.add(f"{DAMAGED}{outcome}", files[k])
                    damaged.append(visible(f"{files[k]} ({outcome})"))
                if 2 * len(damaged) > len(files):
                    raise DatasetError(
                        f"More than half of the {len(files):,} images can't be read, such as {'; '.join(damaged[:3])}.",
                        "Nothing was kept.",
                    )
                yield part.pixels
                done += len(part.outcomes)
                on_images(done)

        with closing(pictures.decoded(files, self.form, reading)) as parts:
            write_images(self.folder / FIRST, self.form, images(parts))

    def decode_again(self, pictures: Pictures, which: Sequence[int], reading: ImageReading) -> None:
        """Read some of them in another way. Raises DatasetError where a file was changed meanwhile."""

        def images(parts: Iterator[DecodedPart]) -> Iterator[Pixels]:
            for part in parts:
                for outcome in part.outcomes:
                    place = len(self._again)
                    k = which[place]
                    if not isinstance(outcome, ImageFacts) or outcome.digest != self.facts[k].digest:
                        raise DatasetError(
                            f"{self.names[k]!r:.200} was changed while it was imported.", "Import again."
                        )
                    self._again[k] = place
                yield part.pixels

        with closing(pictures.decoded([self.names[k] for k in which], self.form, reading)) as parts:
            write_images(self.folder / SECOND, self.form, images(parts))

    def chunks(self, rows: NDArray[np.int64], channels: int) -> Iterator[Pixels]:
        """The pixels (n, channels, H, W) of these images, in their order."""
        first = map_npy(self.folder / FIRST, kinds.IMPORTED_IMAGES)
        second = map_npy(self.folder / SECOND, kinds.IMPORTED_IMAGES) if self._again else first
        again = np.full(len(self.names), -1)
        again[list(self._again)] = list(self._again.values())
        for part in parts(range(len(rows)), self.form):
            wanted = rows[part.start : part.stop]
            images, places = first[wanted], again[wanted]
            if (places >= 0).any():
                images[places >= 0] = second[places[places >= 0]]
            yield image_decoding.in_channels(np.asarray(images), channels)


def parts(items: range, form: Format) -> Iterator[range]:
    """Items in chunks of as many images as are in memory at once."""
    size = max(1, min(CHUNK_IMAGES, CHUNK_BYTES // math.prod(form.shape)))
    return (items[start : start + size] for start in range(0, len(items), size))


def write_images(path: Path, form: Format, images: Iterable[Pixels]) -> int:
    """Write arrays (C, H, W), or (n, C, H, W), as one .npy file (N, C, H, W); how many there are."""
    size = math.prod(form.shape)
    written = 0
    with path.open("wb") as file:
        _write_header(file, 0, form)
        for pixels in images:
            file.write(np.ascontiguousarray(pixels).data)
            written += pixels.size
        file.seek(0)
        _write_header(file, written // size, form)
    return written // size


def _write_header(file: BinaryIO, count: int, form: Format) -> None:
    """NumPy's header, whose length does not depend on `count`: it is written again once that is known."""
    header = {"descr": "|u1", "fortran_order": False, "shape": (count, *form.shape)}
    np.lib.format.write_array_header_1_0(file, header)
