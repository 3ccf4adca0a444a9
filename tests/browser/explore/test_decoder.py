"""What the browser computes is what PyTorch computes: every kind of node, every shipped model."""

from __future__ import annotations

import base64
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest
import safetensors.numpy
import torch
from hypothesis import given, settings
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from tests.browser.drive.modules import IMPORT, ORIGIN, load
from tests.vae.graph.drawn import graphs
from ui.components.model_store import browser_model
from vae.checkpoints import checkpoint_files, loading
from vae.config import LIKELIHOODS, LINEAR_GAUSSIAN
from vae.graph import nodes
from vae.graph.chain import Chain
from vae.graph.graph import Graph, by_name, describe
from vae.model import networks
from vae.model.likelihoods import likelihood_of
from vae.storage import paths

LATENTS_PER_MODEL = 100
SHIPPED = sorted(p.name for p in (paths.PROJECT / "checkpoints").iterdir() if not p.name.startswith("."))
EXAMPLES = 12  # random graphs for each operation


@pytest.fixture(scope="module")
def page(browser: Browser) -> Any:
    """A blank page with network.js and store.js in it, and no app."""
    page = browser.new_page()
    load(
        page,
        "shared/safetensors.js",
        "model_store/network/network.js",
        "model_store/store.js",
        "model_store/keeping.js",
    )
    yield page
    page.close()


def decode_in_page(page: Page, content: bytes, z: NDArray[np.float32]) -> NDArray[np.float32]:
    """E[x|z] of a model that was sent as safetensors bytes: (N, pixels)."""
    pixels = page.evaluate(
        """([content, z]) => {
            window.latentSpaceExplorer.models.clear()
            keepModel(Uint8Array.from(atob(content), (c) => c.charCodeAt(0)))
            const [model] = window.latentSpaceExplorer.models.values()
            return z.map((one) => Array.from(model.decode(one)))
        }""",
        [base64.b64encode(content).decode(), z.astype(float).tolist()],
    )
    return np.array(pixels, dtype=np.float32)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_checkpoint_decodes_as_in_pytorch(page: Page, name: str) -> None:
    checkpoint = checkpoint_files.read(name, paths.PROJECT / "checkpoints")
    z = np.random.default_rng(1).normal(size=(LATENTS_PER_MODEL, checkpoint.model.latent_dim)).astype(np.float32) * 1.5
    with torch.inference_mode():
        expected = loading.load_model(checkpoint).decode_mean(torch.tensor(z)).flatten(1).numpy()
    found = decode_in_page(
        page, browser_model.pack(checkpoint, checkpoint_files.read_weights(checkpoint), checkpoint.maps), z
    )
    assert expected.std() > 0.05  # pictures, not a constant
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("likelihood", [*LIKELIHOODS, LINEAR_GAUSSIAN])
def test_every_likelihood_shows_the_mean_that_pytorch_shows(page: Page, likelihood: str) -> None:
    output = np.linspace(-3, 3, 20, dtype=np.float32)
    expected = likelihood_of(likelihood).mean(torch.tensor(output)).numpy()
    found = page.evaluate(
        """([graph, likelihood, output]) => {
            const run = buildNetwork(withMean(graph, likelihood), {}, "decoder")
            return Array.from(run(output))
        }""",
        [describe(Chain((20,)).activate("Identity").graph()), likelihood, output.tolist()],
    )
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def evaluate(page: Page, graph: Graph, x: torch.Tensor, network: networks.Network) -> list[NDArray[np.float32]]:
    """What each evaluator of the browser makes of x (N, *input), (N, numbers) each."""
    tensors = {f"decoder.{n}": t.detach().numpy() for n, t in network.state_dict().items()}
    found = page.evaluate(
        """([content, graph, x]) => {
            const { tensors } = parseTensors(Uint8Array.from(atob(content), (c) => c.charCodeAt(0)))
            return Object.values(machines()).map((Machine) => {
                const run = buildNetwork(graph, tensors, "decoder", Machine)
                return x.map((one) => Array.from(run(one)))
            })
        }""",
        [base64.b64encode(safetensors.numpy.save(tensors)).decode(), describe(graph), x.flatten(1).tolist()],
    )
    return [np.array(one, np.float32) for one in found]


def with_mild_weights(graph: Graph) -> networks.Network:
    """Its network with random weights of which none is special: no zeros, no ones."""
    torch.manual_seed(3)
    network = networks.build(graph)
    for name, tensor in network.named_parameters():
        if name.endswith("constant"):
            torch.nn.init.uniform_(tensor, 0.5, 2)
        elif tensor.ndim == 1:
            torch.nn.init.normal_(tensor, 0, 0.5)
    return network


@pytest.mark.parametrize("op", sorted(by_name()))
def test_every_node_computes_as_in_pytorch(page: Page, op: str) -> None:
    """In random graphs, for both evaluators; and each kind is met."""
    met: set[str] = set()

    @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, database=None)
    @given(graphs(op))
    def compare(graph: Graph) -> None:
        met.update(node.name for node in graph.nodes)
        network = with_mild_weights(graph)
        x = torch.randn(2, *graph.input)
        with torch.inference_mode():
            expected = network(x).flatten(1).numpy()
        for found in evaluate(page, graph, x, network):
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * max(1, np.abs(expected).max()))

    compare()
    assert op in met


