"""Groups of test images, written as text: a class, a tag, rows, or the neighbourhood of an image. numpy only.

And whether two of them are, at bottom, two groups of classes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vae import recognition
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import GenerationError
from vae.neighbours import nearest
from vae.selection import tag_files
from vae.storage.validation import short

MAX_TEXT = 2_000  # characters
REST = "rest"
LEAST = 2  # images of a group
JOIN = " + "
TELLING = 0.75  # balanced accuracy from the class alone, above which a direction may be one between classes
FORMS = 'Write "class:NAME", "tag:NAME", "rows:1,2,40-45", "near:ROW:COUNT", or several joined by " + ".'

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Group:
    """Images of the test split: the text that names them, a title to show, and their rows (n,), ascending."""

    text: str
    title: str
    rows: Rows


@dataclass(frozen=True, eq=False)
class Pair:
    """Two groups without a common image; `shared` is how many stood in both and were left out of both."""

    a: Group
    b: Group
    shared: int


@dataclass(frozen=True)
class Side:
    """The class that most images of a group have, and their share of it."""

    name: str
    share: float


@dataclass(frozen=True)
class ByClass:
    """How well the class alone tells two groups apart (balanced accuracy, 0.5 is chance), and what each mostly is."""

    accuracy: float
    a: Side
    b: Side

    def sentence(self) -> str:
        """What a person should know before giving the direction another meaning than the classes."""
        sides = " and ".join(
            f"{100 * side.share:.0f} % of group {letter} are class {side.name}"
            for letter, side in (("A", self.a), ("B", self.b))
        )
        accuracy = f"{100 * self.accuracy:.0f} % balanced accuracy"
        warning = ", so this may be a direction between classes" if self.accuracy >= TELLING else ""
        return f"{sides}; knowing the class alone tells the groups apart with {accuracy}{warning}."


def of_classes(names: Sequence[str]) -> str:
    """The text of a group of one or several classes."""
    return JOIN.join(f"class:{name}" for name in names)


def of_tag(name: str) -> str:
    """The text of a group of all images that have a tag."""
    return f"tag:{name}"


def are_classes(text: str) -> bool:
    """Whether a text joins classes and nothing else."""
    return all(part.strip().startswith("class:") for part in text.split(JOIN))


def of_rows(rows: Sequence[int] | Rows) -> str:
    """The text of a group of rows, neighbours as ranges. Raises GenerationError where it gets too long."""
    chosen = np.unique(np.asarray(rows, np.int64))
    runs = np.split(chosen, np.flatnonzero(np.diff(chosen) > 1) + 1) if len(chosen) else []
    text = "rows:" + ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
    if len(text) > MAX_TEXT:
        raise GenerationError(
            f"{len(chosen):,} rows take {len(text):,} characters to write down, expected at most {MAX_TEXT:,}.",
            "Choose fewer images, or a class or a neighbourhood instead.",
        )
    return text


def parse(text: str, checkpoint: Checkpoint) -> Group:
    """The images that `text` names; joined forms are united. Raises GenerationError for anything else.

    A class name may itself hold " + ": the longest name that fits is taken.
    """
    if len(text) > MAX_TEXT:
        raise GenerationError(f"A group's text has {len(text):,} characters, expected at most {MAX_TEXT:,}.", FORMS)
    if text == REST:
        raise GenerationError('"rest" stands for all images that are not in group A.', "It can only be group B.")
    chosen = np.zeros(len(checkpoint.latents.mu), bool)
    titles: list[str] = []
    pieces = text.split(JOIN)
    while pieces:
        if pieces[0].lstrip().startswith("class:"):
            name, used = _class_name(pieces, checkpoint.dataset.class_names)
            labels = [i for i, known in enumerate(checkpoint.dataset.class_names) if known == name]
            chosen |= np.isin(checkpoint.latents.labels, labels)
            titles.append(f"class {name}")
        else:
            used = 1
            titles.append(_add(pieces[0].strip(), chosen, checkpoint))
        pieces = pieces[used:]
    rows = np.flatnonzero(chosen).astype(np.int64)
    if not len(rows):
        raise GenerationError(f"The group {short(text)} has no test image, expected at least one.", FORMS)
    return Group(text, JOIN.join(titles), rows)


def pair(a_text: str, b_text: str, checkpoint: Checkpoint) -> Pair:
    """Two groups to compare; B may be "rest", all images that are not in A.

    Raises GenerationError for two equal groups and where fewer than 2 images are left in one.
    """
    a = parse(a_text, checkpoint)
    if b_text.strip() == REST:
        everything = np.arange(len(checkpoint.latents.mu), dtype=np.int64)
        b = Group(REST, "all other images", np.setdiff1d(everything, a.rows, assume_unique=True))
    else:
        b = parse(b_text, checkpoint)
    if np.array_equal(a.rows, b.rows):
        raise GenerationError(
            f"Both groups are the same {len(a.rows):,} images, expected two that differ.", "Change one of them."
        )
    shared = np.intersect1d(a.rows, b.rows, assume_unique=True)
    left = [replace(g, rows=np.setdiff1d(g.rows, shared, assume_unique=True)) for g in (a, b)]
    for letter, group in zip("AB", left, strict=True):
        if len(group.rows) < LEAST:
            without = f" once the {len(shared):,} that stand in both groups are left out" if len(shared) else ""
            raise GenerationError(
                f"Group {letter} ({group.title}) has {_images(len(group.rows))}{without}, expected at least {LEAST}.",
                "Choose more images for it.",
            )
    return Pair(left[0], left[1], len(shared))


def by_class(pair: Pair, checkpoint: Checkpoint) -> ByClass | None:
    """None where the groups were chosen by class, and where there is one class only.

    The best guess from the class takes the group that has the larger share of it, so its balanced accuracy on these
    images is half the sum over classes of the larger share.
    """
    names = checkpoint.dataset.class_names
    if len(names) < 2 or (are_classes(pair.a.text) and (are_classes(pair.b.text) or pair.b.text == REST)):
        return None
    labels = checkpoint.latents.labels
    counts = [np.bincount(labels[group.rows], minlength=len(names)) for group in (pair.a, pair.b)]
    a, b = (count / count.sum() for count in counts)
    sides = [Side(names[int(shares.argmax())], float(shares.max())) for shares in (a, b)]
    return ByClass(float(np.maximum(a, b).sum() / 2), sides[0], sides[1])


def _class_name(pieces: list[str], known: tuple[str, ...]) -> tuple[str, int]:
    """The class that the first pieces name, and how many of them it takes."""
    for used in range(len(pieces), 0, -1):
        text = JOIN.join(pieces[:used]).lstrip().removeprefix("class:")
        for name in (text, text.strip()):
            if name in known:
                return name, used
    names = ", ".join(known[:10]) + (", …" if len(known) > 10 else "")
    wanted = pieces[0].strip().removeprefix("class:")
    hint = f"{recognition.nearest(wanted, known)} The classes are {names}.".strip()
    raise GenerationError(f"There is no class {short(wanted)}.", hint)


def _add(text: str, chosen: NDArray[np.bool_], checkpoint: Checkpoint) -> str:
    """Mark in `chosen` (N,) the images of one form without a class; its title."""
    if text.startswith("rows:"):
        before = chosen.copy()
        for part in text.removeprefix("rows:").split(","):
            _add_range(part.strip(), chosen)
        count = int((chosen & ~before).sum())
        return f"{count:,} chosen image{'s' if count != 1 else ''}"
    if text.startswith("tag:"):
        return _add_tag(text.removeprefix("tag:"), chosen, checkpoint)
    near = re.fullmatch(r"near:([0-9]+):([0-9]+)", text)
    if not near:
        raise GenerationError(f"{short(text)} names no group of images.", FORMS)
    row, count = int(near[1]), int(near[2])
    _check_row(row, len(chosen))
    if not 1 <= count <= len(chosen):
        raise GenerationError(f"{short(text)} asks for {short(count)} images, expected 1 to {len(chosen):,}.")
    chosen[_nearest(checkpoint, row, count)] = True
    return f"the {count:,} nearest to image {row:,}"


def _add_tag(name: str, chosen: NDArray[np.bool_], checkpoint: Checkpoint) -> str:
    tags = tag_files.saved(checkpoint.identity, len(chosen))
    found = next((tag for tag in tags if tag.name == name), None)
    if found is None:
        there = f"The tags are {', '.join(tag.name for tag in tags[:10])}." if tags else "This checkpoint has no tags."
        raise GenerationError(f"There is no tag {short(name)} of these images.", there)
    chosen[found.rows] = True
    return f"tag {name}"


def _add_range(part: str, chosen: NDArray[np.bool_]) -> None:
    found = re.fullmatch(r"([0-9]+)(?:\s*-\s*([0-9]+))?", part)
    if not found:
        raise GenerationError(f"{short(part)} is no row and no range of rows.", 'Write rows as in "rows:1,2,40-45".')
    first, last = int(found[1]), int(found[2] or found[1])
    _check_row(first, len(chosen))
    _check_row(last, len(chosen))
    if last < first:
        raise GenerationError(f"The range {part} ends before it begins.", f"Write {last}-{first}.")
    chosen[first : last + 1] = True


def _nearest(checkpoint: Checkpoint, row: int, count: int) -> Rows:
    """The `count` rows whose posterior means are nearest to that of `row` (Euclidean), itself first."""
    mu, own = checkpoint.latents.mu, np.array([row])
    return np.concatenate([own, nearest(mu[own], mu, count - 1, own).rows[0]])


def _check_row(row: int, count: int) -> None:
    if row >= count:
        raise GenerationError(f"There is no image {short(row)}.", f"The {count:,} test images are 0 to {count - 1:,}.")


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"
