"""Which reading of a foreign model is right: the one whose reconstructions of real images are clearly best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vae.adoption.weighted_graph import FloatArray, WeightedGraph
from vae.errors import VAEError
from vae.model import networks
from vae.model.likelihoods import likelihood_of
from vae.model.pixels import to_unit

MOST_IMAGES = 256  # that readings are compared on
CLEARLY = 0.9  # of the runner-up's error: a better reading has at most so much


@dataclass(frozen=True, eq=False)
class ModelReading:
    """One way to read a model: its networks, and the `choices` that make it so, in words."""

    encoder: WeightedGraph
    decoder: WeightedGraph
    likelihood: str
    choices: Mapping[str, str]

    @property
    def latent_dim(self) -> int:
        """d."""
        return self.decoder.graph.input[0]

    def weights(self) -> dict[str, FloatArray]:
        """As a checkpoint names them, without the likelihood's."""
        parts = (("encoder", self.encoder), ("decoder", self.decoder))
        return {f"{part}.{name}": array for part, network in parts for name, array in network.tensors.items()}


@dataclass(frozen=True, eq=False)
class Judged:
    """A reading and its `error`: squared error of reconstructions over that of the mean image. 1 knows nothing."""

    reading: ModelReading
    error: float


@dataclass(frozen=True, eq=False)
class Ranking:
    """Readings, best first. `problems` says of those that can't be computed why."""

    judged: tuple[Judged, ...]
    problems: tuple[str, ...] = ()

    @property
    def best(self) -> Judged:
        """The first."""
        return self.judged[0]

    @property
    def is_clear(self) -> bool:
        """Whether the best is clearly better than the next one that is not the same."""
        return len(self.judged) < 2 or self.best.error <= CLEARLY * self.judged[1].error


def ranked(readings: Sequence[ModelReading], images: NDArray[np.uint8]) -> Ranking:
    """Readings by their error on images (N, C, H, W), at most 256 of them, evenly spread."""
    rows = np.linspace(0, len(images) - 1, min(len(images), MOST_IMAGES)).astype(np.int64)
    x = to_unit(torch.tensor(np.asarray(images[rows])))
    nothing = float((x - x.mean(0)).square().sum()) or 1.0
    judged, problems = [], []
    for reading in readings:
        try:
            error = reconstruction_error(reading, x) / nothing
        except (VAEError, RuntimeError) as problem:
            problems.append(f"{', '.join(reading.choices.values())}: {problem!s:.200}")
            continue
        judged.append(Judged(reading, error if np.isfinite(error) else float("inf")))
    return Ranking(tuple(sorted(judged, key=lambda one: one.error)), tuple(problems))


@torch.inference_mode()
def reconstruction_error(reading: ModelReading, x: torch.Tensor) -> float:
    """Σ (x − E[x|z = mu])² over images (N, C, H, W) in [0, 1]."""
    encoder, decoder = module_of(reading.encoder), module_of(reading.decoder)
    mean = likelihood_of(reading.likelihood).mean
    total = 0.0
    for batch in torch.split(x, 64):
        mu = encoder(batch)[:, : reading.latent_dim]
        total += float((batch - mean(decoder(mu))).square().double().sum())
    return total


def module_of(network: WeightedGraph) -> torch.nn.Module:
    """The network in torch, in evaluation mode."""
    module = networks.build(network.graph)
    module.load_state_dict({name: torch.tensor(array) for name, array in network.tensors.items()})
    return module.eval().requires_grad_(False)
