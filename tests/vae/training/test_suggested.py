"""Settings that follow the data, where nobody chose them."""

from __future__ import annotations

import argparse
import json
import math
from typing import Any

import pytest

from vae.commands import train
from vae.config import TrainConfig, default_model_config
from vae.data.traits import Traits
from vae.errors import ConfigError
from vae.training.request import TrainingRequest
from vae.training.suggested import suggest

SHAPES = ((1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 48, 20), (3, 128, 128), (3, 1_024, 1_024))


def values(traits: Traits, **given: Any) -> dict[str, Any]:
    return {name: choice.value for name, choice in suggest(traits, given).items()}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("images", [1, 16, 80, 320, 1_600, 55_000])
def test_every_suggestion_is_a_training_with_enough_steps(images: int, shape: tuple[int, int, int]) -> None:
    found = values(Traits(images, shape, two_tone=False))
    model = default_model_config(
        found["architecture"], shape, found["latent_dim"], found.get("hidden"), likelihood=found["likelihood"]
    )
    settings = {name: found[name] for name in ("epochs", "batch_size", "learning_rate")}
    config = TrainConfig("x", **settings, patience=found.get("patience", 0))
    steps = config.epochs * math.ceil(images / config.batch_size)
    assert 1_400 <= steps <= 4_500 or config.epochs == 500
    assert config.batch_size <= max(8, images / 10)
    assert model.latent_dim <= max(2, images / 10)
    assert config.epochs <= (config.patience or config.epochs)  # patience never ends such a run, it keeps the best


def test_what_follows_which_trait() -> None:
    assert values(Traits(55_000, (1, 28, 28), True))["likelihood"] == "bernoulli"
    assert values(Traits(55_000, (1, 28, 28), False))["likelihood"] == "gaussian"
    assert "patience" in values(Traits(300, (1, 28, 28), True))
    assert "patience" not in values(Traits(3_000, (1, 28, 28), True))
    assert values(Traits(3_000, (3, 128, 128), False))["architecture"] == "conv"
    assert not {"hidden", "channels"} & values(Traits(3_000, (3, 128, 128), False)).keys()
    few = values(Traits(60, (3, 128, 128), False))
    assert (few["hidden"], few["channels"]) == ((64,), (16, 32, 64, 128))
    assert "channels" not in values(Traits(60, (1, 28, 28), False))  # which suits an mlp


def test_what_is_given_stays_and_the_rest_follows_it() -> None:
    traits = Traits(320, (3, 32, 32), False)
    assert "batch_size" not in values(traits, batch_size=320)
    assert values(traits, batch_size=320)["epochs"] > 5 * values(traits)["epochs"] or (
        values(traits, batch_size=320)["epochs"] == 500
    )
    assert values(traits, epochs=7)["patience"] == 7
    conv, mlp = (values(traits, architecture=name)["learning_rate"] for name in ("conv", "mlp"))
    assert conv < mlp


def options(*words: str) -> TrainingRequest:
    parser = argparse.ArgumentParser(exit_on_error=False)
    train.add_arguments(parser)
    arguments = parser.parse_args(list(words))
    return train.requested(arguments, arguments.output)


def test_a_command_line_records_what_it_did_not_say() -> None:
    request = options("--epochs", "3", "--hidden", "8")
    assert (request.train.epochs, request.model.hidden, request.output) == (3, (8,), "digits-mlp-2")
    assert {"batch_size", "learning_rate", "architecture", "latent_dim"} <= set(request.derived)
    assert not {"epochs", "hidden", "beta"} & set(request.derived)
    again = TrainingRequest.from_json(json.loads(request.to_json()))
    assert (again, again.derived) == (request, request.derived)
    assert options(*request.words()[1:]).derived == {}  # everything is said
    assert options(*request.words()[1:]) == request


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--batch-size 0", "batch_size is 0"),
        ("--batch-size -5", "batch_size is -5"),
        ("--latent-dim 0", "latent_dim is 0"),
        ("--epochs -2", "epochs is -2"),
        ("--patience -1", "patience is -1"),
        ("--learning-rate nan", "learning_rate is nan"),
        ("--hidden -4", "hidden width is -4"),
        ("--architecture nonsense", "architecture is 'nonsense'"),
    ],
)
def test_what_no_training_can_be_is_told(words: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        options(*words.split())


@pytest.mark.parametrize(
    "derived", [{"epochs": 3}, ["epochs"], {"epochs": "x" * 1_001}, {str(i): "" for i in range(101)}]
)
def test_reasons_of_a_stranger_are_checked(derived: Any) -> None:
    good = json.loads(options("--epochs", "3").to_json())
    with pytest.raises(ConfigError, match="derived"):
        TrainingRequest.from_json(good | {"derived": derived})


def test_reasons_are_told_at_the_start(capsys: pytest.CaptureFixture[str]) -> None:
    train.tell_derived(options("--latent-dim", "3", "--output", "a"))
    said = capsys.readouterr().out
    assert said.startswith("Chosen for scikit-learn digits, because no option says otherwise:\n")
    assert "--batch-size 64 " in said
    assert "latent" not in said
