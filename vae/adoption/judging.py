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
MOST_AT_ONCE = 2**24  # numbers of one node
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
    x = to_unit(torch.tensor(np.asarray(evenly(images, MOST_IMAGES))))
    nothing = float((x - x.mean(0)).square().sum()) or 1.0
    judged, problems = [], []
    for reading in readings:
        try:
            error = reconstruction_error(reading, x) / nothing
        except (VAEError, RuntimeError) as problem:
            problems.append(f"{', '.join(reading.choices.values())}: {problem!s:.200}")
            continue
        if np.isfinite(error):
            judged.append(Judged(reading, error))
        else:
            problems.append(f"{', '.join(reading.choices.values())}: numbers that are not finite")
    return Ranking(tuple(sorted(judged, key=lambda one: one.error)), tuple(problems))


def evenly(images: NDArray[np.uint8], most: int) -> NDArray[np.uint8]:
    """At most so many of the images, evenly spread."""
    return images[np.linspace(0, len(images) - 1, min(len(images), most)).astype(np.int64)]


@torch.inference_mode()
def reconstruction_error(reading: ModelReading, x: torch.Tensor) -> float:
    """Σ (x − E[x|z = mu])² over images (N, C, H, W) in [0, 1]."""
    return float(errors(reading.decoder, reading.likelihood, [means(reading.encoder, reading.latent_dim, x)], x)[0])


@torch.inference_mode()
def means(encoder: WeightedGraph, latent_dim: int, x: torch.Tensor) -> torch.Tensor:
    """mu (N, d) of images (N, C, H, W) in [0, 1]."""
    module = module_of(encoder)
    return torch.cat([module(batch)[:, :latent_dim] for batch in torch.split(x, _at_once(encoder))])


@torch.inference_mode()
def errors(
    decoder: WeightedGraph, likelihood: str, several: Sequence[torch.Tensor], x: torch.Tensor
) -> NDArray[np.float64]:
    """For each of `several` latents (N, d) of the images (N, C, H, W): Σ (x − E[x|z])²."""
    module, mean, step = module_of(decoder), likelihood_of(likelihood).mean, _at_once(decoder)
    found = np.zeros(len(several))
    for k, z in enumerate(several):
        for part, batch in zip(torch.split(z, step), torch.split(x, step), strict=True):
            found[k] += float((batch - mean(module(part))).square().double().sum())
    return found


def _at_once(network: WeightedGraph) -> int:
    """How many images, so that no node's output takes more than 64 MB."""
    graph = network.graph
    largest = max(node.held(shape) for node, shape in zip(graph.nodes, graph.shapes, strict=True))
    return max(1, min(64, MOST_AT_ONCE // largest))


def module_of(network: WeightedGraph) -> torch.nn.Module:
    """The network in torch, in evaluation mode. Raises ConfigError for one that nobody has memory for."""
    network.graph.check_size()
    module = networks.build(network.graph)
    module.load_state_dict({name: torch.tensor(array) for name, array in network.tensors.items()})
    return module.eval().requires_grad_(False)
