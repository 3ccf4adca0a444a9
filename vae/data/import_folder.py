"""Make a data set from a folder of images: decode each once, write arrays. imported_dataset.py reads the result."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vae.budget import limits, needs
from vae.config import BLACK, USUAL_READING, ImageReading
from vae.data import datasets, image_decoding, imported_dataset, reading_choice, splitting, staging
from vae.data.decoding.pool import MANY, Decoders
from vae.data.folders import layout
from vae.data.folders.choices import USUAL_CHOICES, FolderChoices
from vae.data.folders.image_walk import ImageWalk, WalkBounds
from vae.data.folders.layout import FolderLayout
from vae.data.image_dataset import SPLITS, fingerprint
from vae.data.image_decoding import FULL, Format, ImageFacts
from vae.data.imported_dataset import images_file, labels_file, names_file
from vae.data.importing.pictures import FolderPictures, Pictures
from vae.data.reading_choice import AUTO, USUAL_CHOICE, ReadingChoice
from vae.data.report import duplicates, pixel_warnings
from vae.data.report.changes import Changes
from vae.data.report.image_report import ImageReport, counted
from vae.data.report.left_out import LeftOut
from vae.data.report.pixel_warnings import SetSeen
from vae.data.staging import Stage
from vae.errors import DatasetError
from vae.storage import kinds, probe
from vae.storage.array_files import map_npy, read_npy
from vae.storage.files import new_folder
from vae.storage.printing import visible
from vae.storage.reporting import write_errors_as
from vae.storage.temporary import temporary_folder

LABEL_BYTES = 8
LOOKED_AT = 64  # pictures whose sizes say beforehand how much memory the import takes
DIGEST_BYTES = 16
DRAW_SEED = 0
STAGE = "stage"
STEP = 0.02  # seconds of a walk, after which it is seen whether there are many files
CHOSEN = ", as chosen"  # after what somebody asked for
NOT_DRAWN = "not drawn: --max-images takes fewer"

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class ImportSettings:
    """How images become arrays. `colour` None: colour, unless none of the images has any; links that lead out of the
    folders `within` are left out, where any are named.
    """

    height: int = 32
    width: int = 32
    colour: bool | None = None
    max_images: int | None = None
    folder: FolderChoices = USUAL_CHOICES
    reading: ReadingChoice = USUAL_CHOICE
    within: tuple[Path, ...] = ()


@dataclass(frozen=True)
class ImportResult:
    """What an import wrote, and where."""

    folder: Path
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    counts: dict[str, int]
    report: ImageReport


def write(
    name: str, root: Path, settings: ImportSettings, on_images: Callable[[int, int], None] = lambda done, total: None
) -> ImportResult:
    """Import the images below `root` as data set `name`: all of it or nothing.

    `on_images(done, total)` is called after every few images and may raise to stop.

    Raises
    ------
    DatasetError
        For a name that is taken or not allowed, a folder without enough images, more than half of them damaged, or no
        room on the disk.
    """
    free_folder(name)
    walk = ImageWalk(root, WalkBounds(roots=settings.within))
    with Decoders() as workers:
        while not walk.go_on(STEP):
            # they need a while until they can decode, in which the walk goes on
            workers.start(min(len(walk.files), settings.max_images or MANY))
        left_out = walk.left_out()
        found = layout.understand(root, walk.files, left_out, settings.folder)
        return write_pictures(name, FolderPictures(root, workers), found, left_out, settings, on_images)


def write_pictures(
    name: str,
    pictures: Pictures,
    found: FolderLayout,
    left_out: LeftOut,
    settings: ImportSettings,
    on_images: Callable[[int, int], None] = lambda done, total: None,
) -> ImportResult:
    """As `write`, of images whose names are understood; `left_out` is what was no image."""
    destination = free_folder(name)
    found = _drawn(found, settings.max_images, left_out)
    splitting.sizes(len(found.files))
    with write_errors_as(DatasetError, destination, "Nothing was kept."), _unless_taken(destination) as temporary:
        result = _Work(pictures, found, left_out, settings, temporary, on_images).run()
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


def _drawn(found: FolderLayout, most: int | None, left_out: LeftOut) -> FolderLayout:
    """At most so many of the images, drawn at random, the same each time."""
    count = len(found.files)
    if most is None or most >= count:
        return found
    order = np.random.Generator(np.random.PCG64(DRAW_SEED)).permutation(count)
    left_out.add_all(NOT_DRAWN, [found.files[row] for row in order[most:]])
    return found.take(np.sort(order[:most]))


@dataclass
class _Work:
    """One import under way."""

    pictures: Pictures
    found: FolderLayout
    left_out: LeftOut
    settings: ImportSettings
    folder: Path
    on_images: Callable[[int, int], None]
    reading: ImageReading = USUAL_READING

    def run(self) -> ImportResult:
        """Decode, decide, divide; write the three splits, the report and meta.json."""
        settings = self.settings
        first = Format(settings.height, settings.width, colour=settings.colour is not False)
        self._check_room(first)
        with temporary_folder(self.folder / STAGE) as place:
            stage = Stage(place, first)
            self._decode(stage)
            form = self._format(stage)
            seen, splits = self._look(stage, form)
            for split in SPLITS:
                self._write_split(split, stage, splits[split], form)
        counts = {split: len(splits[split]) for split in SPLITS}
        report = self._report(stage, form, seen)
        result = ImportResult(self.folder, form.shape, seen.class_names, counts, report)
        self._write_meta(result)
        return result

    def _check_room(self, form: Format) -> None:
        """Raise BudgetError when there is too little memory or disk for it."""
        files = self.found.files
        sample = self.pictures.pixel_counts(files[:: -(-len(files) // LOOKED_AT)])
        need = needs.importing(form.shape, sample)
        limits.check_memory(
            need, f"Importing pictures of up to {max(sample, default=0):,} pixels", "Make them smaller first."
        )
        room = len(files) * (2 * math.prod(form.shape) + LABEL_BYTES)
        limits.check_disk({self.folder: room}, "The import")

    def _decode(self, stage: Stage) -> None:
        choice = self.settings.reading
        self.reading = choice.first()
        stage.decode(self.pictures, self.found.files, self.reading, self.left_out, self._count)
        splitting.sizes(len(stage.names))
        before, self.reading = self.reading, choice.of(stage.facts)
        again = [
            k
            for k, facts in enumerate(stage.facts)
            if (image_decoding.is_ranged(facts.deep, self.reading) and self.reading.values != before.values)
            or (facts.filled and self.reading.background != before.background)
        ]
        if again:
            stage.decode_again(self.pictures, again, self.reading)

    def _count(self, done: int) -> None:
        self.on_images(done, len(self.found.files))

    def _format(self, stage: Stage) -> Format:
        """The settings, with colour decided."""
        colour = self.settings.colour
        return replace(stage.form, colour=any(one.coloured for one in stage.facts) if colour is None else colour)

    def _look(self, stage: Stage, form: Format) -> tuple[SetSeen, dict[str, Rows]]:
        """What the pixels are like, and the splits: of what could be read, classes without any image left out."""
        found = self.found.take(np.array(stage.rows, np.int64))
        digests: list[bytes] = []
        signatures, histogram = [], np.zeros(256, np.int64)
        for pixels in stage.chunks(np.arange(len(stage.names)), form.shape[0]):
            digests += [hashlib.blake2b(one.tobytes(), digest_size=DIGEST_BYTES).digest() for one in pixels]
            signatures.append(duplicates.signatures(pixels))
            histogram += np.bincount(pixels.ravel(), minlength=256)
        splits = splitting.divide(found.labels, [one.digest for one in stage.facts], found.splits)
        seen = SetSeen(
            names=stage.names,
            digests=digests,
            signatures=np.concatenate(signatures),
            histogram=histogram,
            values=self._values(stage.facts),
            labels=found.labels,
            class_names=found.class_names,
            splits=splits,
            coloured=sum(one.coloured for one in stage.facts),
            colour=form.colour,
        )
        return seen, splits

    def _write_split(self, split: str, stage: Stage, rows: Rows, form: Format) -> None:
        found = self.found.take(np.array(stage.rows, np.int64))
        staging.write_images(images_file(self.folder, split), form, stage.chunks(rows, form.shape[0]))
        np.save(labels_file(self.folder, split), found.labels[rows])
        names = "".join(f"{visible(stage.names[row])}\n" for row in rows)
        names_file(self.folder, split).write_text(names, encoding="utf-8", newline="\n")

    def _report(self, stage: Stage, form: Format, seen: SetSeen) -> ImageReport:
        facts, choice = stage.facts, self.settings.reading
        changes = Changes(form)
        changes.add_all(facts)
        names = seen.class_names
        of_splits = {split: np.bincount(seen.labels[rows], minlength=len(names)) for split, rows in seen.splits.items()}
        classes = {
            name: {split: int(counts[label]) for split, counts in of_splits.items()} for label, name in enumerate(names)
        }
        return ImageReport(
            seen=len(stage.names) + self.left_out.count,
            taken=len(stage.names),
            left_out=self.left_out.reasons(),
            classes=counted(classes),
            classes_from=self.found.classes_from,
            splits={split: len(seen.splits[split]) for split in SPLITS},
            splits_from=self._splits_from(),
            channels=self._channels(seen),
            values=reading_choice.told_values(facts, self.reading, CHOSEN if choice.values != AUTO else ""),
            background=reading_choice.told_background(facts, self.reading, self._why_background()),
            changes=changes.told(),
            warnings=(*self.found.warnings, *pixel_warnings.found(seen)),
        )

    def _values(self, facts: Sequence[ImageFacts]) -> tuple[float, float]:
        """What became black and white, as the files have it."""
        deep = any(one.deep for one in facts)
        return self.reading.values or ((0.0, FULL[1]) if deep else (0.0, 255.0))

    def _why_background(self) -> str:
        if self.settings.reading.background != AUTO:
            return CHOSEN
        return ": what can be seen of most is nearly white" if self.reading.background == BLACK else ""

    def _splits_from(self) -> str:
        given = {split for split in self.found.splits if split}
        made = [split for split in ("validation", "test") if split not in given]
        return self.found.splits_from + (f"; {' and '.join(made)} out of train" if given and made else "")

    def _channels(self, seen: SetSeen) -> str:
        count = f"{seen.coloured:,} of {len(seen.names):,} images have colour"
        if self.settings.colour is not None:
            return f"Channels: {3 if seen.colour else 1}, as chosen; {count}."
        return f"Channels: 3, for {count}." if seen.colour else "Channels: 1, for no image has colour."

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
            "reading": asdict(self.reading),
            "source": visible(self.pictures.source),
            "settings": asdict(self.settings),
        }
        self._write_json(imported_dataset.REPORT, asdict(result.report))
        self._write_json(imported_dataset.META, meta)

    def _write_json(self, name: str, values: dict[str, object]) -> None:
        text = json.dumps(values, indent=2, ensure_ascii=False, default=str)
        (self.folder / name).write_bytes(f"{text}\n".encode("utf-8", "replace"))
