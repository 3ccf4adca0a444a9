"""Names that nobody chose tell runs apart, and are names of checkpoints."""

from __future__ import annotations

from typing import Any

import pytest

from vae.checkpoints.checkpoint_files import NAME_PATTERN
from vae.config import TrainConfig, default_model_config
from vae.training.naming import name_of


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, "digits-mlp-10"),
        ({"beta": 4.0}, "digits-mlp-10-beta4"),
        ({"beta": 0.5, "free_bits": 0.1}, "digits-mlp-10-beta0.5-freebits0.1"),
        ({"objective": "autoencoder"}, "digits-mlp-10-autoencoder"),
        ({"objective": "iwae", "importance_samples": 5}, "digits-mlp-10-iwae5"),
        ({"binarization": "dynamic", "seed": 3}, "digits-mlp-10-binarized-seed3"),
        ({"classes": ("3",)}, "digits-mlp-10-only-3"),
        ({"classes": ("1", "2", "3")}, "digits-mlp-10-3-classes"),
        ({"classes": ("two words/é",)}, "digits-mlp-10-only-two-words"),
    ],
)
def test_a_name_says_what_a_run_was_trained_for(settings: dict[str, Any], name: str) -> None:
    model = default_model_config("mlp", (1, 8, 8), 10)
    assert name_of(model, TrainConfig("digits", **settings)) == name
    assert NAME_PATTERN.fullmatch(name)


def test_a_word_of_its_own_and_an_unusual_likelihood() -> None:
    model = default_model_config("mlp", (1, 8, 8), 10, likelihood="gaussian")
    train = TrainConfig("digits", beta=5.1)
    assert name_of(model, train, "collapse") == "digits-mlp-10-collapse"
    assert name_of(model, train, usual_likelihood="bernoulli") == "digits-mlp-10-gaussian-beta5.1"
    long = name_of(model, TrainConfig("d" * 60, classes=("c" * 60,)))
    assert NAME_PATTERN.fullmatch(f"{long}-zz")
