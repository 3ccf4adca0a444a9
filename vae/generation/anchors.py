"""Places in latent space that have a name: tokens that fit a URL and a command line. numpy only.

row:12              posterior mean of test image 12
class:NAME          mean of the posterior means of a class's test images
z:0.1,-0.2@title    a vector; its title (up to 40 printable characters, no @) may be left out
sample:SEED:INDEX   a draw from the prior
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae import recognition
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.errors import GenerationError
from vae.generation import sampling
from vae.storage.printing import is_visible

MAX_TOKEN = 4_000  # characters: 128 dimensions with all the digits of float32, and a title
MAX_TITLE = 40
MAX_VALUE = 100.0
DECIMALS = 4
KINDS = "Expected row:12, class:NAME, z:0.1,-0.2 or sample:SEED:INDEX."
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
INTEGER = re.compile(r"\d{1,10}", re.ASCII)


@dataclass(frozen=True)
class Anchor:
    """A latent z of d numbers, the token it came from, what people call it, and its test image and class if any."""

    token: str
    title: str
    z: tuple[float, ...]
    row: int | None = None
    label: int | None = None

    @property
    def vector(self) -> FloatArray:
        """z as an array, (d,)."""
        return np.array(self.z, np.float32)


def parse(token: str, checkpoint: Checkpoint) -> Anchor:
    """The anchor that a token names. Raises GenerationError for a token that is damaged or of another model."""
    if len(token) > MAX_TOKEN:
        raise GenerationError(f"An anchor has {len(token):,} characters, expected at most {MAX_TOKEN:,}.", KINDS)
    kind, colon, rest = token.partition(":")
    if not colon or kind not in _PARSERS:
        raise GenerationError(f"{token!r:.60} names no place in latent space.", KINDS)
    return _PARSERS[kind](token, rest, checkpoint)


def of_vector(z: NDArray[np.floating], title: str = "") -> Anchor:
    """An anchor for z (d,), kept to 4 decimals. The title is shortened to what a token can hold.

    Raises
    ------
    GenerationError
        For numbers that are not finite or beyond ±100.
    """
    if z.ndim != 1 or not len(z):
        raise GenerationError(f"The vector has shape {z.shape}, expected (d,).")
    numbers = tuple(round(float(value), DECIMALS) + 0.0 for value in z)  # + 0.0: no -0.0
    _check_numbers(numbers)
    title = "".join(c for c in title if is_visible(c) and c != "@").strip()[:MAX_TITLE].strip()
    token = "z:" + ",".join(f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".") for value in numbers)
    return Anchor(f"{token}@{title}" if title else token, title or "z", numbers)


def _row(token: str, rest: str, checkpoint: Checkpoint) -> Anchor:
    latents, names = checkpoint.latents, checkpoint.dataset.class_names
    row = int(rest) if INTEGER.fullmatch(rest) else -1
    if not 0 <= row < len(latents.mu):
        raise GenerationError(f"{token!r:.60} names no test image, expected row:0 to row:{len(latents.mu) - 1}.")
    label = int(latents.labels[row])
    z = tuple(float(value) for value in latents.mu[row])
    title = f"image {row}, class {names[label]}" if len(names) > 1 else f"image {row}"
    return Anchor(f"row:{row}", title, z, row, label)


def _class(token: str, rest: str, checkpoint: Checkpoint) -> Anchor:
    label = label_of(rest, checkpoint)
    members = checkpoint.latents.mu[checkpoint.latents.labels == label]
    if not len(members):
        raise GenerationError(f"Class {rest!r:.60} has no test images, expected at least one.")
    z = members.mean(0, dtype=np.float64).astype(np.float32)
    return Anchor(token, f"mean of class {rest}", tuple(float(value) for value in z), None, label)


def label_of(name: str, checkpoint: Checkpoint) -> int:
    """The number of the class that is called `name`. Raises GenerationError."""
    names = checkpoint.dataset.class_names
    if name not in names:
        some = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
        raise GenerationError(
            f"There is no class {name!r:.60} in {checkpoint.dataset.title}.",
            f"{recognition.nearest(name, names)} Classes: {some}.".strip(),
        )
    return names.index(name)


def _vector(token: str, rest: str, checkpoint: Checkpoint) -> Anchor:
    text, at, title = rest.partition("@")
    if at and not (0 < len(title) <= MAX_TITLE and is_visible(title) and "@" not in title):
        raise GenerationError(
            f"The anchor's title is {title!r:.60}, expected 1 to {MAX_TITLE} printable characters without @."
        )
    parts = text.split(",")
    wrong = [part for part in parts if not NUMBER.fullmatch(part)]
    if wrong:
        raise GenerationError(f"The anchor has {wrong[0]!r:.40}, expected numbers with commas between.", KINDS)
    d = checkpoint.model.latent_dim
    if len(parts) != d:
        raise GenerationError(f"The anchor has {len(parts)} numbers, {checkpoint.name} has {d} latent dimensions.")
    numbers = tuple(float(part) for part in parts)
    _check_numbers(numbers)
    return Anchor(token, title or "z", numbers)


def _sample(token: str, rest: str, checkpoint: Checkpoint) -> Anchor:
    parts = rest.split(":")
    if len(parts) != 2 or not all(INTEGER.fullmatch(part) for part in parts):
        raise GenerationError(f"{token!r:.60} names no sample, expected sample:SEED:INDEX with whole numbers.")
    seed, index = int(parts[0]), int(parts[1])
    if index >= sampling.MAX_SAMPLES:
        raise GenerationError(f"The sample is {index:,}, expected 0 to {sampling.MAX_SAMPLES - 1:,}.")
    z = sampling.from_prior(index + 1, checkpoint.model.latent_dim, seed)[index]
    return Anchor(f"sample:{seed}:{index}", f"sample {index} of seed {seed}", tuple(float(value) for value in z))


def _check_numbers(numbers: tuple[float, ...]) -> None:
    wrong = [value for value in numbers if not (math.isfinite(value) and abs(value) <= MAX_VALUE)]
    if wrong:
        raise GenerationError(f"A latent's number is {wrong[0]:g}, expected −{MAX_VALUE:g} to {MAX_VALUE:g}.")


_PARSERS: dict[str, Callable[[str, str, Checkpoint], Anchor]] = {
    "row": _row,
    "class": _class,
    "z": _vector,
    "sample": _sample,
}
