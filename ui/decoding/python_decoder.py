"""Decoding in Python: for decoders that the browser can't evaluate, and the reference that it is compared with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ui.shared import cache
from vae.checkpoints.checkpoint import Checkpoint


def decode(checkpoint: Checkpoint, z: NDArray[np.float32]) -> NDArray[np.uint8]:
    """E[x|z] by PyTorch (or ONNX Runtime), pixels (N, C, H, W), of latent vectors (N, d)."""
    import torch

    model = cache.model(checkpoint)
    with torch.inference_mode():
        pixels: NDArray[np.float32] = model.decode_mean(torch.from_numpy(z.copy())).numpy()
    return np.round(pixels.clip(0, 1) * 255).astype(np.uint8)
