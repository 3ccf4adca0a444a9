"""Decoding in Python: for decoders that the browser can't evaluate, and the reference that it is compared with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ui.shared import cache
from vae.checkpoints.checkpoint import Checkpoint


def decode(checkpoint: Checkpoint, z: list[float]) -> NDArray[np.uint8]:
    """E[x|z] by PyTorch, pixels (C, H, W)."""
    import torch

    model = cache.model(checkpoint)
    with torch.inference_mode():
        pixels: NDArray[np.float32] = model.decode_mean(torch.tensor([z], dtype=torch.float32))[0].numpy()
    return np.round(pixels.clip(0, 1) * 255).astype(np.uint8)
