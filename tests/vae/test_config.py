"""Configs refuse what no model can have, say what was found and expected, and survive JSON."""

from __future__ import annotations

import dataclasses
import json

import pytest

from tests.vae.helpers import TINY, TINY_CONV
from vae.config import ModelConfig, TrainConfig, default_model_config
from vae.errors import ConfigError

WRONG_MODELS = [
    ({"latent_dim": 0}, "latent_dim is 0, expected a whole number from 1 to 128"),
    ({"latent_dim": -3}, "latent_dim is -3, expected"),
    ({"latent_dim": 129}, "latent_dim is 129, expected"),
    ({"latent_dim": 10_000}, "latent_dim is 10000, expected"),
    ({"latent_dim": True}, "latent_dim is True, expected"),
    ({"latent_dim": 2.5}, "latent_dim is 2.5, expected"),
    ({"latent_dim": "2"}, "latent_dim is '2', expected"),
    ({"latent_dim": None}, "latent_dim is None, expected"),
    ({"architecture": "transformer"}, "architecture is 'transformer', expected one of mlp, conv"),
    ({"architecture": None}, "architecture is None, expected one of"),
    ({"likelihood": "cauchy"}, "likelihood is 'cauchy', expected"),
    ({"image_shape": (8, 8)}, r"image_shape is \(8, 8\), expected \(channels, height, width\)"),
    ({"image_shape": (0, 8, 8)}, "image channels is 0, expected"),
    ({"image_shape": (1, 8, 2_000)}, "image width is 2000, expected"),
    ({"image_shape": (1, 0, 8)}, "image height is 0, expected"),
    ({"hidden": (16, 0)}, "hidden width is 0, expected"),
    ({"hidden": (True,)}, "hidden width is True, expected"),
    ({"hidden": (16,) * 9}, "hidden is .* expected at most eight"),
    ({"hidden": ()}, "no hidden layers, expected at least one"),
    ({"channels": (8,)}, "given channels, which only a conv has"),
]


@pytest.mark.parametrize(("change", "message"), WRONG_MODELS)
def test_wrong_model_settings_are_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        dataclasses.replace(TINY, **change)


def test_configs_from_before_a_setting_existed_get_its_default() -> None:
    assert TrainConfig.from_dict({"dataset": "digits", "epochs": 3}) == TrainConfig("digits", 3)
    old = {name: value for name, value in TINY.to_dict().items() if name not in ("activation", "likelihood")}
    assert ModelConfig.from_dict(old) == TINY


@pytest.mark.parametrize("architecture", ["mlp", "conv"])
def test_the_likelihood_is_bernoulli_unless_given(architecture: str) -> None:
    assert default_model_config(architecture, (1, 8, 8), 2).likelihood == "bernoulli"
    assert default_model_config(architecture, (1, 8, 8), 2, likelihood="gaussian").likelihood == "gaussian"


def test_conv_needs_channels_and_large_enough_images() -> None:
    with pytest.raises(ConfigError, match="no channels"):
        dataclasses.replace(TINY_CONV, channels=())
    with pytest.raises(ConfigError, match="halve an image side of 8 to nothing") as error:
        dataclasses.replace(TINY_CONV, channels=(4, 4, 4, 4))
    assert "at most 3 channels" in error.value.hint
    assert dataclasses.replace(TINY_CONV, channels=(4, 4, 4)).channels == (4, 4, 4)


@pytest.mark.parametrize("latent_dim", [1, 2, 128])
def test_latent_dims_at_the_bounds(latent_dim: int) -> None:
    assert dataclasses.replace(TINY, latent_dim=latent_dim).latent_dim == latent_dim


@pytest.mark.parametrize("config", [TINY, TINY_CONV, TrainConfig("mnist", 3, 7, 1e-3, 4.0, 9)])
def test_round_trip_through_json(config: ModelConfig | TrainConfig) -> None:
    restored = type(config).from_dict(json.loads(json.dumps(config.to_dict())))
    assert restored == config
    assert hash(restored) == hash(config)  # lists came back as tuples


@pytest.mark.parametrize("values", [[], None, "mlp", 3])
def test_from_dict_of_something_else(values: object) -> None:
    with pytest.raises(ConfigError, match=f"{type(values).__name__}, expected an object"):
        ModelConfig.from_dict(values)


def test_from_dict_names_unknown_and_missing_settings() -> None:
    values = TINY.to_dict() | {"dropout": 0.1}
    del values["latent_dim"]
    with pytest.raises(ConfigError, match=r"unknown settings \['dropout'\] and lacks \['latent_dim'\]"):
        ModelConfig.from_dict(values)


def test_configs_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        TINY.latent_dim = 3  # type: ignore[misc]


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 17, 23), (1, 5, 4), (3, 64, 64), (1, 2, 9)])
@pytest.mark.parametrize("architecture", ["mlp", "conv"])
def test_defaults_suit_every_image_size(architecture: str, shape: tuple[int, int, int]) -> None:
    config = default_model_config(architecture, shape, 2)
    assert (config.architecture, config.image_shape, config.latent_dim) == (architecture, shape, 2)
    assert bool(config.channels) == (architecture == "conv")


def test_given_widths_replace_the_defaults() -> None:
    assert default_model_config("mlp", (1, 8, 8), 2, hidden=(7, 5)).hidden == (7, 5)
    conv = default_model_config("conv", (1, 8, 8), 2, hidden=(), channels=(3,))
    assert (conv.hidden, conv.channels) == ((), (3,))


def test_the_activation_suits_the_architecture_unless_given() -> None:
    assert [default_model_config(a, (1, 8, 8), 2).activation for a in ("mlp", "conv")] == ["relu", "silu"]
    assert default_model_config("mlp", (1, 8, 8), 2, activation="silu").activation == "silu"
    assert default_model_config("conv", (1, 8, 8), 2, activation="relu").activation == "relu"
    with pytest.raises(ConfigError, match="activation is 'tanh', expected one of relu, silu"):
        default_model_config("mlp", (1, 8, 8), 2, activation="tanh")
