"""A stored model decodes as the one that was trained."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.vae.helpers import TINY, TINY_CONV, new_checkpoint
from vae.checkpoints import checkpoint_files, checkpoint_writing, loading
from vae.checkpoints.checkpoint import Checkpoint
from vae.config import ModelConfig
from vae.errors import CheckpointError
from vae.model.vae import VAE, new_model


def stored(model: VAE, root: Path) -> Checkpoint:
    new = dataclasses.replace(new_checkpoint(model.config), weights=loading.weights_of(model))
    checkpoint_writing.write(new, root / "a")
    return checkpoint_files.read("a", root)


@pytest.mark.parametrize("config", [TINY, TINY_CONV])
def test_a_loaded_model_is_the_one_that_was_stored(tmp_path: Path, config: ModelConfig) -> None:
    model = new_model(config, 0).to(memory_format=torch.channels_last)  # as training leaves it
    loaded = loading.load_model(stored(model, tmp_path))
    x, z = torch.rand(3, *config.image_shape), torch.randn(3, config.latent_dim)
    with torch.inference_mode():
        pairs = [(loaded.encode(x).mu, model.encode(x).mu), (loaded.encode(x).logvar, model.encode(x).logvar)]
        pairs.append((loaded.decode(z), model.decode(z)))
    for found, expected in pairs:
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-6)  # sums in another memory order
    assert all(torch.equal(tensor, model.state_dict()[name]) for name, tensor in loaded.state_dict().items())


def test_a_loaded_model_is_for_looking_only(tmp_path: Path) -> None:
    loaded = loading.load_model(stored(new_model(TINY, 0), tmp_path))
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())
    assert {parameter.device.type for parameter in loaded.parameters()} == {"cpu"}


def test_weights_are_copies_in_file_order() -> None:
    model = new_model(TINY_CONV, 0).to(memory_format=torch.channels_last)
    weights = loading.weights_of(model)
    before = {name: array.copy() for name, array in weights.items()}
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)
    assert all(np.array_equal(weights[name], before[name]) for name in before)
    assert all(array.dtype == np.float32 and array.flags.c_contiguous for array in weights.values())


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    other = dataclasses.replace(TINY, hidden=(5,))
    checkpoint_writing.write(
        dataclasses.replace(new_checkpoint(TINY), weights=new_checkpoint(other).weights), tmp_path / "a"
    )
    with pytest.raises(CheckpointError, match=r"tensor decoder\.0\.bias has shape \(5,\), expected \(4,\)"):
        loading.load_model(checkpoint_files.read("a", tmp_path))
