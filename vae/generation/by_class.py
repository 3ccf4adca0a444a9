"""Whether two groups of images are, at bottom, two groups of classes. numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vae.checkpoints.checkpoint import Checkpoint
from vae.generation.groups import JOIN, REST, Pair

TELLING = 0.75  # balanced accuracy from the class alone, above which a direction may be one between classes


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


def by_class(pair: Pair, checkpoint: Checkpoint) -> ByClass | None:
    """None where the groups were chosen by class, and where there is one class only.

    The best guess from the class takes the group that has the larger share of it, so its balanced accuracy on these
    images is half the sum over classes of the larger share.
    """
    names = checkpoint.dataset.class_names
    if len(names) < 2 or (_of_classes(pair.a.text) and (_of_classes(pair.b.text) or pair.b.text == REST)):
        return None
    labels = checkpoint.latents.labels
    counts = [np.bincount(labels[group.rows], minlength=len(names)) for group in (pair.a, pair.b)]
    a, b = (count / count.sum() for count in counts)
    sides = [Side(names[int(shares.argmax())], float(shares.max())) for shares in (a, b)]
    return ByClass(float(np.maximum(a, b).sum() / 2), sides[0], sides[1])


def _of_classes(text: str) -> bool:
    return all(part.strip().startswith("class:") for part in text.split(JOIN))
