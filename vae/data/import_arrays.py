"""A data set out of arrays that somebody has in memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.config import MAX_SIDE
from vae.data import imported_dataset, splitting
from vae.data.image_dataset import SPLITS, fingerprint
from vae.data.import_folder import free_folder
from vae.data.imported_dataset import images_file, labels_file
from vae.errors import DatasetError
from vae.storage.files import new_folder
from vae.storage.reporting import write_errors_as

DIGEST_BYTES = 16


def write(
    name: str,
    images: NDArray[Any],
    labels: Sequence[int] | NDArray[np.integer] | None = None,
    class_names: Sequence[str] | None = None,
) -> tuple[int, int, int]:
    """Keep images as data set `name`, divided as imported ones are; their shape (C, H, W).

    `images` are (N, C, H, W), (N, H, W, C) or (N, H, W), uint8 or numbers in [0, 1]; `labels` (N,) from 0; without them
    all are of one class. Raises DatasetError for arrays that are not such, and a name that is taken.
    """
    destination = free_folder(name)
    pixels = as_pixels(images)
    given = np.zeros(len(pixels), np.int64) if labels is None else np.asarray(labels)
    names = _class_names(given, len(pixels), class_names)
    given = given.astype(np.int64)
    digests = [hashlib.blake2b(one.tobytes(), digest_size=DIGEST_BYTES).digest() for one in pixels]
    splits = splitting.divide(given, digests, [""] * len(pixels))
    shape = (int(pixels.shape[1]), int(pixels.shape[2]), int(pixels.shape[3]))
    meta: dict[str, Any] = {
        "format_version": imported_dataset.FORMAT_VERSION,
        "image_shape": shape,
        "class_names": names,
        "splits": {},
        "source": "arrays",
    }
    with write_errors_as(DatasetError, destination, "Nothing was kept."):
        try:
            with new_folder(destination) as folder:
                for split in SPLITS:
                    rows = splits[split]
                    np.save(images_file(folder, split), np.ascontiguousarray(pixels[rows]))
                    np.save(labels_file(folder, split), given[rows])
                    told = {"count": len(rows), "fingerprint": fingerprint(pixels[rows], given[rows])}
                    meta["splits"][split] = told
                (folder / imported_dataset.META).write_text(json.dumps(meta, indent=2) + "\n", encoding="utf-8")
        except FileExistsError as error:
            raise DatasetError(f"There is already a data set {name!r}.", "Choose another name.") from error
    return shape


def as_pixels(images: NDArray[Any]) -> NDArray[np.uint8]:
    """uint8 (N, C, H, W). Raises DatasetError for arrays that are no grey or colour images."""
    array = np.asarray(images)
    if array.ndim == 3:
        array = array[:, None]
    elif array.ndim == 4 and array.shape[1] not in (1, 3) and array.shape[3] in (1, 3):
        array = array.transpose(0, 3, 1, 2)
    if array.ndim != 4 or array.shape[1] not in (1, 3) or max(array.shape[2:]) > MAX_SIDE or not min(array.shape):
        raise DatasetError(
            f"The images have shape {np.asarray(images).shape}, expected (N, C, H, W) or (N, H, W[, C]) with 1 or 3 "
            f"channels and sides of at most {MAX_SIDE:,}."
        )
    if array.dtype == np.uint8:
        return array
    if not np.issubdtype(array.dtype, np.floating) or not (array.min() >= 0 and array.max() <= 1):
        raise DatasetError(
            f"The images are {array.dtype} from {array.min():.4g} to {array.max():.4g}, expected uint8 or 0 to 1."
        )
    return np.round(255 * array).astype(np.uint8)


def _class_names(labels: NDArray[Any], count: int, names: Sequence[str] | None) -> list[str]:
    if labels.shape != (count,) or not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0:
        raise DatasetError(f"The labels are {labels.dtype} of shape {labels.shape}, expected {count:,} numbers from 0.")
    most = int(labels.max())
    if most >= imported_dataset.MAX_CLASSES:
        raise DatasetError(f"The largest label is {most:,}, expected less than {imported_dataset.MAX_CLASSES:,}.")
    if names is None:
        return [str(k) for k in range(most + 1)] if most else ["images"]
    if len(names) <= most:
        raise DatasetError(f"There are {len(names):,} class names, expected at least {most + 1:,}: one a label.")
    return [str(one) for one in names]
