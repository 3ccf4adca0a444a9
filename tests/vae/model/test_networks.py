"""Layer descriptions and the torch modules built from them agree, for many image shapes."""

from __future__ import annotations

import dataclasses
import json

import pytest
import torch

from vae.config import ModelConfig
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
def test_descriptions_are_plain_json(architecture: str) -> None:
    description = layers.decoder_layers(small(architecture, (3, 17, 23)))
    plain = json.loads(json.dumps(layers.describe(description)))
    assert [entry["op"] for entry in plain] == [layer.op for layer in description]
    assert plain[0] == {"inputs": 2, "outputs": 5, "op": "linear"}


def test_an_odd_side_is_described_for_the_browser() -> None:
    description = layers.describe(layers.decoder_layers(small("conv", (3, 17, 23))))
    convolutions = [entry for entry in description if entry["op"] == "conv_transpose2d"]
    assert [entry["output_padding"] for entry in convolutions] == [(0, 1), (1, 1)]  # 4×5 -> 8×11 -> 17×23
    assert [(entry["inputs"], entry["outputs"]) for entry in convolutions] == [(4, 3), (3, 3)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("relu", [0.0, 0.0, 2.0]),
        ("leaky_relu", [-0.01, 0.0, 2.0]),
        ("silu", [-0.2689414, 0.0, 1.7615942]),
        ("tanh", [-0.7615942, 0.0, 0.9640276]),
        ("sigmoid", [0.2689414, 0.5, 0.8807971]),
    ],
)
def test_activations_have_their_known_values(name: str, expected: list[float]) -> None:
    found = networks.build((layers.Activation(name),))(torch.tensor([-1.0, 0.0, 2.0]))
    torch.testing.assert_close(found, torch.tensor(expected))


def test_upsample_repeats_pixels() -> None:
    x = torch.tensor([[[[1.0, 2.0]]]])
    found = networks.build((layers.Upsample(2),))(x)
    assert found.tolist() == [[[[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]]]


def test_a_reshape_is_undone_by_flatten() -> None:
    x = torch.arange(24.0).reshape(2, 12)
    shaped = networks.build((layers.Reshape((2, 3, 2)),))(x)
    assert shaped.shape == (2, 2, 3, 2)
    assert torch.equal(networks.build((layers.Flatten(),))(shaped), x)
