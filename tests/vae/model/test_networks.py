"""Layer descriptions and the torch modules built from them agree, for many image shapes."""

from __future__ import annotations

import dataclasses
import json

import pytest
import torch

from vae.config import ModelConfig
from vae.graph import nodes
from vae.graph.chain import Chain
from vae.graph.graph import Graph, describe, graph_of
from vae.model import layers, networks
from vae.model.vae import VAE

SHAPES = [(1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 17, 23), (1, 5, 4), (3, 64, 64)]
LATENT_DIMS = [1, 2, 128]


def small(architecture: str, shape: tuple[int, int, int], latent_dim: int = 2) -> ModelConfig:
    return ModelConfig(architecture, shape, latent_dim, (6, 5), (3, 4) if architecture == "conv" else ())


@pytest.mark.parametrize("latent_dim", LATENT_DIMS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("architecture", ["mlp", "conv"])
def test_every_shape_goes_in_and_comes_out(architecture: str, shape: tuple[int, int, int], latent_dim: int) -> None:
    model = VAE(small(architecture, shape, latent_dim))
    with torch.inference_mode():
        posterior = model.encode(torch.rand(3, *shape))
        pixels = model.decode_mean(torch.randn(3, latent_dim))
    assert posterior.mu.shape == posterior.logvar.shape == posterior.sigma.shape == (3, latent_dim)
    assert pixels.shape == (3, *shape)
    assert bool(((pixels >= 0) & (pixels <= 1)).all())


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("architecture", ["mlp", "conv"])
def test_parameter_shapes_are_those_of_the_module(
    architecture: str, shape: tuple[int, int, int], likelihood: str
) -> None:
    config = dataclasses.replace(small(architecture, shape), likelihood=likelihood)
    found = {name: tuple(tensor.shape) for name, tensor in VAE(config).state_dict().items()}
    assert layers.parameter_shapes(config) == found
    assert ("likelihood.logvar" in found) == (likelihood == "gaussian")


@pytest.mark.parametrize("hidden", [(), (7,)])
def test_a_conv_can_do_without_hidden_layers(hidden: tuple[int, ...]) -> None:
    config = ModelConfig("conv", (1, 9, 6), 2, hidden, (3,))
    assert VAE(config).decode(torch.zeros(1, 2)).shape == (1, 1, 9, 6)
    assert layers.parameter_shapes(config).keys() == VAE(config).state_dict().keys()


@pytest.mark.parametrize("architecture", ["mlp", "conv"])
def test_descriptions_are_plain_json_and_come_back(architecture: str) -> None:
    graph = layers.decoder_graph(small(architecture, (3, 17, 23)))
    plain = json.loads(json.dumps(graph.to_dict()))
    assert graph_of(plain, "a decoder") == graph
    assert plain["nodes"][0] == {"inputs": [-1], "features": 2, "outputs": 5, "bias": True, "op": "Gemm"}
    assert [node["output"] for node in describe(graph)["nodes"]] == list(graph.shapes)


def test_an_odd_side_is_described_for_the_browser() -> None:
    graph = layers.decoder_graph(small("conv", (3, 17, 23)))
    convolutions = [node for node in graph.nodes if isinstance(node, nodes.ConvTranspose)]
    assert [node.output_padding for node in convolutions] == [(0, 1), (1, 1)]  # 4×5 -> 8×11 -> 17×23
    assert [(node.channels, node.outputs) for node in convolutions] == [(4, 3), (3, 3)]
    assert graph.output == (3, 17, 23)


def built(chain: Chain) -> networks.Network:
    return networks.build(chain.graph())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Relu", [0.0, 0.0, 2.0]),
        ("Gelu", [-0.1586553, 0.0, 1.9544997]),
        ("GeluTanh", [-0.1588080, 0.0, 1.9545977]),
        ("Silu", [-0.2689414, 0.0, 1.7615942]),
        ("Softplus", [0.3132617, 0.6931472, 2.1269280]),
        ("Tanh", [-0.7615942, 0.0, 0.9640276]),
        ("Sigmoid", [0.2689414, 0.5, 0.8807971]),
        ("HardSwish", [-0.3333333, 0.0, 1.6666667]),
        ("HardSigmoid", [0.3333333, 0.5, 0.8333333]),
        ("Mish", [-0.3034015, 0.0, 1.9439590]),
        ("Selu", [-1.1113307, 0.0, 2.1014020]),
        ("Exp", [0.3678794, 1.0, 7.3890561]),
        ("Identity", [-1.0, 0.0, 2.0]),
    ],
)
def test_activations_have_their_known_values(name: str, expected: list[float]) -> None:
    found = built(Chain((3,)).activate(name))(torch.tensor([[-1.0, 0.0, 2.0]]))
    torch.testing.assert_close(found, torch.tensor([expected]))


def test_resizing_to_the_nearest_repeats_pixels() -> None:
    x = torch.tensor([[[[1.0, 2.0]]]])
    found = built(Chain((1, 1, 2)).add(nodes.Resize, (2, 4)))(x)
    assert found.tolist() == [[[[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]]]


def test_a_reshape_is_undone_by_another() -> None:
    x = torch.arange(24.0).reshape(2, 12)
    shaped = built(Chain((12,)).add(nodes.Reshape, (2, 3, 2)))(x)
    assert shaped.shape == (2, 2, 3, 2)
    assert torch.equal(built(Chain((2, 3, 2)).add(nodes.Reshape, (12,)))(shaped), x)


def test_a_branch_joins_what_was_kept_of_it() -> None:
    """x + relu(x), then both after one another: what a later node reads is still there."""
    graph = Graph(
        (2,),
        (
            nodes.Activation((-1,), "Relu"),
            nodes.Arithmetic((-1, 0), "Add"),
            nodes.Concat((1, -1), 0),
            nodes.Slice((2,), 0, 1, 4, 2),
        ),
    )
    assert graph.last_readers() == (1, 2, 3, 3)
    assert networks.build(graph)(torch.tensor([[-1.0, 3.0]])).tolist() == [[6.0, 3.0]]


@pytest.mark.parametrize(("mode", "expected"), [("CRD", [0, 1, 2, 3, 4, 5, 6, 7]), ("DCR", [0, 2, 4, 6, 1, 3, 5, 7])])
def test_channels_become_pixels_in_both_orders(mode: str, expected: list[int]) -> None:
    x = torch.arange(8.0).reshape(1, 8, 1, 1)
    found = built(Chain((8, 1, 1)).add(nodes.DepthToSpace, 2, mode))(x)
    assert found.shape == (1, 2, 2, 2)
    assert found.flatten().tolist() == expected
