"""The state after an epoch, so that a run can go on exactly as if it had never been interrupted. Nothing is pickled.

One safetensors file, replaced atomically after every epoch: weights, Adam's moments, the best epoch's weights where
early stopping needs them; which epoch, which settings and which images in the metadata.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
import torch
from numpy.typing import NDArray
from torch import Tensor

from vae.errors import TrainingError
from vae.storage import kinds
from vae.storage.files import write_atomically
from vae.storage.json_files import parse_json
from vae.storage.tensor_files import LENGTH, MOST_HEADER, read_metadata, read_tensors
from vae.training.early_stopping import Best
from vae.training.trainer import Trainer

MOMENTS = ("exp_avg", "exp_avg_sq")
BYTES = 4  # of a number


def save(trainer: Trainer, path: Path, images: str) -> None:
    """Keep the state of a trainer between two epochs; `images` is the training split's fingerprint. Raises OSError."""
    tensors = {f"model/{name}": tensor for name, tensor in trainer.model.state_dict().items()}
    for name, parameter in trainer.model.named_parameters():
        for moment in MOMENTS:
            tensors[f"{moment}/{name}"] = trainer.optimizer.state[parameter][moment]
    tensors |= {f"best/{name}": tensor for name, tensor in trainer.best.weights.items()}
    about = {
        "epoch": trainer.epoch,
        "first_loss": trainer.first_loss,
        "best": [trainer.best.epoch, trainer.best.waited, trainer.best.loss if trainer.best.weights else None],
        "settings": _settings(trainer, images),
    }
    arrays = {name: _array(tensor) for name, tensor in tensors.items()}
    write_atomically(path, safetensors.numpy.save(arrays, {"state": json.dumps(about)}))


def restore(trainer: Trainer, path: Path, images: str) -> None:
    """Put a saved state into a new trainer of the same settings.

    Raises
    ------
    TrainingError
        When the file is damaged, or belongs to other settings or other images.
    """
    try:
        about = parse_json(read_metadata(path, kinds.RESUME)["state"])
        _check_settings(about["settings"], _settings(trainer, images))
        arrays, _ = read_tensors(path, replace(kinds.RESUME, most=_most_bytes(trainer)))
        trainer.epoch, trainer.first_loss = int(about["epoch"]), float(about["first_loss"])
        _fill(trainer, arrays)
        epoch, waited, loss = about["best"]
        weights = {name: _tensor(arrays, f"best/{name}") for name in trainer.model.state_dict() if loss is not None}
        weights = {name: tensor.to(trainer.device) for name, tensor in weights.items()}
        trainer.best = Best(int(epoch), math.inf if loss is None else float(loss), int(waited), weights)
    except TrainingError:
        raise
    except Exception as error:  # whatever a damaged file makes numpy, json and torch say
        raise TrainingError(
            f"{path.name} of run {path.parent.name} can't be read: {error!s:.200}.", "Start the run again."
        ) from error


def _most_bytes(trainer: Trainer) -> int:
    """Of a state of this model: no stranger's file makes this one large."""
    values: int = sum(tensor.numel() for tensor in trainer.model.state_dict().values())
    return (len(MOMENTS) + 2) * BYTES * values + LENGTH + MOST_HEADER


@torch.no_grad()
def _fill(trainer: Trainer, arrays: dict[str, NDArray[Any]]) -> None:
    steps = torch.tensor(float(trainer.epoch * trainer.steps_per_epoch), device=trainer.device)
    for name, target in trainer.model.state_dict().items():
        target.copy_(_tensor(arrays, f"model/{name}"))
    for name, parameter in trainer.model.named_parameters():
        # like the parameter itself, memory order included: what Adam's first step would make
        state = {moment: torch.zeros_like(parameter) for moment in MOMENTS}
        for moment in MOMENTS:
            state[moment].copy_(_tensor(arrays, f"{moment}/{name}"))
        trainer.optimizer.state[parameter] = {"step": steps.clone(), **state}


def _settings(trainer: Trainer, images: str) -> dict[str, Any]:
    model, train = trainer.model.config.to_dict(), trainer.config.to_dict()
    found: dict[str, Any] = parse_json(json.dumps({"model": model, "train": train, "images": images}))
    return found


def _check_settings(stored: dict[str, Any], wanted: dict[str, Any]) -> None:
    if stored["images"] != wanted["images"]:
        raise TrainingError(
            "The training images are not those that this run began with.", "Restore them, or start a new run."
        )
    if stored != wanted:
        raise TrainingError("The run that is to go on has other settings.", "Start a new run with the new settings.")


def _array(tensor: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = tensor.detach().to("cpu", torch.float32).contiguous().numpy()
    return array


def _tensor(arrays: dict[str, NDArray[Any]], name: str) -> Tensor:
    return torch.from_numpy(np.array(arrays[name]))
