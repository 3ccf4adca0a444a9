"""Training configs refuse settings that don't go together, and say what was found and expected."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest

from tests.vae.helpers import TINY
from vae.config import TrainConfig, check_together
from vae.errors import ConfigError

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
    ({"kl_schedule": "cyclical"}, "kl_cycles is 0, expected a whole number from 1 to 20"),
    (
        {"kl_schedule": "cyclical", "kl_cycles": 4, "kl_warmup": 2},
        "kl_warmup is 2, expected a whole number from 0 to 0",
    ),
    ({"kl_warmup": 3}, "kl_warmup is 3, expected"),
    ({"kl_cycles": 3}, "kl_cycles is 3, expected"),
]


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
        {"objective": "iwae", "importance_samples": 1_000, "batch_size": 250, "binarization": "dynamic"},
        {"kl_schedule": "linear", "kl_warmup": 100_000, "beta": 0.0},  # longer than the training
        {"kl_schedule": "cyclical", "kl_cycles": 1, "free_bits": 100},
        {"kl_schedule": "cyclical", "kl_cycles": 20},
        {"patience": 100_000, "max_grad_norm": 1e9, "precision": "bfloat16", "lr_schedule": "cosine"},
    ],
)
def test_training_settings_at_the_bounds_survive_json(settings: dict[str, object]) -> None:
    config = TrainConfig("digits", **settings)
    restored = TrainConfig.from_dict(json.loads(json.dumps(config.to_dict())))
    assert restored == config
    assert {name: getattr(restored, name) for name in settings} == settings


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
