"""Where the images to score come from, in chunks that fit in memory: a data set, a folder, uploaded files. No torch.

Folders and files are by strangers: what can't be read is skipped and named, the rest goes on.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from vae.config import USUAL_READING, ImageReading
from vae.data.decoding import pool
from vae.data.decoding.part import File
from vae.data.decoding.pool import THREADS
from vae.data.folders import layout
from vae.data.folders.image_walk import ImageWalk, Skipped
from vae.data.image_dataset import ImageDataset
from vae.data.image_decoding import Format, ImageFacts, Shape, check_resizable, fitted, format_of
from vae.data.report.image_report import ImageReport
from vae.data.report.left_out import LeftOut
from vae.data.report.source_tally import SourceTally
from vae.data.report.warning import Warned
from vae.errors import ScoreError
from vae.storage import probe
from vae.storage.printing import visible

Items = TypeVar("Items", NDArray[np.int64], Sequence[str], Sequence[tuple[str, bytes]])

CHUNK_IMAGES, CHUNK_BYTES = 256, 32 * 2**20
CHUNK_FILES = 64  # decoding photographs takes a tenth of a second each, and a stop is heard between chunks
ANY_FORM = Format(1, 1, colour=False)  # of a source that tells of no changes
MAX_UPLOADS, MAX_UPLOAD_BYTES = 5_000, 500 * 2**20


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some images (n, C, H, W) uint8 in order; n may be 0. Names can be written as UTF-8, and hold anything else.

    `labels` (n,) number the source's class_names, -1 where an image has none; `rows` (n,) are those of a data set;
    `facts` (n,) say what the images were.
    """

    names: tuple[str, ...]
    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64] | None = None
    rows: NDArray[np.int64] | None = None
    skipped: tuple[Skipped, ...] = ()
    facts: tuple[ImageFacts, ...] = ()


@dataclass(frozen=True, eq=False)
class Source:
    """`total` images, some of which may turn out to be unreadable. `class_names` is empty where there are no labels.

    `read` makes the chunks anew each time: one at a time is in memory.
    """

    title: str
    total: int
    class_names: tuple[str, ...]
    read: Callable[[], Iterator[Chunk]]
    dataset: str = ""  # the name and the split of a data set; empty for files
    split: str = ""
    stamp: str = ""  # of a folder: changes when a file is added, removed or written anew
    left_out: LeftOut = field(default_factory=LeftOut)  # before any image is read
    classes_from: str = ""
    warnings: tuple[Warned, ...] = ()
    form: Format = ANY_FORM
    reading: ImageReading = USUAL_READING

    @property
    def has_rows(self) -> bool:
        """Whether the images are rows of a data set."""
        return bool(self.dataset)

    def tally(self) -> SourceTally:
        """An empty one, for one pass through the images."""
        return SourceTally(self.form, self.reading, self.left_out)

    def report(self, tally: SourceTally) -> ImageReport:
        """What became of the images that went by."""
        return tally.report(self.class_names, self.classes_from, self.warnings)


def from_dataset(images: ImageDataset, image_shape: Shape, rows: NDArray[np.int64] | None = None) -> Source:
    """The split's images, or those of `rows`, resized where they have another shape than the model's.

    Raises DatasetError where they would have to be and can't, being neither grey nor colour.
    """
    if images.image_shape != image_shape:
        check_resizable(images.image_shape, image_shape)
    chosen = np.arange(len(images)) if rows is None else np.asarray(rows, np.int64)
    channels, height, width = images.image_shape
    names = images.file_names

    def read() -> Iterator[Chunk]:
        for part in _parts(chosen, max(image_shape, images.image_shape, key=math.prod), CHUNK_IMAGES):
            pixels = np.array(images.images[part])
            other = pixels.shape[1:] != image_shape
            yield Chunk(
                names=tuple(f"row {row}" if names is None else names[row] for row in part),
                pixels=fitted(pixels, image_shape) if other else pixels,
                labels=np.array(images.labels[part]),
                rows=part,
                facts=(ImageFacts((width, height), coloured=channels == 3),) * len(part),
            )

    title = f"{images.name}, {images.split} split"
    return Source(
        title,
        len(chosen),
        images.class_names,
        read,
        images.name,
        images.split,
        classes_from="those of the data set",
        form=Format(image_shape[1], image_shape[2], colour=image_shape[0] != 1),
    )


