"""What the images of a data set are like together: their mean, and which are the same or nearly. Computed once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from vae.data import datasets
from vae.data.image_dataset import SPLITS
from vae.data.report import duplicates
from vae.data.report.left_out import Count
from vae.errors import DatasetError, StorageError
from vae.storage import kinds, paths, probe
from vae.storage.files import write_atomically
from vae.storage.json_files import read_json
from vae.storage.schema import integer, read_as, text

FOLDER = "datasets"  # below the derived files, whose other folders are named after models
AT_ONCE = 1_000  # images
DIGEST_BYTES = 16
MOST_BYTES = 3 * 1_024 * 1_024


@dataclass(frozen=True)
class Overview:
    """All splits of a data set together.

    Attributes
    ----------
    shape, mean
        (C, H, W) of the mean image over all splits, and its bytes as hexadecimal digits.
    copies
        Images that equal another one, pixel for pixel, but for the first of each.
    near, looked_at
        Validation and test images that nearly equal a training image (report/duplicates.py), of how many.
    """

    shape: Annotated[tuple[Annotated[int, integer(1, 1_024)], ...], Meta(min_length=3, max_length=3)]
    mean: Annotated[str, text(2 * MOST_BYTES)]
    copies: Count
    near: Count
    looked_at: Count

    def mean_image(self) -> NDArray[np.uint8]:
        """(C, H, W). Raises DatasetError where the bytes are not that many."""
        try:
            return np.frombuffer(bytes.fromhex(self.mean), np.uint8).reshape(self.shape)
        except ValueError as error:
            raise DatasetError("The overview of the data set is damaged.", "It is made again.") from error


def path_of(name: str) -> Path:
    """Where the overview of a data set is kept, by its images."""
    return paths.derived_dir() / FOLDER / f"{datasets.load(name, 'test').fingerprint[:16]}.json"


def kept(name: str) -> Overview | None:
    """What was computed before; None where nothing was, or it is damaged. Raises DatasetError as datasets.load does."""
    path = path_of(name)
    if not probe.is_there(path):
        return None
    try:
        values, _ = read_json(path, kinds.OVERVIEW)
        found = read_as(values, Overview, str(path))
        found.mean_image()
    except (StorageError, DatasetError):
        return None
    return found


def compute(name: str, on_images: Callable[[int, int], None] = lambda done, total: None) -> Overview:
    """Look at every image, and keep what was found; `on_images(done, total)` may raise to stop.

    Raises DatasetError as datasets.load does.
    """
    splits = {split: datasets.load(name, split) for split in SPLITS}
    total, done = sum(map(len, splits.values())), 0
    summed = np.zeros(splits["train"].image_shape, np.float64)
    digests: list[bytes] = []
    signatures: list[NDArray[np.float16]] = []
    rows: dict[str, NDArray[np.int64]] = {}
    for split, images in splits.items():
        rows[split] = np.arange(done, done + len(images))
        for start in range(0, len(images), AT_ONCE):
            pixels = np.asarray(images.images[start : start + AT_ONCE])
            summed += pixels.sum(0, dtype=np.float64)
            digests += [hashlib.blake2b(one.tobytes(), digest_size=DIGEST_BYTES).digest() for one in pixels]
            signatures.append(duplicates.signatures(pixels))
            done += len(pixels)
            on_images(done, total)
    seen = np.concatenate(signatures)
    pairs = duplicates.twins(seen, rows, duplicates.usual_distance(seen))
    mean = np.round(summed / total).astype(np.uint8)
    found = Overview(mean.shape, mean.tobytes().hex(), total - len(set(digests)), len(pairs.held_out), pairs.looked_at)
    _keep(path_of(name), found)
    return found


def _keep(path: Path, found: Overview) -> None:
    """Best effort: where nothing can be written it is computed again next time."""
    try:
        write_atomically(path, json.dumps(asdict(found)).encode())
    except OSError:
        return
