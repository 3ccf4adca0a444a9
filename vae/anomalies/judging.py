"""Which of the scored images are outliers, by the names of their classes: what is not normal, is one. numpy only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.normal_images import NormalChoice
from vae.anomalies.sources import Source
from vae.checkpoints.checkpoint import Checkpoint

ALL = "all"
MOST_NAMED = 12
USED = {  # of a checkpoint's own data set: how good a score is shows on images that nothing was fitted to
    "train": "Model and detector were fitted to these images.",
    "validation": "The detector was calibrated on these images.",
}


@dataclass(frozen=True, eq=False)
class Truth:
    """Of each image (n,) whether it is an outlier, and whether that is known at all."""

    outlier: NDArray[np.bool_]
    known: NDArray[np.bool_]

    @property
    def outliers(self) -> int:
        """How many images are known to be outliers."""
        return int((self.outlier & self.known).sum())

    @property
    def normals(self) -> int:
        """How many images are known to be normal."""
        return int((~self.outlier & self.known).sum())

    @property
    def left_out(self) -> int:
        """How many images nobody knows of."""
        return int((~self.known).sum())

    @property
    def left_out_note(self) -> str:
        """How many those are, for a protocol."""
        return f"{self.left_out:,} images of which nothing is known are left out"


def normal_names(checkpoint: Checkpoint, choice: NormalChoice) -> frozenset[str]:
    """The names whose images are normal, in the training data and in whatever is scored."""
    return frozenset(choice.classes or checkpoint.dataset.class_names) | frozenset(choice.aliases)


def truth(
    class_names: tuple[str, ...], labels: NDArray[np.int64], normal: Collection[str], outliers: Collection[str] = ()
) -> Truth:
    """What labels (n,) of these classes say; -1 stands for an image without a class, of which nothing is known.

    Every class that isn't normal is one of outliers; where `outliers` names some, those alone ("all": every image), and
    of other classes nothing is known.
    """
    if ALL in outliers and ALL not in class_names:
        return Truth(np.ones(len(labels), bool), np.ones(len(labels), bool))
    is_outlier = np.array([name in outliers if outliers else name not in normal for name in class_names], bool)
    is_known = np.array([name in outliers or name in normal if outliers else True for name in class_names], bool)
    named = labels >= 0
    known, outlier = named.copy(), np.zeros(len(labels), bool)
    known[named], outlier[named] = is_known[labels[named]], is_outlier[labels[named]]
    return Truth(outlier, known)


def why_not(checkpoint: Checkpoint, source: Source, found: Truth, chosen: bool) -> str:
    """Why this can't be judged, and what would help; empty where it can, if need be beside test images.

    `chosen`: a person has said which classes are outliers.
    """
    if source.dataset == checkpoint.dataset.name and source.split in USED:
        return USED[source.split]
    if not source.class_names and not chosen:
        return "The images have no classes: nothing says which of them are outliers. Sub-folders of a folder do."
    if not found.outliers and not found.normals:
        return "None of the images is in a sub-folder, so nothing says which of them are outliers."
    if not found.outliers:
        return f"All {found.normals:,} images with a class are normal: there is no outlier to find."
    if not found.normals and source.dataset == checkpoint.dataset.name:
        return "None of these images is of a normal class."
    if not found.normals and not source.has_rows and not chosen:
        return f"No sub-folder ({named(source.class_names)}) is named as normal, so nothing says what an outlier is."
    return ""


def named(names: Collection[str]) -> str:
    """Some names for a sentence, and how many more there are."""
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return ", ".join(name[:40] for name in list(names)[:MOST_NAMED]) + more
