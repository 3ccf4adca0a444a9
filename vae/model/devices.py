"""Which device torch computes on, and in which precision, chosen by itself."""

from __future__ import annotations

import itertools

import torch
from torch import nn


def best_device() -> torch.device:
    """cuda where there is one, else mps (Apple), else cpu."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def best_precision(device: torch.device) -> str:
    """`bfloat16` where the hardware multiplies such matrices, else `float32`: emulated, bfloat16 is slower."""
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    capabilities = torch.cpu.get_capabilities() if device.type == "cpu" else {}
    fast = any(capabilities.get(name) for name in ("amx_bf16", "amx_tile", "avx512_bf16"))
    return "bfloat16" if fast else "float32"


def device_of(module: nn.Module) -> torch.device:
    """Where its parameters are, all of them; where its buffers are, if it has none."""
    return next(itertools.chain(module.parameters(), module.buffers())).device
