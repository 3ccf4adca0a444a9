"""A training request survives its two ways of being written, and says what is wrong with others."""

from __future__ import annotations

import argparse
import json
import shlex
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from vae.commands import train
from vae.config import ModelConfig, TrainConfig
from vae.errors import CheckpointError, ConfigError, DatasetError, VAEError
from vae.storage import paths
from vae.training.request import TrainingRequest
from vae.training.request_options import TRAINING_HELP

MLP = ModelConfig("mlp", (1, 8, 8), 2, (400,))
CONV = ModelConfig("conv", (1, 8, 8), 3, (), (4, 8), "relu", "gaussian")
PLAIN = TrainingRequest(MLP, TrainConfig("digits"), "a")
# together they change every setting
REQUESTS = [
    PLAIN,
    TrainingRequest(CONV, TrainConfig("digits", 7, 33, 1.7e-3, 4.0, 2**63 - 1, classes=("0", "7")), "b-c.d_e"),
    TrainingRequest(
        replace(MLP, hidden=(40, 30, 20), activation="silu", latent_dim=128),
        TrainConfig("digits", objective="iwae", importance_samples=8, binarization="dynamic", precision="float32"),
        "c",
    ),
    TrainingRequest(
        MLP, TrainConfig("digits", kl_schedule="linear", kl_warmup=3, free_bits=0.1, max_grad_norm=2.5), "d"
    ),
    TrainingRequest(
        replace(CONV, hidden=(9,)),
        TrainConfig("digits", kl_schedule="cyclical", kl_cycles=2, lr_schedule="cosine", patience=5),
        "e",
    ),
]


def from_command(command: str) -> TrainingRequest:
    words = shlex.split(command)
    assert words[:4] == ["python", "-m", "vae", "train"]
    parser = argparse.ArgumentParser(exit_on_error=False)
    train.add_arguments(parser)
    arguments = parser.parse_args(words[4:])
    return train.requested(arguments, arguments.output)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.output)
def test_json_and_command_line_give_an_equal_request(request_: TrainingRequest) -> None:
    assert TrainingRequest.from_json(json.loads(request_.to_json())) == request_
    assert from_command(request_.command()) == request_


def test_every_setting_is_tried_above_and_has_an_option() -> None:
    for config in ("model", "train"):
        for setting in fields(type(getattr(PLAIN, config))):
            values = {getattr(getattr(request, config), setting.name) for request in REQUESTS}
            assert len(values) > 1 or setting.name in ("image_shape", "dataset", "networks"), setting.name
    assert [*TRAINING_HELP, "classes"] == [f.name for f in fields(TrainConfig)][1:]


def test_the_command_says_everything() -> None:
    assert PLAIN.command() == (
        "python -m vae train --dataset digits --architecture mlp --latent-dim 2 --hidden 400 --activation relu "
        "--likelihood bernoulli --epochs 20 --batch-size 256 --learning-rate 0.002 --beta 1.0 --seed 0 --objective "
        "elbo --importance-samples 1 --kl-schedule constant --kl-warmup 0 --kl-cycles 0 --free-bits 0.0 "
        "--binarization none --lr-schedule one_cycle --patience 0 --max-grad-norm 0.0 --precision auto --output a"
    )
    assert " --hidden --channels 4 8 " in REQUESTS[1].command()


def test_one_folder_has_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert replace(PLAIN, output=str(paths.checkpoints_dir() / "a")) == PLAIN
    monkeypatch.chdir(tmp_path)
    elsewhere = replace(PLAIN, output="models/my model's/a")
    assert elsewhere.output == str(tmp_path / "models" / "my model's" / "a")
    assert elsewhere.destination == Path(elsewhere.output)
    assert from_command(elsewhere.command()) == elsewhere


@pytest.mark.parametrize("output", ["", ".", "..", "a b", "x/..", "ü", "-x", "x" * 81])
def test_an_output_that_no_checkpoint_can_have(output: str) -> None:
    with pytest.raises(CheckpointError, match="is not a checkpoint's name"):
        replace(PLAIN, output=output)


def test_what_does_not_fit_together() -> None:
    with pytest.raises(ConfigError, match="Binarized pixels"):
        TrainingRequest(CONV, TrainConfig("digits", binarization="dynamic"), "a")


@pytest.mark.parametrize(
    ("request_", "error", "message"),
    [
        (replace(PLAIN, train=TrainConfig("cats")), DatasetError, "Unknown data set 'cats'"),
        (replace(PLAIN, train=TrainConfig("mnist")), ConfigError, r"images of shape \(1, 8, 8\), those of MNIST"),
        (replace(PLAIN, train=TrainConfig("digits", classes=("x" * 999,))), ConfigError, "has no class 'x{59}"),
    ],
)
def test_what_the_data_set_refuses(request_: TrainingRequest, error: type[VAEError], message: str) -> None:
    with pytest.raises(error, match=message):
        request_.check_dataset()
    TrainingRequest.from_json(json.loads(request_.to_json()))  # read where the data set is gone, too


GOOD = json.loads(PLAIN.to_json())
HOSTILE: list[tuple[dict[str, Any], str]] = [
    ({"colour": 1}, "expected model, train, output"),
    ({"output": None}, "output is None, expected a name or a path"),
    ({"output": ["a"]}, "expected a name or a path"),
    ({"output": "a\0b"}, "expected a name or a path"),
    ({"output": "../../x y"}, "is not a checkpoint's name"),
    ({"model": []}, "expected an object"),
    ({"train": "digits"}, "expected an object"),
    ({"model": GOOD["model"] | {"depth": 3}}, "depth"),
    ({"model": GOOD["model"] | {"latent_dim": 10**4000}}, "latent_dim"),
    ({"model": GOOD["model"] | {"latent_dim": True}}, "latent_dim"),
    ({"model": GOOD["model"] | {"hidden": [[1]]}}, "hidden"),
    ({"model": GOOD["model"] | {"hidden": [1] * 100_000}}, "hidden"),
    ({"model": GOOD["model"] | {"image_shape": 8}}, "image_shape"),
    ({"model": GOOD["model"] | {"architecture": {"a": 1}}}, "architecture"),
    ({"train": GOOD["train"] | {"colour": "red"}}, "colour"),
    ({"train": GOOD["train"] | {"dataset": ["digits"]}}, "dataset"),
    ({"train": GOOD["train"] | {"beta": 10**400}}, "beta"),
    ({"train": GOOD["train"] | {"beta": float("nan")}}, "beta"),
    ({"train": GOOD["train"] | {"learning_rate": "fast"}}, "learning_rate"),
    ({"train": GOOD["train"] | {"objective": ["elbo"]}}, "objective"),
    ({"train": GOOD["train"] | {"classes": [1, 2]}}, "classes"),
    ({"train": GOOD["train"] | {"seed": -1}}, "seed"),
]


@pytest.mark.parametrize(("change", "message"), HOSTILE, ids=[message for _, message in HOSTILE])
def test_values_that_no_request_has(change: dict[str, Any], message: str) -> None:
    with pytest.raises(VAEError, match=message):
        TrainingRequest.from_json(GOOD | change)


@pytest.mark.parametrize("missing", ["model", "train", "output"])
def test_a_part_that_is_missing(missing: str) -> None:
    with pytest.raises(ConfigError, match="expected model, train, output"):
        TrainingRequest.from_json({name: value for name, value in GOOD.items() if name != missing})
