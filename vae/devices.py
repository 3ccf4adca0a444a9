"""Which device torch computes on, chosen by itself."""

from __future__ import annotations

import torch


def best_device() -> torch.device:
    """cuda where there is one, else mps (Apple), else cpu."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")
