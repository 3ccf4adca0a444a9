"""Which images are normal: the classes that a person chooses, and the images of them. numpy only.

A detector is fitted to images of the train split and calibrated on images of the validation split: the test split is
what is scored, so it must not have been seen.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae import recognition
from vae.anomalies.methods import registry
from vae.anomalies.methods.base import MAX_REFERENCE
from vae.anomalies.thresholds import images_for, percent
from vae.checkpoints.checkpoint import Checkpoint
from vae.data import datasets
from vae.errors import ScoreError

MAX_HELD_OUT = 2_000
MAX_BYTES = 512 * 2**20  # of images in memory: 2,730 of 256×256 in colour
LEAST = 2  # images to fit to; most scores need more, and say so themselves
LEAST_HELD_OUT = 1  # to calibrate on: what so few can promise is said with the threshold
USUAL_SHARE = 0.05  # of false alarms
MAX_NAMED = 20  # classes in a text, and
MAX_CLASS_NAME = 40  # characters of each
BESIDE_ERROR = frozenset({"mahalanobis", "knn", "lof", "mixture_density", *registry.BASELINES})
LEARNED_OTHERS = (
    "This model has learned the other classes, too, so scores by error may not tell them apart. Train one on the "
    "normal classes only, or score by the latent space alone."
)
ALL = "all"  # on a command line
MAX_NAMED_UNKNOWN = 12  # classes


@dataclass(frozen=True)
class NormalChoice:
    """The classes whose images are normal, by name, each once and sorted; none stands for all.

    `aliases` are names of normal images in what is scored, such as a sub-folder "good", that no training class has.
    """

    classes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for part in ("classes", "aliases"):
            object.__setattr__(self, part, tuple(sorted(set(getattr(self, part)))))

    def key(self) -> str:
        """16 hexadecimal digits: equal for equal classes, a name for what is saved of them."""
        return hashlib.sha256(json.dumps(self.classes).encode()).hexdigest()[:16]

    def text(self, checkpoint: Checkpoint, split: str = "train") -> str:
        """What a person reads: "MNIST train, classes 0, 1"."""
        images = f"{checkpoint.dataset.title} {split}"
        if not self.classes:
            return f"{images}, all classes"
        named = [name[:MAX_CLASS_NAME] for name in checkpoint.dataset.class_names if name in self.classes]
        more = f" and {len(named) - MAX_NAMED:,} more" if len(named) > MAX_NAMED else ""
        return f"{images}, class{'es' * (len(named) > 1)} {', '.join(named[:MAX_NAMED])}{more}"

    def words(self, class_names: tuple[str, ...]) -> tuple[str, ...]:
        """What a command line says after --normal, for a data set of these classes; one of them may be called all."""
        return self.classes or (class_names if ALL in class_names else (ALL,))

    def labels(self, class_names: tuple[str, ...]) -> NDArray[np.int64]:
        """The numbers of the normal classes, rising."""
        wanted = [label for label, name in enumerate(class_names) if not self.classes or name in self.classes]
        return np.array(wanted, np.int64)


@dataclass(frozen=True, eq=False)
class NormalImages:
    """Images (n, C, H, W) uint8 of a split, their labels and their rows in it, both (n,) int64 with rows rising."""

    split: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.images)


def chosen(checkpoint: Checkpoint, classes: Iterable[str], elsewhere: Collection[str] = ()) -> NormalChoice:
    """The choice of these classes; naming all of them is the same as naming none.

    `elsewhere` are the class names of what is scored. Names that only it has are aliases; where all are, the normal
    training images are the usual ones. Raises ScoreError for a class that neither has.
    """
    names, wanted = checkpoint.dataset.class_names, set(classes)
    aliases = wanted - set(names)
    if unknown := sorted(aliases - set(elsewhere)):
        others = [name for name in elsewhere if name not in names]
        also = f" What is scored has {', '.join(others[:20])}." if others else ""
        raise ScoreError(
            f"{checkpoint.dataset.title} has no class {unknown[0]!r:.60}.",
            f"{recognition.nearest(unknown[0], (*names, *others))} Its classes: {', '.join(names[:20])}.{also}".strip(),
        )
    if aliases == wanted and aliases:
        return NormalChoice(default_choice(checkpoint).classes, tuple(aliases))
    of_training = wanted - aliases
    return NormalChoice(() if of_training == set(names) else tuple(of_training), tuple(aliases))


def default_choice(checkpoint: Checkpoint) -> NormalChoice:
    """The classes that the checkpoint was trained on, as far as its data set has them."""
    names = checkpoint.dataset.class_names
    return chosen(checkpoint, [name for name in checkpoint.train.classes if name in names])


def reference(checkpoint: Checkpoint, choice: NormalChoice, most: int = MAX_REFERENCE, seed: int = 0) -> NormalImages:
    """Normal images of the train split, for fitting: all, or a seeded choice of `most`, fewer than that where they
    are so large that they would be more than 512 MB.

    Raises
    ------
    ScoreError
        For an unknown class, fewer than 2 images, and images of another shape than the model's.
    DatasetMissingError
        When the images are not on this machine.
    """
    return _images(checkpoint, choice, "train", most, seed)


def held_out(checkpoint: Checkpoint, choice: NormalChoice, most: int = MAX_HELD_OUT, seed: int = 0) -> NormalImages:
    """Normal images of the validation split, for thresholds. Raises as `reference` does."""
    return _images(checkpoint, choice, "validation", most, seed)


def _images(checkpoint: Checkpoint, choice: NormalChoice, split: str, most: int, seed: int) -> NormalImages:
    classes = chosen(checkpoint, choice.classes)
    images = datasets.load(checkpoint.dataset.name, split)
    if images.image_shape != checkpoint.model.image_shape:
        raise ScoreError(
            f"{images.name} has images {images.image_shape}, the model takes {checkpoint.model.image_shape}.",
            "The data set was replaced after the training; train again.",
        )
    most = min(most, max(LEAST, MAX_BYTES // math.prod(images.image_shape)))
    rows = np.flatnonzero(np.isin(images.labels, classes.labels(images.class_names)))
    least = LEAST if split == "train" else LEAST_HELD_OUT
    if len(rows) < least:
        few = images_for(USUAL_SHARE)
        promise = "" if split == "train" else f"{few} can promise {percent(USUAL_SHARE)} false alarms. "
        more = (
            "Choose more classes as normal, or import more images."
            if classes.classes
            else "Import more images, and train again."
        )
        there = "1 image" if len(rows) == 1 else f"{len(rows)} images"
        raise ScoreError(f"{classes.text(checkpoint, split)}: {there}, expected at least {least}.", f"{promise}{more}")
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    return NormalImages(split, np.asarray(images.images[rows]), images.labels[rows], rows)


def training_note(checkpoint: Checkpoint, choice: NormalChoice, score_names: Iterable[str]) -> str:
    """What to say of these scores with this choice; empty where the model has learned what is normal and nothing else.

    Scores by reconstruction assume just that. Baselines don't ask the model.
    """
    names, scores = checkpoint.dataset.class_names, set(score_names)
    learned = {name for name in names if not checkpoint.train.classes or name in checkpoint.train.classes}
    normal = {name for name in names if not choice.classes or name in choice.classes}
    sentences = []
    if (unknown := [name for name in names if name in normal - learned]) and scores - registry.BASELINES:
        more = f" and {len(unknown) - MAX_NAMED_UNKNOWN:,} more" if len(unknown) > MAX_NAMED_UNKNOWN else ""
        which = f"class{'es' if len(unknown) > 1 else ''} {', '.join(unknown[:MAX_NAMED_UNKNOWN])}{more}"
        sentences.append(f"This model was trained without {which}, whose images look anomalous to it.")
    if learned - normal and scores - BESIDE_ERROR:
        sentences.append(LEARNED_OTHERS)
    return " ".join(sentences)
