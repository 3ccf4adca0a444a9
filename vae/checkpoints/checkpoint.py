"""What is stored of a model, and what its latents must be. numpy only; checkpoint_files.py reads and writes it."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vae.config import USUAL_READING, ImageReading, ModelConfig, TrainConfig
from vae.errors import CheckpointError
from vae.maps.projection import ProjectionMap
from vae.storage.reporting import storage_errors_as
from vae.storage.validation import check_array

FloatArray = NDArray[np.float32]

IN_CACHE = 4096  # images of which sums are made at once: a million at a time takes several times as long


@dataclass(frozen=True)
class DatasetRef:
    """The images a checkpoint was trained and measured on."""

    name: str
    title: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    test_fingerprint: str
    preprocessing: str = "uint8 / 255"
    reading: ImageReading = USUAL_READING


@dataclass(frozen=True)
class Metric:
    """One number and how it was measured."""

    value: float
    unit: str
    protocol: str


@dataclass(frozen=True)
class Latents:
    """A split seen by the encoder: mu, sigma (N, d) float32; labels (N,) int64; the rest (N,) float32.

    log_likelihood, kl and elbo are in nats with elbo = log_likelihood - kl for one posterior sample; squared_error is
    the sum over pixels in [0, 1] of (x − E[x|z=mu])².
    """

    mu: FloatArray
    sigma: FloatArray
    labels: NDArray[np.int64]
    log_likelihood: FloatArray
    kl: FloatArray
    elbo: FloatArray
    squared_error: FloatArray

    def __post_init__(self) -> None:
        count = self.mu.shape[0] if self.mu.ndim else 0
        flat = (self.labels, self.log_likelihood, self.kl, self.elbo, self.squared_error)
        if self.mu.ndim != 2 or self.sigma.shape != self.mu.shape or any(a.shape != (count,) for a in flat):
            raise CheckpointError(f"The latents' arrays disagree: mu {self.mu.shape}, sigma {self.sigma.shape}.")

    def kl_per_dim(self) -> NDArray[np.float64]:
        """KL(q(z_j|x) ‖ p(z_j)) averaged over images, (d,) nats: which dimensions carry information."""
        return self._kl_per_dim.copy()

    @functools.cached_property
    def _kl_per_dim(self) -> NDArray[np.float64]:  # a page asks for it several times, which takes a while of a million
        total = np.zeros(self.mu.shape[1])
        for start in range(0, len(self.mu), IN_CACHE):
            rows = slice(start, start + IN_CACHE)
            mu, sigma = self.mu[rows].astype(np.float64), np.maximum(self.sigma[rows].astype(np.float64), 1e-30)
            total += (0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)).sum(0)
        return total / len(self.mu)

    def variance_per_dim(self) -> NDArray[np.float64]:
        """Var over images of E[z_j|x], (d,): how far apart the images lie along each dimension."""
        return self._variance_per_dim.copy()

    @functools.cached_property
    def _variance_per_dim(self) -> NDArray[np.float64]:
        found: NDArray[np.float64] = self.mu.var(0, dtype=np.float64)
        return found

    def take(self, rows: NDArray[np.integer]) -> Latents:
        """Some of the images."""
        return Latents(**{field.name: getattr(self, field.name)[rows] for field in dataclasses.fields(self)})


@storage_errors_as(CheckpointError)
def check_latents(latents: Latents, latent_dim: int, classes: int, name: str) -> None:
    """Raise CheckpointError for latents that no model with `latent_dim` and data set with `classes` can have."""
    if not len(latents.mu):
        raise CheckpointError(f"{name}: the latents are of 0 images, expected at least 1.")
    if latents.mu.shape[1] != latent_dim:
        raise CheckpointError(
            f"{name}: the latents have {latents.mu.shape[1]} dimensions, config.json says {latent_dim}."
        )
    for column in ("mu", "sigma", "log_likelihood", "kl", "elbo", "squared_error"):
        array = getattr(latents, column)
        check_array(array, array.shape, f"{name}: the latents' {column}")
    if latents.sigma.min() < 0:
        raise CheckpointError(f"{name}: the smallest sigma is {latents.sigma.min():g}, expected 0 or more.")
    labels = latents.labels
    if labels.dtype != np.int64:
        raise CheckpointError(f"{name}: the latents' labels are {labels.dtype}, expected int64.")
    if labels.min() < 0 or labels.max() >= classes:
        raise CheckpointError(
            f"{name}: the labels go from {labels.min()} to {labels.max()}, expected 0 to {classes - 1} "
            f"for {classes} class names."
        )


@dataclass(frozen=True)
class Checkpoint:
    """A verified checkpoint, read but for its weights (`read_weights`)."""

    name: str
    path: Path
    identity: str
    model: ModelConfig
    train: TrainConfig
    dataset: DatasetRef
    command: str
    latents: Latents
    maps: dict[str, ProjectionMap]
    metrics: dict[str, Metric]
    history: list[dict[str, float]]
    origin: str = ""  # of an adopted model: where it comes from, and how it is read

    @property
    def short_identity(self) -> str:
        """The first 8 hexadecimal digits, as links carry them."""
        return self.identity[:8]

    def trained_rows(self) -> NDArray[np.int64]:
        """The test images of classes that the model was trained on, as rows, rising: of others it knows nothing.

        All rows where it was trained on all classes, or the test split has none of its own.
        """
        return self.rows_of_trained(self.latents.labels)

    def rows_of_trained(self, labels: NDArray[np.int64]) -> NDArray[np.int64]:
        """Of images with these labels (N,) those of `trained_rows`' classes, as rows, rising."""
        known = [label for label, name in enumerate(self.dataset.class_names) if name in self.train.classes]
        found = np.flatnonzero(np.isin(labels, known)) if known else np.arange(len(labels))
        return found if len(found) else np.arange(len(labels))

    def trained_latents(self) -> Latents:
        """Latents of the trained rows; the checkpoint's own where these are all."""
        rows = self.trained_rows()
        return self.latents if len(rows) == len(self.latents.mu) else self.latents.take(rows)

    def of_trained_classes(self) -> str:
        """For a sentence about them: " of class 1, 7, which the model was trained on"; "" for a model of all."""
        names = ", ".join(self.train.classes[:10]) + (", …" if len(self.train.classes) > 10 else "")
        return f" of class {names}, which the model was trained on" if names else ""


@dataclass(frozen=True)
class Summary:
    """What the checkpoint picker shows. `problem` is set, and the rest empty, for one that can't be used."""

    name: str
    identity: str = ""
    model: ModelConfig | None = None
    dataset: DatasetRef | None = None
    test_loss: float | None = None
    baseline: float | None = None  # the test loss of independent pixels
    train: TrainConfig | None = None
    problem: CheckpointError | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """Those that it was trained on; none stands for all."""
        return self.train.classes if self.train else ()


@dataclass(frozen=True)
class NewCheckpoint:
    """Everything `write` needs; weights are float32 arrays by parameter name."""

    model: ModelConfig
    train: TrainConfig
    dataset: DatasetRef
    command: str
    weights: Mapping[str, FloatArray]
    latents: Latents
    maps: list[ProjectionMap]
    metrics: dict[str, Metric]
    history: list[dict[str, float]] = field(default_factory=list)
    origin: str = ""
