"""Selected images as files: a table (CSV), and arrays (NPZ)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints.every_image import EveryImage
from vae.storage.printing import cell

NUMBERS = ("log_likelihood", "kl", "elbo", "squared_error")
TAG_JOIN = "; "
NO_TAGS: Mapping[str, NDArray[np.int64]] = MappingProxyType({})

Rows = NDArray[np.int64]


def table(
    images: EveryImage,
    rows: Rows,
    class_names: Sequence[str],
    file_names: Sequence[str] | None = None,
    tags: Mapping[str, Rows] = NO_TAGS,
) -> bytes:
    """CSV (UTF-8, RFC 4180) with a line for each of `rows` (n,): row among all, split, row in it, class, file, tags,
    what the model says of the image (in nats; the squared error sums pixels in [0, 1]), and its posterior mean.

    `file_names` are those of all images; `tags` the rows of each, by name. A cell that a spreadsheet would take for a
    formula begins with an apostrophe.
    """
    latents = images.latents.take(rows)
    of_each = _tags_of(rows, tags)
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    dimensions = [f"z{j}" for j in range(latents.mu.shape[1])]
    known = [*["file"] * (file_names is not None), *["tags"] * bool(tags)]
    writer.writerow(["row", "split", "row_in_split", "class", *known, *NUMBERS, *dimensions])
    # as float32 writes itself: the shortest text that reads back as the same number
    numbers = np.stack([getattr(latents, name) for name in NUMBERS], axis=1).astype(str)
    mu = latents.mu.astype(str)
    for k, row in enumerate(rows.tolist()):
        place = images.place(row)
        known = [cell(file_names[row])] if file_names is not None else []
        known += [cell(TAG_JOIN.join(of_each[k]))] if tags else []
        label = cell(class_names[latents.labels[k]])
        writer.writerow([row, place.split, place.row, label, *known, *numbers[k], *mu[k]])
    return file.getvalue().encode()


def arrays(pictures: NDArray[np.uint8], images: EveryImage, rows: Rows, class_names: Sequence[str]) -> bytes:
    """A compressed .npz that opens without pickle: `images` uint8 (n, C, H, W), `mu` (n, d), `labels`, `rows` (n,) and
    `class_names` by label.
    """
    latents, buffer = images.latents, io.BytesIO()
    np.savez_compressed(
        buffer,
        allow_pickle=False,
        images=pictures,
        mu=latents.mu[rows],
        labels=latents.labels[rows],
        rows=rows,
        class_names=np.array(list(class_names), str),
    )
    return buffer.getvalue()


def _tags_of(rows: Rows, tags: Mapping[str, Rows]) -> list[list[str]]:
    """The names of the tags of each row."""
    found: list[list[str]] = [[] for _ in rows]
    for name, tagged in tags.items():
        for k in np.flatnonzero(np.isin(rows, tagged)):
            found[k].append(name)
    return found
