"""What the paths of images say: the class and the split of each, and what looks odd about them. Reads no image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vae.data.folders import class_table, masks, words
from vae.data.folders.choices import USUAL_CHOICES, FolderChoices, matches
from vae.data.folders.class_table import ClassTable, RawTable
from vae.data.folders.image_names import folders_of, natural
from vae.data.report.left_out import LeftOut
from vae.data.report.warning import Warned
from vae.errors import DatasetError
from vae.storage.printing import visible

ONE_CLASS = "images"  # what the only class is called where no folder names it
MOST_CLASSES = 10_000
LONGEST_NAME = 255  # characters of a class, which a folder has unless it has many that must be written out
NO_CLASS = "beside the class folders, so of no class"
NAMED = 5

Paths = tuple[tuple[str, ...], ...]  # for each file the folders that may still name its class


@dataclass(frozen=True, eq=False)
class FolderLayout:
    """The images that are taken, in natural order.

    Attributes
    ----------
    files
        Relative paths (N,).
    labels
        (N,) numbers of `class_names`.
    splits
        (N,) names of splits as the folders or the table give them; empty text for images whose split is still open.
    classes_from, splits_from
        Where they come from, in a few words.
    """

    files: list[str]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    splits: list[str]
    classes_from: str
    splits_from: str
    warnings: tuple[Warned, ...] = ()

    def take(self, rows: NDArray[np.int64]) -> FolderLayout:
        """Some of the images; classes of which none is left are gone."""
        left, labels = np.unique(self.labels[rows], return_inverse=True)  # none is -1
        return replace(
            self,
            files=[self.files[row] for row in rows],
            labels=labels.astype(np.int64),
            class_names=tuple(self.class_names[label] for label in left),
            splits=[self.splits[row] for row in rows],
        )


@dataclass(frozen=True)
class _Named:
    """The folders that are left to name classes, the splits, and how both were found."""

    paths: Paths
    splits: list[str]
    said: str
    warnings: list[Warned]


def understand(
    root: Path,
    files: Sequence[str],
    left_out: LeftOut,
    choices: FolderChoices = USUAL_CHOICES,
    raw_table: RawTable | None = None,
) -> FolderLayout:
    """Classes and splits of image files by their relative paths; what is not taken goes to `left_out`, as do images
    beside the folders of the others. `raw_table` stands in for a CSV file of the folder where there is no folder.

    Raises DatasetError where nothing is left, or the choices ask for what isn't there.
    """
    found = with_nameless(root, files, left_out, choices, raw_table)
    if not found.class_names:
        return replace(found, labels=np.zeros(len(found.files), np.int64), class_names=(ONE_CLASS,))
    loose = [file for file, label in zip(found.files, found.labels, strict=True) if label < 0]
    if not loose:
        return found
    if 2 * len(loose) > len(found.files) and choices.classes_from == "auto":
        told = Warned(
            "loose images",
            f"{len(loose):,} of {len(found.files):,} images lie beside the folders, so all are taken for one class.",
            "--classes-from folder leaves those beside them out.",
        )
        return replace(
            found,
            labels=np.zeros(len(found.files), np.int64),
            class_names=(ONE_CLASS,),
            classes_from="none: most images lie beside the folders",
            warnings=(told, *found.warnings),
        )
    left_out.add_all(NO_CLASS, loose)
    told = Warned(
        "loose images",
        f"{len(loose):,} images lie beside the class folders and are left out.",
        "--classes-from none takes all images as one class.",
    )
    return replace(found.take(np.flatnonzero(found.labels >= 0)), warnings=(told, *found.warnings))


def with_nameless(
    root: Path,
    files: Sequence[str],
    left_out: LeftOut,
    choices: FolderChoices = USUAL_CHOICES,
    raw_table: RawTable | None = None,
) -> FolderLayout:
    """As `understand`, but images beside the folders stay: their label is -1, and where no folder names any class there
    are no classes.
    """
    warnings: list[Warned] = []
    kept = _masks_left_out(_chosen(sorted(files, key=natural), choices, left_out), choices, left_out, warnings)
    if not kept:
        raise DatasetError(
            f"None of the {len(files):,} images is taken: {'; '.join(map(str, left_out.reasons()[:3]))}.",
            "Change --include or --exclude.",
        )
    _warn_of_pairs(kept, warnings)
    table = None
    if "csv" in (choices.classes_from, choices.split_from):
        if raw_table:
            table = class_table.parsed(raw_table, kept)
        else:
            table = class_table.read(choices.table or class_table.only_table(root), kept)
        if choices.classes_from == "csv" and not any(table.classes.values()):
            raise DatasetError(f"{table.name} has no column of classes.", "Call it class or label.")
        kept = _in_table(kept, table, left_out)
    named = _splits(kept, choices, table)
    found = _classes(kept, named, choices, table)
    if len(found.class_names) > MOST_CLASSES:
        raise DatasetError(
            f"There are {len(found.class_names):,} classes, expected at most {MOST_CLASSES:,}.",
            "Say where they come from, or that there are none: --classes-from none.",
        )
    every = (*warnings, *named.warnings, *found.warnings, *_of_names(found, choices))
    return replace(found, splits_from=named.said, warnings=every)


# --- which files ------------------------------------------------------------------------------------------------------


def _chosen(files: list[str], choices: FolderChoices, left_out: LeftOut) -> list[str]:
    kept = []
    for file in files:
        if choices.include and not matches(file, choices.include):
            left_out.add("not named by --include", file)
        elif choices.exclude and matches(file, choices.exclude):
            left_out.add("named by --exclude", file)
        else:
            kept.append(file)
    return kept


def _masks_left_out(files: list[str], choices: FolderChoices, left_out: LeftOut, warnings: list[Warned]) -> list[str]:
    found = {} if choices.include else masks.masks_among(files)
    for file, why in found.items():
        left_out.add(why, file)
    if found:
        warnings.append(
            Warned(
                "masks",
                f"{len(found):,} files are taken for masks and left out.",
                "If they are photographs, take all by --include '*'.",
            )
        )
    return [file for file in files if file not in found]


def _warn_of_pairs(files: list[str], warnings: list[Warned]) -> None:
    pairs = masks.pairs_of_one_stem(files)
    if not pairs:
        return
    endings = Counter(pair.second.rsplit(".", 1)[-1] for pair in pairs)
    ending = endings.most_common(1)[0][0]
    example = visible(f"{pairs[0].first} and {pairs[0].second}")
    warnings.append(
        Warned(
            "pairs",
            f"{len(pairs):,} images have a namesake in their folder, such as {example}.",
            f"If one of each pair is a mask or a copy, leave it out, as by --exclude '*.{visible(ending)}'.",
        )
    )


def _in_table(files: list[str], table: ClassTable, left_out: LeftOut) -> list[str]:
    kept = [file for file in files if table.key_of(file) is not None]
    lacking = set(files) - set(kept)
    left_out.add_all(f"not named by {table.name}", lacking)
    if not kept:
        raise DatasetError(f"{table.name} names none of the {len(files):,} images.")
    return kept


# --- splits -----------------------------------------------------------------------------------------------------------


def _splits(files: list[str], choices: FolderChoices, table: ClassTable | None) -> _Named:
    paths: Paths = tuple(folders_of(file) for file in files)
    open_ = [""] * len(files)
    if choices.split_from == "csv" and table:
        given = [table.splits.get(table.key_of(file) or "", "") for file in files]
        if not any(given):
            raise DatasetError(f"{table.name} has no column of splits.", "Call it split: train, val, test.")
        return _Named(paths, given, f"the column of {table.name}", [])
    literal = choices.classes_from == "folder" and choices.split_from == "auto"
    depth = None if literal else _split_depth(paths)
    if depth is None:
        if choices.split_from == "folders":
            raise DatasetError("No folders are called train, val or test.", "Leave out --split-from.")
        return _Named(paths, open_, "the files' content", [])
    names = sorted({path[depth] for path in paths if len(path) > depth}, key=natural)
    said = ", ".join(visible(name) for name in names)
    given = [words.split_of(path[depth]) or "" if len(path) > depth else "" for path in paths]
    rest: Paths = tuple((*path[:depth], *path[depth + 1 :]) for path in paths)
    if choices.split_from == "content" or "train" not in given:
        why = f"The folders {said} are pooled and divided again" + (
            "." if choices.split_from == "content" else ": none is called train."
        )
        return _Named(rest, open_, "the files' content", [Warned("split names", why)])
    if len(set(given)) == 1:  # nothing but train: that says nothing
        return _Named(rest, open_, "the files' content", [])
    return _Named(rest, given, f"the folders {said}", [])


def _split_depth(paths: Paths) -> int | None:
    """The depth at which all folders are called like splits, and one at least like training images."""
    for depth in range(max(map(len, paths), default=0)):
        names = {path[depth] for path in paths if len(path) > depth}
        if not names:
            return None
        if all(words.split_of(name) for name in names):
            return depth
    return None


# --- classes ----------------------------------------------------------------------------------------------------------


def _classes(files: list[str], named: _Named, choices: FolderChoices, table: ClassTable | None) -> FolderLayout:
    warnings: list[Warned] = []
    wanted, nobody = choices.classes_from, [None] * len(files)
    names: Sequence[str | None]
    if wanted == "csv" and table:
        names, said = [table.classes[table.key_of(file) or ""] for file in files], f"from the column of {table.name}"
    elif wanted == "none":
        names, said = nobody, "none, as chosen"
    elif wanted == "parent":
        names, said = [path[-1] if path else None for path in named.paths], "from the folder that each image lies in"
    else:
        paths = named.paths if wanted == "folder" else _unwrapped(named.paths, warnings)
        names, said = [path[0] if path else None for path in paths], "from the first folder of each path"
        if any(len(path) > 1 for path in paths):
            said += ", with all that lies deeper"
    loose = sum(name is None for name in names)
    if loose == len(files):
        names, said = nobody, said if wanted == "none" else "none: no folder names any"
    shown = [None if name is None else visible(name)[:LONGEST_NAME] for name in names]
    class_names = tuple(sorted({name for name in shown if name is not None}, key=natural))
    number: dict[str | None, int] = {name: label for label, name in enumerate(class_names)} | {None: -1}
    labels = np.array([number[name] for name in shown], np.int64)
    if len(class_names) == 1 and words.split_of(class_names[0]) and wanted == "auto":
        class_names = (ONE_CLASS,)
    return FolderLayout(files, labels, class_names, named.splits, said, "", tuple(warnings))


def _unwrapped(paths: Paths, warnings: list[Warned]) -> Paths:
    """Without folders beside which nothing lies and that hold nothing but folders."""
    passed = []
    while True:
        inside = [path for path in paths if path]
        first = {path[0] for path in inside}
        if len(first) != 1 or any(len(path) == 1 for path in inside) or 2 * len(inside) < len(paths):
            break
        passed.append(inside[0][0])
        paths = tuple(path[1:] for path in paths)
    if passed:
        name = visible("/".join(passed))
        warnings.append(
            Warned(
                "wrapper folder",
                f"The folder {name} holds all the others, so it is no class; the folders in it are.",
                "If it is the class: --classes-from folder.",
            )
        )
    return paths


# --- odd names --------------------------------------------------------------------------------------------------------


def _of_names(found: FolderLayout, choices: FolderChoices) -> list[Warned]:
    warnings = []
    if choices.classes_from == "none":
        return []
    if like_splits := [name for name in found.class_names if words.split_of(name)]:
        warnings.append(
            Warned(
                "classes like splits",
                f"{_listed('class', like_splits)} called like a split.",
                "If these are no classes: --split-from folders, or --classes-from parent.",
            )
        )
    if like_masks := [name for name in found.class_names if words.may_be_masks(name)]:
        warnings.append(
            Warned(
                "classes like masks",
                f"{_listed('class', like_masks)} called like masks.",
                f"If there are no photographs in it: --exclude '{like_masks[0][:60]}'.",
            )
        )
    lower = Counter(name.casefold() for name in found.class_names)
    if alike := [name for name in found.class_names if lower[name.casefold()] > 1]:
        warnings.append(
            Warned("classes alike", f"{_listed('class', alike)} called alike but for small and capital letters.")
        )
    return warnings


def _listed(what: str, names: list[str]) -> str:
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    plural = "es" if len(names) > 1 else ""
    return f"{what.capitalize()}{plural} {', '.join(names[:NAMED])}{more} {'are' if plural else 'is'}"
