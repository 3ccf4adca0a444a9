"""What is stored of a model, as typed records. numpy only; store.py and maps.py read and write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.config import ModelConfig, TrainConfig
from vae.errors import CheckpointError

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class DatasetRef:
    """The images a checkpoint was trained and measured on."""

    name: str
    title: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    test_fingerprint: str
    preprocessing: str = "uint8 / 255"


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
        mu, sigma = self.mu.astype(np.float64), np.maximum(self.sigma.astype(np.float64), 1e-30)
        mean: NDArray[np.float64] = (0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)).mean(0)
        return mean


@dataclass(frozen=True)
class ProjectionMap:
    """Places of all images on one map: xy (N, 2) float32, how it was made, and how well it keeps neighbours."""

    method: str
    xy: FloatArray
    parameters: dict[str, Any]
    quality: dict[str, Any]
    linear: LinearMap | None = None


@dataclass(frozen=True)
class LinearMap:
    """xy = (mu - mean) @ components.T: mean (d,), components (2, d). Lets any latent be placed on the map."""

    mean: FloatArray
    components: FloatArray


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

    @property
    def short_identity(self) -> str:
        """The first 8 hexadecimal digits, as links carry them."""
        return self.identity[:8]


@dataclass(frozen=True)
class Summary:
    """What the checkpoint picker shows. `problem` is set, and the rest empty, for one that can't be used."""

    name: str
    identity: str = ""
    model: ModelConfig | None = None
    dataset: DatasetRef | None = None
    elbo: float | None = None
    classes: tuple[str, ...] = ()
    problem: CheckpointError | None = None


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
