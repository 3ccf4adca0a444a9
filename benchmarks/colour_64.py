"""Models at 64 × 64 × 3 for a server of a benchmark's own: the decoder that people copy most, with random weights.

Its weights don't change how long it takes. What an image is encoded to is a linear function of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from onnx import helper

from benchmarks.decoders import LATENTS, Decoder, copied
from tests.browser.drive.server import AppServer
from tests.vae.adoption.models import pictures
from vae.adoption import from_onnx
from vae.adoption.adopting import Destination
from vae.adoption.candidates import Wishes
from vae.data import import_arrays
from vae.export.onnx_writing import to_onnx
from vae.graph import nodes
from vae.graph.chain import Chain

SHAPE, IMAGES, DATASET = (3, 64, 64), 150, "discs"
WISHES = Wishes("unit", logits=True, likelihood="gaussian")


@contextmanager
def serving(folder: Path, *models: str) -> Iterator[AppServer]:
    """An app with these models: `wasm` is decoded by the browser, `foreign` by ONNX Runtime on the server."""
    server = AppServer(folder, {"VAE_DATA": str(folder / "data")})
    os.environ |= server.env
    import_arrays.write(DATASET, pictures(IMAGES, SHAPE), np.arange(IMAGES) % 3)
    for name in models:
        from_onnx.adopt(Destination(name), _files(name), DATASET, WISHES)
    with server:
        yield server


def _files(name: str) -> list[tuple[str, bytes]]:
    count = int(np.prod(SHAPE))
    encoder = Chain(SHAPE).add(nodes.Reshape, (count,)).add(nodes.Gemm, count, 2 * LATENTS, False).graph()
    weight = np.random.default_rng(0).normal(size=(2 * LATENTS, count)).astype(np.float32) / count**0.5
    torch.manual_seed(0)  # other weights give pictures that differ less
    decoder = copied("64")
    tensors = {key.removeprefix("decoder."): array for key, array in decoder.weights.items()}
    last = f"{len(decoder.graph.nodes) - 1}.weight"
    tensors[last] = tensors[last] * _contrast(decoder)
    drawn = to_onnx(decoder.graph, tensors, "z", "pixels", "made by a benchmark")
    if name == "foreign":  # an operation that the app doesn't know, before all others
        for node in drawn.graph.node:
            node.input[:] = ["turned" if given == "z" else given for given in node.input]
        drawn.graph.node.insert(0, helper.make_node("Sin", ["z"], ["turned"]))
    read = to_onnx(encoder, {"1.weight": weight}, "image", "posterior", "made by a benchmark")
    return [("encoder.onnx", read.SerializeToString()), ("decoder.onnx", drawn.SerializeToString())]


def _contrast(decoder: Decoder) -> float:
    """What makes pictures of random weights differ: by 8 in their logits, all latent numbers together."""
    z = torch.randn(32, LATENTS, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        logits = torch.logit(decoder.decode(z))
    return 8 / float((logits - logits.mean(0)).std())