def from_folder(root: Path, image_shape: Shape, reading: ImageReading = USUAL_READING) -> Source:
    """Every image file below `root`, by path.

    Raises DatasetError for a folder that isn't there, can't be read or holds no image files, and for a model whose
    images are neither grey nor colour.
    """
    format_of(image_shape)
    walk = ImageWalk(root)
    walk.go_on()
    return from_walk(walk, image_shape, reading)


def from_walk(walk: ImageWalk, image_shape: Shape, reading: ImageReading = USUAL_READING) -> Source:
    """What a walk has found. Folders are classes as they are at import; images beside them have none.

    Raises DatasetError as above.
    """
    form, left_out = format_of(image_shape), walk.left_out()
    root, found = walk.root, layout.with_nameless(walk.root, walk.files, left_out)
    files = found.files

    def read() -> Iterator[Chunk]:
        for rows in _parts(np.arange(len(files)), image_shape, CHUNK_FILES):
            names = [files[row] for row in rows]
            labels = found.labels[rows] if found.class_names else None
            yield _decoded(names, [f"{root}/{name}" for name in names], form, reading, labels)

    return Source(
        f"folder {visible(str(root))}",
        len(files),
        found.class_names,
        read,
        stamp=_stamp(root, files),
        left_out=left_out,
        classes_from=found.classes_from,
        warnings=found.warnings,
        form=form,
        reading=reading,
    )


def from_files(files: Sequence[tuple[str, bytes]], image_shape: Shape, reading: ImageReading = USUAL_READING) -> Source:
    """Uploaded files as (name, content). Raises ScoreError for none, too many, or too much; DatasetError as above."""
    form = format_of(image_shape)
    size = sum(len(content) for _, content in files)
    if not files:
        raise ScoreError("There are no files to score.", "Choose one or more images.")
    if len(files) > MAX_UPLOADS or size > MAX_UPLOAD_BYTES:
        raise ScoreError(
            f"There are {len(files):,} files of {size / 1e6:,.0f} MB together, expected at most {MAX_UPLOADS:,} of "
            f"{MAX_UPLOAD_BYTES / 1e6:,.0f} MB.",
            "Score them as a folder: python -m vae score CHECKPOINT --images DIR.",
        )

    def read() -> Iterator[Chunk]:
        for part in _parts(files, image_shape, CHUNK_FILES):
            yield _decoded([name for name, _ in part], [content for _, content in part], form, reading)

    title = f"{len(files):,} uploaded file{'s' * (len(files) > 1)}"
    return Source(title, len(files), (), read, form=form, reading=reading)


def _stamp(root: Path, files: Sequence[str]) -> str:
    """A digest of the files' names, sizes and times."""
    digest = hashlib.blake2b(digest_size=12)
    for file in files:
        digest.update(file.encode("utf-8", "surrogateescape"))
        if found := probe.stamp(root / file):  # gone meanwhile: reading will say so
            digest.update(f" {found.size} {found.changed}\n".encode())
    return digest.hexdigest()


def _parts(items: Items, image_shape: Shape, most: int) -> Iterator[Items]:
    size = max(THREADS, min(most, CHUNK_BYTES // math.prod(image_shape)))
    return (items[start : start + size] for start in range(0, len(items), size))


def _decoded(
    names: Sequence[str],
    files: Sequence[File],
    form: Format,
    reading: ImageReading,
    labels: NDArray[np.int64] | None = None,
) -> Chunk:
    """The chunk of these files without those that can't be read."""
    decoded = list(pool.decoded(files, len(files), form, reading))
    found = [outcome for part in decoded for outcome in part.outcomes]
    good = [k for k, outcome in enumerate(found) if isinstance(outcome, ImageFacts)]
    return Chunk(
        names=tuple(names[k].encode("utf-8", "backslashreplace").decode() for k in good),
        pixels=np.concatenate([part.pixels for part in decoded]),
        labels=None if labels is None else labels[good],
        skipped=tuple(
            Skipped(visible(name), outcome)
            for name, outcome in zip(names, found, strict=True)
            if isinstance(outcome, str)
        ),
        facts=tuple(outcome for outcome in found if isinstance(outcome, ImageFacts)),
    )
