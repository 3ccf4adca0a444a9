"""A run that was interrupted and goes on ends with the same weights as one that was not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from vae.config import ModelConfig, TrainConfig
from vae.data.image_dataset import ImageDataset
from vae.errors import TrainingError
from vae.model.vae import new_model
from vae.training.run_folder import resume_state
from vae.training.trainer import Trainer

CPU = torch.device("cpu")
MLP = ModelConfig("mlp", (1, 8, 8), 3, (16,))
CONV = ModelConfig("conv", (1, 8, 8), 3, (6,), (4, 8), activation="silu")
GAUSSIAN = ModelConfig("mlp", (1, 8, 8), 3, (16,), likelihood="gaussian")
Digits = dict[str, ImageDataset]


def trainer(digits: Digits, model: ModelConfig, **settings: object) -> Trainer:
    config = TrainConfig("digits", **({"epochs": 6, "batch_size": 64, "seed": 3} | settings))  # type: ignore[arg-type]
    images, held_out = digits["train"].images[:300], digits["validation"].images[:100]
    return Trainer(new_model(model, 3), images, held_out, config, CPU)


def weights(of: Trainer) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in of.model.state_dict().items()}


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        (MLP, {}),
        (CONV, {"lr_schedule": "cosine"}),
        (GAUSSIAN, {"lr_schedule": "constant", "max_grad_norm": 1.0}),
        (MLP, {"kl_schedule": "cyclical", "kl_cycles": 2, "binarization": "dynamic"}),
        (MLP, {"kl_schedule": "linear", "kl_warmup": 4, "free_bits": 0.2}),
        (MLP, {"objective": "iwae", "importance_samples": 3}),
        (MLP, {"objective": "autoencoder"}),
    ],
)
@pytest.mark.parametrize("interrupted_after", [1, 4])
def test_a_resumed_run_ends_with_equal_weights(
    digits: Digits, tmp_path: Path, model: ModelConfig, settings: dict[str, object], interrupted_after: int
) -> None:
    whole = trainer(digits, model, **settings)
    reports = list(whole.run())
    first = trainer(digits, model, **settings)
    for _, _report in zip(range(interrupted_after), first.run(), strict=False):
        pass
    resume_state.save(first, tmp_path / "state.safetensors", "images")
    second = trainer(digits, model, **settings)
    resume_state.restore(second, tmp_path / "state.safetensors", "images")
    later = list(second.run())
    assert [report.epoch for report in later] == list(range(interrupted_after + 1, 7))
    assert all(torch.equal(tensor, weights(second)[name]) for name, tensor in weights(whole).items())
    assert [r.validation for r in later] == [r.validation for r in reports[interrupted_after:]]
    assert [r.learning_rate for r in later] == [r.learning_rate for r in reports[interrupted_after:]]


def test_early_stopping_goes_on_where_it_was(digits: Digits, tmp_path: Path) -> None:
    settings = {"epochs": 40, "learning_rate": 0.05, "lr_schedule": "constant", "patience": 3}
    whole = trainer(digits, MLP, **settings)
    losses = [report.validation.loss for report in whole.run()]
    assert len(losses) < 40
    best = int(np.argmin(losses)) + 1
    first = trainer(digits, MLP, **settings)
    for _, _report in zip(range(best + 1), first.run(), strict=False):
        pass
    resume_state.save(first, tmp_path / "state", "images")
    second = trainer(digits, MLP, **settings)
    resume_state.restore(second, tmp_path / "state", "images")
    assert len(list(second.run())) == len(losses) - best - 1
    assert (second.best.epoch, second.best.loss) == (best, min(losses))
    assert all(torch.equal(tensor, weights(second)[name]) for name, tensor in weights(whole).items())


def saved(digits: Digits, path: Path) -> Trainer:
    found = trainer(digits, MLP)
    next(found.run())
    resume_state.save(found, path, "images")
    return found


def test_what_belongs_to_another_run_is_refused(digits: Digits, tmp_path: Path) -> None:
    saved(digits, tmp_path / "state")
    for other, images, message in (
        (trainer(digits, MLP, learning_rate=1e-3), "images", "has other settings"),
        (trainer(digits, CONV), "images", "has other settings"),
        (trainer(digits, MLP), "others", "training images are not those"),
    ):
        before = weights(other)
        with pytest.raises(TrainingError, match=message):
            resume_state.restore(other, tmp_path / "state", images)
        assert other.epoch == 0
        assert all(torch.equal(tensor, weights(other)[name]) for name, tensor in before.items())


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "epoch", "gone"])
def test_a_damaged_state_is_named(digits: Digits, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "state"
    saved(digits, path)
    raw = path.read_bytes()
    match damage:
        case "cut":
            path.write_bytes(raw[:-40])
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_text("hello")
        case "epoch":
            path.write_bytes(raw.replace(b'\\"epoch\\": 1', b'\\"epoch\\": x'))
        case "gone":
            path.unlink()
    with pytest.raises(TrainingError, match="can't be read"):
        resume_state.restore(trainer(digits, MLP), path, "images")


def test_the_state_is_plain_numbers(digits: Digits, tmp_path: Path) -> None:
    """safetensors: a length, a JSON header, float32. Nothing that could be executed."""
    saved(digits, tmp_path / "state")
    raw = (tmp_path / "state").read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    assert {entry["dtype"] for name, entry in header.items() if name != "__metadata__"} == {"F32"}
    assert json.loads(header["__metadata__"]["state"])["epoch"] == 1
