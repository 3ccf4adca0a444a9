"""Masks among photographs, told by their names: files that belong to another file of the same name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vae.data.folders import words
from vae.data.folders.image_names import folders_of, stem_of

PAIRED = 0.5  # of a folder's files that have a namesake elsewhere: then it holds masks
NOT_MASKED = re.compile(r"^(?:no|not|non|without|un)[_\- ]?mask", re.IGNORECASE)


@dataclass(frozen=True)
class Namesakes:
    """Two files of one folder whose names differ by their endings alone."""

    first: str
    second: str


def masks_among(files: Sequence[str]) -> dict[str, str]:
    """Files that are taken for masks, and why: those in folders called ground_truth, those in a folder called masks, or
    the like, most of which have a namesake elsewhere, and x_mask.png where there is an x.

    Nothing where no photograph would be left.
    """
    found: dict[str, str] = {}
    of_folder: dict[str, list[str]] = defaultdict(list)
    for file in files:
        for depth, folder in enumerate(folders_of(file)):
            if words.may_be_masks(folder):
                of_folder["/".join(folders_of(file)[: depth + 1])].append(file)
                break
    elsewhere = _stems_outside_masks(files) if of_folder else set()
    beside = {folder for path in {folders_of(file) for file in files} for folder in path}
    for path, inside in of_folder.items():
        name = path.rsplit("/", 1)[-1]
        paired = sum(words.without_mask_ending(stem_of(file)) in elsewhere for file in inside) / len(inside)
        if words.is_masks(name) or (paired > PAIRED and not any(map(NOT_MASKED.match, beside))):
            found |= dict.fromkeys(inside, f"taken for masks: they lie in {name}")
    ending = [file for file in files if file not in found and words.without_mask_ending(stem_of(file)) != stem_of(file)]
    there = {(folders_of(file), stem_of(file)) for file in files} if ending else set()
    for file in ending:
        if (folders_of(file), words.without_mask_ending(stem_of(file))) in there:
            found[file] = "taken for masks: there is an image of the same name without the ending"
    return found if len(found) < len(files) else {}


def _stems_outside_masks(files: Iterable[str]) -> set[str]:
    return {stem_of(file) for file in files if not any(map(words.may_be_masks, folders_of(file)))}


def pairs_of_one_stem(files: Iterable[str]) -> list[Namesakes]:
    """Files of one folder that are called alike but for their ending, such as a.jpg and a.png."""
    first: dict[str, str] = {}
    pairs = []
    for file in sorted(files):
        stem = file.rsplit(".", 1)[0]
        if stem in first:
            pairs.append(Namesakes(first[stem], file))
        else:
            first[stem] = file
    return pairs
