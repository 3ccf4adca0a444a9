"""How long a decoder takes for one picture: in the browser's WebAssembly, in its JavaScript, and in PyTorch.

In one run: headless Chromium, one tab, and PyTorch with one thread on the same machine, by turns; what stands is the
median of the turns. A turn decodes one latent vector after another, from z to the pixels' means, for 40 ms or one
picture. Nothing is drawn, and nothing is sent between the programs meanwhile.

Decoders: every shipped model; `64`, the most copied convolutional VAE's at 64 × 64 × 3 (128 latents, 512 × 2 × 2, five
transposed convolutions of 3 × 3 to 256, 128, 64, 32 and 32 channels, a convolution to 3; LeakyReLU; its normalizations
folded); `128`, the same with one stage more. The weights of these two are random: they don't change how long it takes.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import safetensors.numpy
import torch
from numpy.typing import NDArray
from playwright.sync_api import Page, sync_playwright
from torch import Tensor

from benchmarks import report
from tests.browser.drive.chromium import launch
from tests.browser.drive.modules import load
from vae.checkpoints import checkpoint_files, loading
from vae.graph import nodes
from vae.graph.chain import Chain
from vae.graph.graph import Graph, describe
from vae.model import layers, networks
from vae.model.likelihoods import likelihood_of
from vae.storage import paths

WARM_UP_MS = 300
TURNS, TURN_MS, DIFFERENT_Z = 41, 40, 16  # short ones: what else the machine does lands on some of them only
CHANNELS = {"64": (512, 256, 128, 64, 32), "128": (512, 512, 256, 128, 64, 32)}
LATENTS = 128

PREPARE = """([name, content, graph, likelihood, z]) => {
    const { tensors } = parseTensors(Uint8Array.from(atob(content), (c) => c.charCodeAt(0)))
    window.decoders ??= {}
    window.decoders[name] = Object.fromEntries(
        Object.entries(machines()).map(([machine, Machine]) => [
            machine, { z, decode: buildNetwork(withMean(graph, likelihood), tensors, "decoder", Machine) }
        ])
    )
}"""
TAKE_TURN = """([name, machine, ms]) => {
    const { z, decode } = window.decoders[name][machine]
    const start = performance.now()
    let pictures = 0
    do decode(z[pictures++ % z.length]); while (performance.now() - start < ms)
    return (performance.now() - start) / pictures
}"""
DECODE = """([name, machine, i]) => {
    const { z, decode } = window.decoders[name][machine]
    return Array.from(decode(z[i]))
}"""


@dataclass(frozen=True)
class Decoder:
    """One to measure; `decode` is PyTorch's, (N, d) -> (N, C, H, W)."""

    name: str
    graph: Graph
    likelihood: str
    weights: dict[str, NDArray[np.float32]]
    decode: Callable[[Tensor], Tensor]


def main() -> None:
    """Measure all and report."""
    arguments = report.parser(__doc__.splitlines()[0] if __doc__ else "").parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    with sync_playwright() as playwright, torch.inference_mode():
        browser = launch(playwright)
        page = browser.new_page()
        load(page, "shared/safetensors.js", "model_store/network/network.js")
        values: report.Values = {}
        for decoder in (*shipped(), *map(copied, CHANNELS)):
            values |= measure(page, decoder)
        values["chromium"] = browser.version
        browser.close()
    report.show(values | report.machine(), arguments.json)


def shipped() -> Iterator[Decoder]:
    """The models that come with the project."""
    folder = paths.PROJECT / "checkpoints"
    for name in sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")):
        checkpoint = checkpoint_files.read(name, folder)
        yield Decoder(
            name,
            layers.decoder_graph(checkpoint.model),
            checkpoint.model.likelihood,
            checkpoint_files.read_weights(checkpoint),
            loading.load_model(checkpoint).decode_mean,
        )


def copied(name: str) -> Decoder:
    """The decoder that `name` stands for in CHANNELS."""
    first, *others = CHANNELS[name]
    chain = Chain((LATENTS,)).add(nodes.Gemm, LATENTS, first * 4).add(nodes.Reshape, (first, 2, 2))
    width = first
    for channels in (*others, others[-1]):
        chain.add(nodes.ConvTranspose, width, channels, (3, 3), (2, 2), (1, 1, 1, 1), (1, 1)).add(nodes.LeakyRelu)
        width = channels
    graph = chain.add(nodes.Conv, width, 3, (3, 3), pads=(1, 1, 1, 1)).graph()
    network = networks.build(graph)
    weights = {f"decoder.{role}": tensor.numpy() for role, tensor in network.state_dict().items()}
    return Decoder(name, graph, "gaussian", weights, lambda z: likelihood_of("gaussian").mean(network(z)))


def measure(page: Page, decoder: Decoder) -> report.Values:
    """Milliseconds a picture of one decoder, by turns, and by how much the browser's pixels differ from PyTorch's."""
    z = torch.randn(DIFFERENT_Z, *decoder.graph.input)
    own = {name: tensor for name, tensor in decoder.weights.items() if name.startswith("decoder.")}
    content = base64.b64encode(safetensors.numpy.save(own)).decode()
    page.evaluate(PREPARE, [decoder.name, content, describe(decoder.graph), decoder.likelihood, z.tolist()])
    times: dict[str, list[float]] = {"webassembly": [], "javascript": [], "torch": []}
    for turn in range(TURNS + 1):
        length = TURN_MS if turn else WARM_UP_MS
        for name in times:
            taken = (
                take_turn(decoder, z, length)
                if name == "torch"
                else page.evaluate(TAKE_TURN, [decoder.name, name, length])
            )
            times[name] += [taken] * (turn > 0)
    wasm, js, torch_ms = (float(np.median(times[name])) for name in ("webassembly", "javascript", "torch"))
    pixels = page.evaluate(DECODE, [decoder.name, "webassembly", 0])
    difference = np.abs(np.array(pixels) - decoder.decode(z[:1]).flatten().numpy()).max()
    key = decoder.name
    ours = {f"wasm_{key}_ms": wasm, f"js_{key}_ms": js, f"torch_{key}_ms": torch_ms}
    ours |= {f"js_over_wasm_{key}": js / wasm, f"wasm_over_torch_{key}": wasm / torch_ms}
    if key not in CHANNELS:
        ours = {f"{key}_wasm_ms": wasm, f"{key}_js_ms": js, f"{key}_torch_ms": torch_ms}
    return {
        f"{key}_multiplications": decoder.graph.multiplications(),
        **{name: round(value, 3) for name, value in ours.items()},
        f"{key}_difference": float(f"{difference:.1e}"),
    }


def take_turn(decoder: Decoder, z: Tensor, length: float) -> float:
    """Milliseconds a picture in PyTorch, in a turn of `length` milliseconds."""
    start, pictures = time.perf_counter(), 0
    while time.perf_counter() - start < length / 1000:
        decoder.decode(z[pictures % len(z)][None])
        pictures += 1
    return 1000 * (time.perf_counter() - start) / pictures


if __name__ == "__main__":
    main()
