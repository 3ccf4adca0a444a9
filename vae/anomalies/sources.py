"""Where the images to score come from, in chunks that fit in memory: a data set, a folder, uploaded files. No torch.

Folders and files are by strangers: what can't be read is skipped and named, the rest goes on.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.image_walk import ImageWalk, Skipped
from vae.data.image_dataset import ImageDataset
from vae.data.image_decoding import WORKERS, Decoded, Format, Shape, check_resizable, decode_all, fitted, format_of
from vae.errors import DatasetError, ScoreError
from vae.storage import probe
from vae.storage.printing import visible

Items = TypeVar("Items", NDArray[np.int64], Sequence[str], Sequence[tuple[str, bytes]])

CHUNK_IMAGES, CHUNK_BYTES = 256, 32 * 2**20
MAX_UPLOADS, MAX_UPLOAD_BYTES = 5_000, 500 * 2**20


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some images (n, C, H, W) uint8 in order; n may be 0. Names can be written as UTF-8, and hold anything else.

    `labels` (n,) number the source's class_names, -1 where an image has none; `rows` (n,) are those of a data set.
    `resized` of the images had another size, so their middle was cut out and resized.
    """

    names: tuple[str, ...]
    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64] | None = None
    rows: NDArray[np.int64] | None = None
    skipped: tuple[Skipped, ...] = ()
    resized: int = 0


@dataclass(frozen=True, eq=False)
class Source:
    """`total` images, some of which may turn out to be unreadable, and folders, which are. `class_names` is empty where
    there are no labels.

    `read` makes the chunks anew each time: one at a time is in memory.
    """

    title: str
    total: int
    class_names: tuple[str, ...]
    read: Callable[[], Iterator[Chunk]]
    dataset: str = ""  # the name and the split of a data set; empty for files
    split: str = ""
    stamp: str = ""  # of a folder: changes when a file is added, removed or written anew

    @property
    def has_rows(self) -> bool:
        """Whether the images are rows of a data set."""
        return bool(self.dataset)


def from_dataset(images: ImageDataset, image_shape: Shape, rows: NDArray[np.int64] | None = None) -> Source:
    """The split's images, or those of `rows`, resized where they have another shape than the model's.

    Raises DatasetError where they would have to be and can't, being neither grey nor colour.
    """
    if images.image_shape != image_shape:
        check_resizable(images.image_shape, image_shape)
    chosen = np.arange(len(images)) if rows is None else np.asarray(rows, np.int64)

    def read() -> Iterator[Chunk]:
        for part in _parts(chosen, max(image_shape, images.image_shape, key=math.prod)):
            pixels = np.array(images.images[part])
            other = pixels.shape[1:] != image_shape
            yield Chunk(
                names=tuple(f"row {row}" for row in part),
                pixels=fitted(pixels, image_shape) if other else pixels,
                labels=np.array(images.labels[part]),
                rows=part,
                resized=len(part) if other else 0,
            )

    title = f"{images.name}, {images.split} split"
    return Source(title, len(chosen), images.class_names, read, images.name, images.split)


def from_folder(root: Path, image_shape: Shape) -> Source:
    """Every image file below `root`, by path.

    Raises ScoreError for a folder that isn't there, can't be read or holds no image files, DatasetError for a model
    whose images are neither grey nor colour.
    """
    format_of(image_shape)
    walk = ImageWalk(root)
    walk.go_on()
    return from_walk(walk, image_shape)


def from_walk(walk: ImageWalk, image_shape: Shape) -> Source:
    """What a walk has found. Where images lie in sub-folders, the first of these is the class.

    What the walk had to pass over is skipped in the first chunk. Raises DatasetError as above.
    """
    form = format_of(image_shape)
    root, files = walk.root, sorted(walk.files)
    closed = tuple(sorted(walk.closed, key=lambda folder: folder.name))
    classes = sorted({file.split("/", 1)[0] for file in files if "/" in file})
    number = {name: label for label, name in enumerate(classes)}

    def read() -> Iterator[Chunk]:
        unread = closed
        for part in _parts(files, image_shape):
            labels = np.array([number.get(file.split("/", 1)[0], -1) for file in part], np.int64)
            chunk = _decoded(part, [root / file for file in part], form, labels if classes else None)
            yield replace(chunk, skipped=unread + chunk.skipped)
            unread = ()

    names = tuple(visible(name) for name in classes)
    total = len(files) + len(closed)
    return Source(f"folder {visible(str(root))}", total, names, read, stamp=_stamp(root, files))


def from_files(files: Sequence[tuple[str, bytes]], image_shape: Shape) -> Source:
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
        for part in _parts(files, image_shape):
            yield _decoded([name for name, _ in part], [content for _, content in part], form)

    return Source(f"{len(files):,} uploaded files", len(files), (), read)


def resized_note(count: int, image_shape: Shape) -> str:
    """What to tell of images that had another size; empty for none."""
    if not count:
        return ""
    _, height, width = image_shape
    which = "1 image was" if count == 1 else f"{count:,} images were"
    return f"{which} of another size: the middle was cut out and resized to {width} × {height} pixels."


def _stamp(root: Path, files: Sequence[str]) -> str:
    """A digest of the files' names, sizes and times."""
    digest = hashlib.blake2b(digest_size=12)
    for file in files:
        digest.update(file.encode("utf-8", "surrogateescape"))
        if found := probe.stamp(root / file):  # gone meanwhile: reading will say so
            digest.update(f" {found.size} {found.changed}\n".encode())
    return digest.hexdigest()


def _parts(items: Items, image_shape: Shape) -> Iterator[Items]:
    size = max(WORKERS, min(CHUNK_IMAGES, CHUNK_BYTES // math.prod(image_shape)))
    return (items[start : start + size] for start in range(0, len(items), size))


def _decoded(
    names: Sequence[str], files: Sequence[Path | bytes], form: Format, labels: NDArray[np.int64] | None = None
) -> Chunk:
    """The chunk of these files without those that can't be read."""
    found = decode_all(files, form)
    good = [k for k, image in enumerate(found) if isinstance(image, Decoded)]
    pictured = [image for image in found if isinstance(image, Decoded)]
    return Chunk(
        names=tuple(names[k].encode("utf-8", "backslashreplace").decode() for k in good),
        pixels=np.stack([image.pixels for image in pictured]) if pictured else np.empty((0, *form.shape), np.uint8),
        labels=None if labels is None else labels[good],
        skipped=tuple(
            Skipped(visible(name), image.message)
            for name, image in zip(names, found, strict=True)
            if isinstance(image, DatasetError)
        ),
        resized=sum(image.size != (form.width, form.height) for image in pictured),
    )
