"""Configs refuse what no model can have, say what was found and expected, and survive JSON."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest

from tests.vae.helpers import TINY, TINY_CONV
from vae.config import ModelConfig, TrainConfig, check_together, default_model_config
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
WRONG_TRAINING = [
    ({"epochs": 0}, "epochs is 0, expected"),
    ({"epochs": 1.5}, "epochs is 1.5, expected"),
    ({"epochs": True}, "epochs is True, expected"),
    ({"batch_size": 0}, "batch_size is 0, expected"),
    ({"learning_rate": 0.0}, "learning_rate is 0.0, expected a number from"),
    ({"learning_rate": -1e-3}, "learning_rate is -0.001, expected"),
    ({"learning_rate": math.nan}, "learning_rate is nan, expected"),
    ({"learning_rate": math.inf}, "learning_rate is inf, expected"),
    ({"learning_rate": "fast"}, "learning_rate is 'fast', expected"),
    ({"beta": -0.1}, "beta is -0.1, expected"),
    ({"beta": math.nan}, "beta is nan, expected"),
    ({"seed": -1}, "seed is -1, expected"),
    ({"seed": 2**63}, "seed is 9223372036854775808, expected"),
    ({"objective": "gan"}, "objective is 'gan', expected one of elbo, iwae, autoencoder"),
    ({"kl_schedule": "sine"}, "kl_schedule is 'sine', expected one of constant, linear, cyclical"),
    ({"binarization": "static"}, "binarization is 'static', expected one of none, dynamic"),
    ({"lr_schedule": None}, "lr_schedule is None, expected one of one_cycle, cosine, constant"),
    ({"precision": "float16"}, "precision is 'float16', expected one of auto, float32, bfloat16"),
    ({"free_bits": -0.1}, "free_bits is -0.1, expected a number from 0 to 100"),
    ({"free_bits": math.nan}, "free_bits is nan, expected"),
    ({"free_bits": 101}, "free_bits is 101, expected"),
    ({"patience": -1}, "patience is -1, expected a whole number from 0 to 100,000"),
    ({"patience": 2.5}, "patience is 2.5, expected"),
    ({"max_grad_norm": -1.0}, "max_grad_norm is -1.0, expected a number from 0"),
    ({"max_grad_norm": math.inf}, "max_grad_norm is inf, expected"),
    ({"objective": "iwae"}, "importance_samples is 1, expected a whole number from 2 to 1,000"),
    ({"objective": "iwae", "importance_samples": 1_001}, "importance_samples is 1001, expected"),
    ({"importance_samples": 5}, "importance_samples is 5, expected a whole number from 1 to 1"),
    ({"objective": "autoencoder", "importance_samples": 2}, "importance_samples is 2, expected"),
    ({"kl_schedule": "linear"}, "kl_warmup is 0, expected a whole number from 1 to 100,000"),
    ({"kl_schedule": "linear", "kl_warmup": 1.5}, "kl_warmup is 1.5, expected"),
    ({"kl_schedule": "linear", "kl_warmup": 2, "kl_cycles": 4}, "kl_cycles is 4, expected a whole number from 0 to 0"),
    ({"kl_schedule": "cyclical"}, "kl_cycles is 0, expected a whole number from 1 to 1,000"),
    (
        {"kl_schedule": "cyclical", "kl_cycles": 4, "kl_warmup": 2},
        "kl_warmup is 2, expected a whole number from 0 to 0",
    ),
    ({"kl_warmup": 3}, "kl_warmup is 3, expected"),
    ({"kl_cycles": 3}, "kl_cycles is 3, expected"),
]


@pytest.mark.parametrize(("change", "message"), WRONG_MODELS)
def test_wrong_model_settings_are_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        dataclasses.replace(TINY, **change)


@pytest.mark.parametrize(("change", "message"), WRONG_TRAINING)
def test_wrong_training_settings_are_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TrainConfig("digits", **change)


WITHOUT_KL = [{"objective": "iwae", "importance_samples": 5}, {"objective": "autoencoder"}]


@pytest.mark.parametrize("objective", WITHOUT_KL)
@pytest.mark.parametrize("weighing", [{"beta": 4.0}, {"kl_schedule": "linear", "kl_warmup": 2}, {"free_bits": 0.1}])
def test_what_weighs_a_kl_term_needs_an_objective_that_has_one(
    objective: dict[str, object], weighing: dict[str, object]
) -> None:
    assert TrainConfig("digits", **objective).objective == objective["objective"]
    assert TrainConfig("digits", **weighing).objective == "elbo"
    with pytest.raises(ConfigError, match=f"The {objective['objective']} objective was given a beta") as error:
        TrainConfig("digits", **objective, **weighing)
    assert "Only the elbo objective" in error.value.hint


@pytest.mark.parametrize(
    "settings",
    [
        {"objective": "iwae", "importance_samples": 2},
        {"objective": "iwae", "importance_samples": 1_000, "binarization": "dynamic"},
        {"kl_schedule": "linear", "kl_warmup": 100_000, "beta": 0.0},  # longer than the training
        {"kl_schedule": "cyclical", "kl_cycles": 1, "free_bits": 100},
        {"kl_schedule": "cyclical", "kl_cycles": 1_000},
        {"patience": 100_000, "max_grad_norm": 1e9, "precision": "bfloat16", "lr_schedule": "cosine"},
    ],
)
def test_training_settings_at_the_bounds_survive_json(settings: dict[str, object]) -> None:
    config = TrainConfig("digits", **settings)
    restored = TrainConfig.from_dict(json.loads(json.dumps(config.to_dict())))
    assert restored == config
    assert {name: getattr(restored, name) for name in settings} == settings


def test_configs_from_before_a_setting_existed_get_its_default() -> None:
    assert TrainConfig.from_dict({"dataset": "digits", "epochs": 3}) == TrainConfig("digits", 3)
    old = {name: value for name, value in TINY.to_dict().items() if name not in ("activation", "likelihood")}
    assert ModelConfig.from_dict(old) == TINY


@pytest.mark.parametrize(
    ("likelihood", "binarization", "fits"),
    [
        ("bernoulli", "none", True),
        ("bernoulli", "dynamic", True),
        ("gaussian", "none", True),
        ("gaussian", "dynamic", False),
    ],
)
def test_zeros_and_ones_have_no_gaussian_density(likelihood: str, binarization: str, fits: bool) -> None:
    model = dataclasses.replace(TINY, likelihood=likelihood)
    train = TrainConfig("digits", binarization=binarization)
    if fits:
        assert check_together(model, train) is None
        return
    with pytest.raises(ConfigError, match="Binarized pixels were asked for with a gaussian likelihood") as error:
        check_together(model, train)
    assert "bernoulli" in error.value.hint


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
