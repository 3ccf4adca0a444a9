"""Directions in latent space: from one group of images to another, and whether they mean anything.

numpy only; scikit-learn and scipy are imported inside the functions that need them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from msgspec import Meta
from numpy.typing import ArrayLike, NDArray

from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.errors import GenerationError
from vae.generation import separation
from vae.generation.groups import JOIN, MAX_TEXT, Pair
from vae.generation.separation import Separation
from vae.storage.printing import is_visible
from vae.storage.schema import Finite, Sha256, integer, number, one_of, text

MEAN, CLASSIFIER = "mean difference", "linear classifier"
KINDS = (MEAN, CLASSIFIER)
MAX_NAME = 60  # printable characters
MAX_TRAINED = 5_000  # images of each group that the classifier learns from
WEAK = 0.6  # balanced accuracy whose interval begins below this is called weak

MAX_LENGTH = 1e6  # of a gap or spread, in latent units

Floats = NDArray[np.float64]
GroupText = Annotated[str, text(MAX_TEXT)]
Images = Annotated[int, integer(1, 10**9)]


@dataclass(frozen=True)
class Direction:
    """A unit vector (d,) that points from group B to group A.

    gap: distance of the groups' means along it, in latent units, > 0. spread: standard deviation of all test images'
    posterior means along it. accuracy: balanced, held out, with its 95 % interval, as `protocol` says. `checkpoint`
    and `measured_on` (an identity, "" for its own) say where the numbers are from; `identity` is the checkpoint it
    is used and kept with.
    """

    name: str
    kind: Annotated[str, one_of(*KINDS)]
    vector: Annotated[tuple[Finite, ...], Meta(description="a list of numbers")]
    gap: Annotated[float, Meta(gt=0, le=MAX_LENGTH, description=f"a number above 0 and at most {MAX_LENGTH:g}")]
    spread: Annotated[float, number(0, MAX_LENGTH)]
    group_a: GroupText
    group_b: GroupText
    count_a: Images
    count_b: Images
    accuracy: Finite
    accuracy_low: Finite
    accuracy_high: Finite
    protocol: Annotated[str, text(1_000)]
    checkpoint: Annotated[str, text(200)]
    identity: Sha256
    latent_dim: int
    measured_on: Annotated[str, Meta(pattern=r"\A([0-9a-f]{64})?\Z", description="64 hexadecimal digits")] = ""


@dataclass(frozen=True)
class Directions:
    """Both ways to find the direction between two groups."""

    mean: Direction
    classifier: Direction


@dataclass(frozen=True)
class ClosestAxis:
    """The latent dimension nearest to a direction, and the angle to that axis, 0 to 90 degrees."""

    dim: int
    degrees: float


@dataclass(frozen=True)
class RandomAngle:
    """Between which angles, in degrees, 95 % of pairs of random directions in `latent_dim` dimensions lie."""

    low: float
    high: float
    latent_dim: int


def from_groups(name: str, pair: Pair, checkpoint: Checkpoint, seed: int = 0) -> Directions:
    """The difference of the groups' means, and the normal of a logistic regression between them.

    Each is judged on images it was not computed from (separation.py); of groups above 5,000 images the classifier sees
    a draw. Raises GenerationError for a bad name and equal means.
    """
    check_name(name)
    mu = checkpoint.latents.mu.astype(np.float64)
    a, b = pair.a.rows, pair.b.rows
    mean = separation.mean_difference(mu[a], mu[b], seed)
    classifier = separation.linear_classifier(mu[_drawn(a, seed)], mu[_drawn(b, seed)], seed)
    return Directions(
        _direction(name, MEAN, mean, pair, checkpoint), _direction(name, CLASSIFIER, classifier, pair, checkpoint)
    )


def reading(direction: Direction) -> str:
    """One plain sentence: do the two groups differ along this direction, on images it was not computed from?"""
    if direction.measured_on not in {"", direction.identity}:
        return f"Not measured here: its numbers are of checkpoint {direction.checkpoint} and don't carry over."
    shares = (direction.accuracy, direction.accuracy_low, direction.accuracy_high)
    value, low, high = (f"{share:.1%}".replace("%", " %") for share in shares)
    if any(_has(group, "near:") for group in (direction.group_a, direction.group_b)):
        return f"Not a test: neighbours are apart by construction, {value} balanced accuracy on held-out images."
    if direction.accuracy_low <= 0.5:
        why = "the interval includes 50 %" if direction.accuracy_high >= 0.5 else "the interval lies below 50 %"
        return f"Not shown: {why} ({low} to {high}), and guessing would do as well."
    word = "Weak" if direction.accuracy_low < WEAK else "Real"
    by_place = " It is a test only if the images were picked by what they show, not by where they lie on a map."
    return (
        f"{word}: it tells held-out images apart with {value} balanced accuracy "
        f"(95 % interval {low[:-2]} to {high})."
        f"{by_place if any(_has(group, 'rows:') for group in (direction.group_a, direction.group_b)) else ''}"
    )


def apply(z: FloatArray, direction: Direction, strengths: ArrayLike) -> FloatArray:
    """z + s · gap · vector for each strength: z (d,), strengths (S,) -> (S, d).

    Strength 1 moves as far as from B's mean to A's along the direction.
    """
    start, s = np.asarray(z, np.float64), np.asarray(strengths, np.float64)
    if start.shape != (direction.latent_dim,):
        raise GenerationError(
            f"The direction {direction.name} has {direction.latent_dim} dimensions, the latent vector {start.shape}."
        )
    if s.ndim != 1 or not np.isfinite(s).all():
        raise GenerationError("Strengths are one list of finite numbers, found something else.")
    step = np.array(direction.vector, np.float64) * direction.gap
    return np.asarray(start + s[:, None] * step, np.float32)  # (S, d)


def arithmetic(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> FloatArray:
    """a − b + c of latent vectors (d,), as in "with glasses − without + another face"."""
    first, second, third = (np.asarray(v, np.float64) for v in (a, b, c))
    if not first.shape == second.shape == third.shape or first.ndim != 1:
        raise GenerationError(f"Vectors of shapes {first.shape}, {second.shape}, {third.shape} can't be added.")
    return (first - second + third).astype(np.float32)


def angle(u: ArrayLike, v: ArrayLike) -> float:
    """Degrees between two vectors (d,), 0 to 180, accurate at both ends (Kahan). Raises GenerationError for zero."""
    a, b = _unit(np.asarray(u, np.float64)), _unit(np.asarray(v, np.float64))
    if a.shape != b.shape:
        raise GenerationError(f"Directions of {len(a)} and {len(b)} dimensions have no angle.")
    return math.degrees(2 * math.atan2(float(np.linalg.norm(a - b)), float(np.linalg.norm(a + b))))


def closest_axis(direction: Direction) -> ClosestAxis:
    """A direction near one axis is one latent dimension's doing; far from all, it is shared by many."""
    dim = int(np.abs(direction.vector).argmax())
    axis = np.zeros(direction.latent_dim)
    axis[dim] = math.copysign(1, direction.vector[dim])
    return ClosestAxis(dim, angle(direction.vector, axis))


