"""What an anomaly score is. numpy only: torch and scikit-learn are imported by the scores that compute with them.

A score is one number an image, higher for more anomalous. Its state after `fit` is arrays alone, for safetensors;
scikit-learn's estimators are fitted again from those arrays, with fixed seeds.
"""

from __future__ import annotations

import hashlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from cachetools import LRUCache, cached
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import FloatArray
from vae.errors import ScoreError

if TYPE_CHECKING:  # both import torch
    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE

State = Mapping[str, NDArray[Any]]
MAX_REFERENCE = 10_000  # images that a state holds at most
REFERENCE_SEED = 0
MAX_REBUILT = 8  # fitted estimators in memory
ONLY = "only_image"  # in a state: all normal images are this one


class Score(ABC):
    """One way to say how anomalous an image is.

    Normal images that are all the same one have no spread to measure anything by: then every score is the squared
    distance from that image, 0 for it alone.
    """

    name: str  # snake_case, as the command line takes it
    title: str
    source: str
    about: str  # one sentence: what it sees, and when it fails
    needs_model: bool = False  # whether it asks the model again, beyond what a Pass holds

    def fit(self, normal: Pass, model: VAE | None = None) -> dict[str, NDArray[Any]]:
        """What the state holds of the normal images; deterministic.

        Raises
        ------
        ScoreError
            For fewer images than the score needs, and where it needs the model and has none.
        """
        self._check_model(model)
        needed = self.minimum(normal)
        if len(normal) < needed:
            raise ScoreError(
                f"{self.title} is fitted to {len(normal):,} normal images, expected at least {needed:,}.",
                "Choose more images as normal, or another score.",
            )
        if len(normal) > 1 and all_equal(normal.pixels):
            return {ONLY: np.array(normal.pixels[0], order="C")}
        # safetensors writes an array's memory: in another order than its shape says, it would come back as another
        return {name: np.asarray(values, order="C") for name, values in self._fit(normal).items()}

    def score(self, batch: Pass, state: State, model: VAE | None = None) -> FloatArray:
        """(n,) float32, higher = more anomalous. Raises ScoreError for a state that isn't this score's."""
        self._check_model(model)
        if not len(batch):
            return np.empty(0, np.float32)
        limit = np.finfo(np.float32).max
        found = _from_only(batch, state) if ONLY in state else self._score(batch, state, model)
        scores: FloatArray = np.clip(found, -limit, limit).astype(np.float32)
        return scores

    def minimum(self, normal: Pass) -> int:
        """The fewest normal images that it can be fitted to."""
        return 1

    def _fit(self, normal: Pass) -> dict[str, NDArray[Any]]:
        return {}  # most scores compare with nothing

    @abstractmethod
    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]: ...

    def _check_model(self, model: VAE | None) -> None:
        if self.needs_model and model is None:
            raise ScoreError(f"{self.title} needs the model, and was given none.", "Pass the model.")


class PassScore(Score):
    """A score that a forward pass knows by itself: `of` gives it, (n,), of n images."""

    def __init__(
        self, name: str, of: Callable[[Pass], NDArray[np.floating]], *, title: str, source: str, about: str
    ) -> None:
        self.name, self._of = name, of
        self.title, self.source, self.about = title, source, about

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        return self._of(batch)


def all_equal(pixels: NDArray[np.uint8]) -> bool:
    """Whether all images (n, C, H, W) are the same one."""
    return bool((pixels == pixels[:1]).all())


def _from_only(batch: Pass, state: State) -> NDArray[np.float64]:
    """Squared distances (n,) from the one normal image, pixels in [0, 1]."""
    only = array(state, ONLY, *batch.pixels.shape[1:])
    distances: NDArray[np.float64] = np.square((batch.pixels - only) / 255).sum((1, 2, 3))
    return distances


def reference_rows(count: int, most: int = MAX_REFERENCE) -> NDArray[np.int64]:
    """Rows of at most `most` of `count` images, in order; always the same ones."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(REFERENCE_SEED).choice(count, most, replace=False))


def array(state: State, name: str, *shape: int | None) -> NDArray[np.float64]:
    """A state's array as float64; None in the expected shape stands for any size.

    Raises ScoreError when it is missing, of another shape, empty, or not finite: a state can come from a file.
    """
    found = state.get(name)
    if found is None:
        raise ScoreError(f"The detector's state has no {name!r}.", "Fit it again.")
    fits = found.ndim == len(shape) and all(e in (None, size) for e, size in zip(shape, found.shape, strict=True))
    if not fits or not found.size:
        expected = ", ".join("n" if size is None else str(size) for size in shape)
        raise ScoreError(f"The detector's {name!r} has shape {found.shape}, expected ({expected}).", "Fit it again.")
    values = found.astype(np.float64)
    if not np.isfinite(values).all():
        raise ScoreError(f"The detector's {name!r} has numbers that are not finite.", "Fit it again.")
    return values


# --- estimators that are fitted again from a state --------------------------------------------------------------------


def _key(kind: str, reference: NDArray[np.float64], build: Callable[[NDArray[np.float64]], Any]) -> str:
    return f"{kind} {reference.shape} {hashlib.blake2b(np.ascontiguousarray(reference).data).hexdigest()}"


@cached(LRUCache(MAX_REBUILT), key=_key, lock=threading.Lock())
def rebuilt(kind: str, reference: NDArray[np.float64], build: Callable[[NDArray[np.float64]], Any]) -> Any:
    """`build(reference)`, or the estimator that it gave for the same numbers before. `kind` names what is built."""
    return build(reference)