@pytest.mark.parametrize("name", get_args(get_type_hints(nodes.Activation)["op"]))
def test_activations_are_within_a_millionth(page: Page, name: str) -> None:
    """For both evaluators, also where an exponential is out of reach."""
    x = np.concatenate([np.linspace(-12, 12, 997), [-1e4, -200, -88, 0, 80, 200, 1e4]]).astype(np.float32)
    x = x[x <= 80] if name == "Exp" else x
    graph = Chain((len(x),)).activate(name).graph()
    network = networks.build(graph)
    with torch.inference_mode():
        expected = network(torch.tensor(x)[None])[0].numpy()
    for found in evaluate(page, graph, torch.tensor(x)[None], network):
        np.testing.assert_allclose(found[0], expected, rtol=1e-6, atol=1e-6)


def test_both_evaluators_are_here_and_a_page_that_forbids_one_has_the_other(browser: Browser, page: Page) -> None:
    assert page.evaluate("Object.keys(machines())") == ["javascript", "webassembly"]
    strict = browser.new_page()
    load(strict, "model_store/network/network.js")
    rules = {"Content-Security-Policy": "script-src 'self'"}
    strict.route(f"{ORIGIN}/", lambda route: route.fulfill(body="<title>Strict</title>", headers=rules))
    strict.goto(f"{ORIGIN}/")
    strict.evaluate(IMPORT, ["model_store/network/network.js"])
    assert strict.evaluate("Object.keys(machines())") == ["javascript"]
    graph = describe(Chain((3,)).activate("Relu").graph())
    assert strict.evaluate("(graph) => Array.from(buildNetwork(graph, {}, '')([-1, 0, 2]))", graph) == [0, 0, 2]
    strict.close()


def test_a_decoder_gives_the_same_picture_twice(page: Page) -> None:
    """Buffers are reused between pictures; nothing of the one before may remain."""
    checkpoint = checkpoint_files.read(SHIPPED[0], paths.PROJECT / "checkpoints")
    content = browser_model.pack(checkpoint, checkpoint_files.read_weights(checkpoint), checkpoint.maps)
    z = np.ones((1, checkpoint.model.latent_dim), np.float32)
    far = np.concatenate([z, -2 * z, z])
    first, other, again = decode_in_page(page, content, far)
    assert (first == again).all()
    assert np.abs(first - other).max() > 0.01


def test_an_unknown_node_is_refused_by_name(page: Page) -> None:
    said = page.evaluate(
        """() => {
            const graph = { input: [2], nodes: [{ op: "attention", inputs: [-1], output: [2] }] }
            try { buildNetwork(graph, {}, "decoder") } catch (e) { return e.message }
        }"""
    )
    assert "attention" in said


def test_neighbours_and_places_are_those_of_numpy(page: Page) -> None:
    checkpoint = checkpoint_files.read("digits-mlp-8", paths.PROJECT / "checkpoints")
    mu, pca = checkpoint.latents.mu, checkpoint.maps["pca"]
    z = np.full(8, 0.3, np.float32)
    decode_in_page(
        page, browser_model.pack(checkpoint, checkpoint_files.read_weights(checkpoint), checkpoint.maps), z[None]
    )
    near, on_pca, on_tsne, at_row = page.evaluate(
        """(z) => {
            const [model] = window.latentSpaceExplorer.models.values()
            const map = (method) => ({ method, axes: [0, 1] })
            return [nearestRows(model, z, 5), placeOnMap(model, map("pca"), z, null),
                    placeOnMap(model, map("tsne"), z, null), placeOnMap(model, map("tsne"), z, 7)]
        }""",
        z.astype(float).tolist(),
    )
    beyond = page.evaluate(  # on a map of the first ten images only, the eleventh is placed by these
        """() => {
            const [model] = window.latentSpaceExplorer.models.values()
            const first = { data: model.tensors["tsne.xy"].data.subarray(0, 20) }
            const few = { ...model, tensors: { ...model.tensors, "tsne.xy": first } }
            return placeOnMap(few, { method: "tsne" }, meanOfRow(model, 10), 10)
        }"""
    )
    few = checkpoint.maps["tsne"].xy[:10]
    assert not beyond["exact"]
    assert (few.min(0) <= (beyond["x"], beyond["y"])).all() and ((beyond["x"], beyond["y"]) <= few.max(0)).all()
    distances = np.linalg.norm(mu - z, axis=1)
    assert [n["row"] for n in near] == np.argsort(distances)[:5].tolist()
    assert pca.linear is not None
    np.testing.assert_allclose([on_pca["x"], on_pca["y"]], pca.linear.components @ (z - pca.linear.mean), atol=1e-5)
    xy = checkpoint.maps["tsne"].xy[np.argsort(distances)[:5]]
    assert not on_tsne["exact"]
    assert xy[:, 0].min() <= on_tsne["x"] <= xy[:, 0].max()
    np.testing.assert_allclose([at_row["x"], at_row["y"]], checkpoint.maps["tsne"].xy[7], atol=1e-5)
