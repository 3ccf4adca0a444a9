"""Make a data set from a folder of images: decode each once, write arrays. imported_dataset.py reads the result."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from vae.budget import limits
from vae.data import datasets, image_decoding, image_folder, imported_dataset
from vae.data.image_dataset import SPLITS, fingerprint
from vae.data.image_decoding import WORKERS, Decoded, Format
from vae.data.image_folder import Found
from vae.data.imported_dataset import images_file, labels_file
from vae.errors import DatasetError
from vae.storage import kinds, probe
from vae.storage.array_files import map_npy, read_npy
from vae.storage.files import new_folder
from vae.storage.printing import visible
from vae.storage.reporting import write_errors_as

GREY_SAMPLE = 64  # images looked at to see whether there is any colour
CHUNK_BYTES, CHUNK_IMAGES = 32 * 2**20, 256  # decoded before they are written
LABEL_BYTES = 8
EXAMPLES = 5  # names of skipped files that are told


@dataclass(frozen=True)
class ImportSettings:
    """How images become arrays. `colour` None: colour, unless a sample of the images has none."""

    height: int = 32
    width: int = 32
    colour: bool | None = None
    max_images: int | None = None


@dataclass(frozen=True)
class ImportResult:
    """What an import wrote: `skipped` images could not be read, `examples` names the first."""

    folder: Path
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    counts: dict[str, int]
    skipped: int
    examples: tuple[str, ...]


def write(
    name: str, root: Path, settings: ImportSettings, on_image: Callable[[int, int], None] = lambda done, total: None
) -> ImportResult:
    """Import the images below `root` as data set `name`: all of it or nothing.

    `on_image(done, total)` may raise to stop.

    Raises
    ------
    DatasetError
        For a name that is taken or not allowed, a folder without enough images, more than half of them damaged, or no
        room on the disk.
    """
    destination = free_folder(name)
    found = image_folder.find(root)
    rows = image_folder.split_rows(len(found.files), settings.max_images)
    with write_errors_as(DatasetError, destination, "Nothing was kept."), _unless_taken(destination) as temporary:
        result = _Work(found, rows, settings, temporary, on_image).run()
    return replace(result, folder=destination)


def free_folder(name: str) -> Path:
    """Where data set `name` will be. Raises DatasetError when the name is taken or not allowed."""
    folder = imported_dataset.folder_of(name)
    if datasets.is_built_in(name):
        raise DatasetError(f"{name!r} is the name of a built-in data set.", "Choose another name.")
    if probe.is_there(folder):
        raise _taken(folder)
    return folder


@contextmanager
def _unless_taken(destination: Path) -> Iterator[Path]:
    """A new folder for the data set. Raises DatasetError when somebody else was faster."""
    try:
        with new_folder(destination) as temporary:
            yield temporary
    except FileExistsError as error:
        raise _taken(destination) from error


def _taken(folder: Path) -> DatasetError:
    return DatasetError(
        f"There is already a data set {folder.name!r}: {folder}.", "Choose another name, or delete it first."
    )


@dataclass
class _Work:
    """One import under way."""

    found: Found
    rows: dict[str, NDArray[np.int64]]
    settings: ImportSettings
    folder: Path
    on_image: Callable[[int, int], None]
    done: int = 0
    damaged: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(map(len, self.rows.values()))

    def run(self) -> ImportResult:
        """Write the three splits and meta.json."""
        form = self._format()
        limits.check_disk({self.folder: self.total * (math.prod(form.shape) + LABEL_BYTES)}, "The import")
        counts = {split: self._write_split(split, form) for split in SPLITS}
        self._check(counts)
        result = ImportResult(
            self.folder, form.shape, self.found.class_names, counts, len(self.damaged), tuple(self.damaged[:EXAMPLES])
        )
        self._write_meta(result)
        return result

    def _format(self) -> Format:
        """The settings, with colour decided."""
        wanted = Format(self.settings.height, self.settings.width, colour=self.settings.colour is not False)
        if self.settings.colour is not None:
            return wanted
        sample = image_decoding.decode_all(self._paths(self.rows["train"][:GREY_SAMPLE]), wanted)
        colour = any(image_decoding.has_colour(image.pixels) for image in sample if isinstance(image, Decoded))
        return replace(wanted, colour=colour)

    def _paths(self, rows: NDArray[np.int64]) -> list[Path]:
        return [self.found.root / self.found.files[row] for row in rows]

    def _write_split(self, split: str, form: Format) -> int:
        rows, labels = self.rows[split], []
        chunk = max(WORKERS, min(CHUNK_IMAGES, CHUNK_BYTES // math.prod(form.shape)))
        with images_file(self.folder, split).open("wb") as file:
            _write_header(file, 0, form)
            for part in np.split(rows, range(chunk, len(rows), chunk)):
                images = image_decoding.decode_all(self._paths(part), form, self._count)
                for row, image in zip(part, images, strict=True):
                    if isinstance(image, Decoded):
                        file.write(image.pixels.data)
                        labels.append(self.found.labels[row])
                    else:
                        self._skip(visible(f"{self.found.files[row]} ({image.message})"))
            file.seek(0)
            _write_header(file, len(labels), form)
        np.save(labels_file(self.folder, split), np.array(labels, np.int64))
        return len(labels)

    def _count(self) -> None:
        self.done += 1
        self.on_image(self.done, self.total)

    def _skip(self, what: str) -> None:
        self.damaged.append(what)
        if 2 * len(self.damaged) > self.total:
            raise DatasetError(
                f"More than half of the {self.total:,} images can't be read, such as {'; '.join(self.damaged[:3])}.",
                "Nothing was kept.",
            )

    def _check(self, counts: dict[str, int]) -> None:
        empty = [split for split, count in counts.items() if not count]
        if sum(counts.values()) < image_folder.MIN_IMAGES or empty:
            raise DatasetError(
                f"{sum(counts.values())} images can be read, expected at least {image_folder.MIN_IMAGES} "
                f"and one in each split. Skipped: {'; '.join(self.damaged[:3])}.",
                "Remove the damaged files, or add images.",
            )

    def _write_meta(self, result: ImportResult) -> None:
        splits = {}
        for split, count in result.counts.items():
            images = map_npy(images_file(self.folder, split), kinds.IMPORTED_IMAGES)
            labels = read_npy(labels_file(self.folder, split), kinds.IMPORTED_LABELS)
            splits[split] = {"count": count, "fingerprint": fingerprint(images, labels)}
        meta = {
            "format_version": imported_dataset.FORMAT_VERSION,
            "image_shape": result.image_shape,
            "class_names": result.class_names,
            "splits": splits,
            "source": visible(str(self.found.root)),
            "settings": asdict(self.settings),
            "skipped": {"count": result.skipped, "examples": result.examples},
        }
        (self.folder / imported_dataset.META).write_text(
            json.dumps(meta, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )


def _write_header(file: BinaryIO, count: int, form: Format) -> None:
    """NumPy's header, whose length does not depend on `count`: it is written again once that is known."""
    header = {"descr": "|u1", "fortran_order": False, "shape": (count, *form.shape)}
    np.lib.format.write_array_header_1_0(file, header)
