"""Losses are compared within a group only, and groups tell apart what may not be compared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from vae.checkpoints.loss_group import LossGroup, loss_group
from vae.config import ModelConfig, TrainConfig, default_model_config

MODEL = default_model_config("mlp", (1, 8, 8), 2)
TRAIN = TrainConfig("digits")


def group(model: ModelConfig = MODEL, **settings: Any) -> LossGroup:
    return loss_group(model, replace(TRAIN, **settings))


@pytest.mark.parametrize(
    "other",
    [
        group(replace(MODEL, likelihood="gaussian")),
        group(binarization="dynamic"),
        group(objective="autoencoder"),
        group(objective="iwae", importance_samples=5),
        group(dataset="mnist"),
        group(classes=("3",)),
    ],
)
def test_what_may_not_be_compared_is_in_another_group(other: LossGroup) -> None:
    assert other != group()
    assert other.title != group().title


def test_an_importance_weighted_bound_is_compared_with_those_of_as_many_samples() -> None:
    five, also, fifty = (
        group(objective="iwae", importance_samples=k, learning_rate=lr) for k, lr in ((5, 1e-3), (5, 2e-3), (50, 1e-3))
    )
    assert five == also != fifty
    assert (five.kind, fifty.kind) == ("−IWAE bound, k = 5", "−IWAE bound, k = 50")


def test_other_settings_leave_a_model_in_its_group() -> None:
    others = (group(beta=4.0), group(epochs=100, seed=3), group(default_model_config("conv", (1, 8, 8), 16)))
    assert set(others) == {group()}
    assert group().title == "digits · Bernoulli · −ELBO"
    assert group(classes=("7", "1")).title == "digits · Bernoulli · −ELBO · class 1, 7 only"
