"""From a stored checkpoint to a torch model, and back to arrays that can be stored."""

from __future__ import annotations

import numpy as np
import torch

from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.config import ModelConfig
from vae.model.vae import VAE


def load_model(checkpoint: Checkpoint, device: torch.device | None = None) -> VAE:
    """The checkpoint's VAE in evaluation mode. Raises CheckpointError when its weights don't fit."""
    return model_from(checkpoint.model, checkpoint_files.read_weights(checkpoint)).to(device or torch.device("cpu"))


def weights_of(model: VAE) -> dict[str, FloatArray]:
    """A copy of the model's tensors as float32 arrays, in the memory order that files have."""
    return {
        name: np.array(tensor.detach().to("cpu", torch.float32).contiguous().numpy())
        for name, tensor in model.state_dict().items()
    }


def model_from(config: ModelConfig, weights: dict[str, FloatArray]) -> VAE:
    """A VAE with these tensors, on the CPU, in evaluation mode."""
    model = VAE(config)
    model.load_state_dict({name: torch.tensor(array) for name, array in weights.items()})
    return model.eval().requires_grad_(False)
