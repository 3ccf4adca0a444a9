"""A checkpoint as the browser has it: which ones it can decode or encode, as bytes, and by what name.

No torch, no streamlit.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.checkpoints.metrics import measured_by
from vae.graph.graph import Graph, describe
from vae.maps.projection import ProjectionMap
from vae.model.layers import decoder_graph, encoder_graph

# About 60 ms a picture on a machine half as fast as the one of docs/speed.md: beyond, decoding in Python feels better.
BROWSER_MULTIPLICATIONS = 400_000_000
BROWSER_WEIGHTS = 32_000_000  # 128 MB: they are sent in one message, of which Streamlit allows 200 MB
BROWSER_VALUES = 16_000_000  # results of all nodes together, which are moved and changed one by one


def can_decode(checkpoint: Checkpoint) -> bool:
    """Whether one picture stays quick in a browser, which knows every kind of node."""
    return is_quick(decoder_graph(checkpoint.model))


def can_encode(checkpoint: Checkpoint) -> bool:
    """Whether one image's posterior stays quick in a browser, of images that a browser can draw."""
    return checkpoint.model.image_shape[0] in (1, 3) and is_quick(encoder_graph(checkpoint.model))


def is_quick(graph: Graph) -> bool:
    """Whether a browser can be sent this network, and evaluates it in time."""
    return (
        graph.foreign is None
        and graph.multiplications() < BROWSER_MULTIPLICATIONS
        and sum(map(math.prod, graph.tensors().values())) < BROWSER_WEIGHTS
        and sum(map(math.prod, graph.shapes)) < BROWSER_VALUES
    )


def pack(
    checkpoint: Checkpoint,
    weights: dict[str, FloatArray],
    maps: Mapping[str, ProjectionMap],
    more: Mapping[str, NDArray[Any]] | None = None,
) -> bytes:
    """One safetensors file for store.js: mu and numbers of every image, places on every map, the decoder's weights
    where a browser can evaluate them, and what `more` there is, by name.
    """
    decodes = can_decode(checkpoint)
    tensors: dict[str, NDArray[Any]] = {n: a for n, a in weights.items() if decodes and n.startswith("decoder.")}
    latents = checkpoint.latents
    tensors |= {
        "mu": latents.mu,
        "labels": latents.labels.astype(np.int32),
        "log_likelihood": latents.log_likelihood,
        "kl": latents.kl,
        "elbo": latents.elbo,
        "squared_error": latents.squared_error,
    }
    for method, projection in maps.items():
        tensors[f"{method}.xy"] = projection.xy
        if projection.linear:
            tensors[f"{method}.mean"] = projection.linear.mean
            tensors[f"{method}.components"] = projection.linear.components
    by = measured_by(checkpoint.model, checkpoint.train)
    about = {
        "fingerprint": fingerprint(checkpoint, maps),
        "decoder": describe(decoder_graph(checkpoint.model)) if decodes else None,
        "likelihood": checkpoint.model.likelihood,
        "terms": by.terms,
        "standing": by.standing,
        "has_kl": by.has_kl,
        "latent_dim": checkpoint.model.latent_dim,
    }
    contiguous = {name: np.ascontiguousarray(array) for name, array in (tensors | dict(more or {})).items()}
    return safetensors.numpy.save(contiguous, {"model": json.dumps(about)})


def pack_encoder(checkpoint: Checkpoint, weights: dict[str, FloatArray]) -> bytes:
    """One safetensors file for encoders.js: the encoder's weights, and what its decoder's numbers mean."""
    parts = ("encoder.", "likelihood.")
    tensors = {name: np.ascontiguousarray(array) for name, array in weights.items() if name.startswith(parts)}
    by = measured_by(checkpoint.model, checkpoint.train)
    about = {
        "identity": checkpoint.identity,
        "graph": describe(encoder_graph(checkpoint.model)),
        "likelihood": checkpoint.model.likelihood,
        "binarized": by.binarized,
    }
    return safetensors.numpy.save(tensors, {"encoder": json.dumps(about)})


def fingerprint(checkpoint: Checkpoint, maps: Mapping[str, ProjectionMap]) -> str:
    """Names exactly what `pack` holds: the checkpoint, how many of its images, and their maps with their parameters."""
    about = {method: m.parameters for method, m in sorted(maps.items())}
    return f"{checkpoint.identity}:{len(checkpoint.latents.mu)}:{json.dumps(about, sort_keys=True)}"