def random_angle(latent_dim: int) -> RandomAngle:
    """What is nothing: the central 95 % of angles between random directions.

    The cosine c of two has (c + 1) / 2 ~ Beta((d−1)/2, (d−1)/2). In one dimension there are only 0 and 180 degrees.
    """
    from scipy.special import betaincinv

    if latent_dim < 1:
        raise GenerationError(f"A latent space has at least 1 dimension, found {latent_dim}.")
    if latent_dim == 1:
        return RandomAngle(0.0, 180.0, 1)
    half = (latent_dim - 1) / 2
    high = math.degrees(math.acos(2 * float(betaincinv(half, half, 0.025)) - 1))
    return RandomAngle(180 - high, high, latent_dim)


def check_name(name: str) -> None:
    """Raise GenerationError unless it has 1 to 60 printable characters."""
    if not (name.strip() and is_visible(name) and len(name) <= MAX_NAME):
        raise GenerationError(f"{name[:MAX_NAME]!r} is no name.", f"Give it 1 to {MAX_NAME} printable characters.")


def _direction(name: str, kind: str, found: Separation, pair: Pair, checkpoint: Checkpoint) -> Direction:
    sides = ((found.used_a, len(pair.a.rows)), (found.used_b, len(pair.b.rows)))
    a, b = (f"{used:,}" if used == count else f"{used:,} drawn of {count:,}" for used, count in sides)
    protocol = (
        f"balanced accuracy on held-out images, {found.folds} stratified folds, {a} and {b} test images of "
        f"{checkpoint.dataset.title[:100]}; 50 % is chance; 95 % interval by Newcombe's method"
    )
    return Direction(
        name=name,
        kind=kind,
        vector=tuple(float(v) for v in found.vector),
        gap=found.gap,
        spread=float((checkpoint.latents.mu.astype(np.float64) @ found.vector).std()),
        group_a=pair.a.text,
        group_b=pair.b.text,
        count_a=len(pair.a.rows),
        count_b=len(pair.b.rows),
        accuracy=found.accuracy.value,
        accuracy_low=found.accuracy.low,
        accuracy_high=found.accuracy.high,
        protocol=protocol,
        checkpoint=checkpoint.name,
        identity=checkpoint.identity,
        latent_dim=len(found.vector),
    )


def _has(group: str, form: str) -> bool:
    return any(piece.strip().startswith(form) for piece in group.split(JOIN))


def _drawn(rows: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    if len(rows) <= MAX_TRAINED:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, MAX_TRAINED, replace=False))


def _unit(vector: Floats) -> Floats:
    length = float(np.linalg.norm(vector))
    if vector.ndim != 1 or not (0 < length < math.inf):
        raise GenerationError("A direction is one vector of finite length above 0, found something else.")
    return vector / length
