"""The arithmetic floor: how fast the example's network could train if matrix products were all there is to do."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

BATCH_SIZE = 256
BF16_FLAGS = ("avx512_bf16", "amx_bf16")
WARM_UP, ROUNDS, PASSES = 10, 30, 10


@dataclass(frozen=True)
class Linear:
    """A fully connected layer."""

    inputs: int
    outputs: int


@dataclass(frozen=True)
class Product:
    """left @ right, written to out."""

    left: Tensor
    right: Tensor
    out: Tensor

    @property
    def flops(self) -> int:
        """A multiplication and an addition for each of m·k·n."""
        return 2 * self.left.shape[0] * self.left.shape[1] * self.right.shape[1]


LAYERS = (Linear(784, 400), Linear(400, 40), Linear(20, 400), Linear(400, 784))  # mu and logvar are one layer in vae


def flops_per_image(layers: Sequence[Linear]) -> int:
    """Forward, gradient to the weights and, but for the first layer, to the input; a multiply-add counts as two."""
    forward = sum(2 * layer.inputs * layer.outputs for layer in layers)
    return 3 * forward - 2 * layers[0].inputs * layers[0].outputs


def products(layers: Sequence[Linear], batch: int, dtype: torch.dtype, device: torch.device) -> list[Product]:
    """The matrix products of one training step, in the memory order in which a step meets them."""
    made = []
    for i, layer in enumerate(layers):
        x = torch.randn(batch, layer.inputs, device=device).to(dtype)
        weight = torch.randn(layer.outputs, layer.inputs, device=device).to(dtype)
        gradient = torch.randn(batch, layer.outputs, device=device).to(dtype)
        made.append(Product(x, weight.T, torch.empty_like(gradient)))
        made.append(Product(gradient.T, x, torch.empty_like(weight)))
        if i > 0:
            made.append(Product(gradient, weight, torch.empty_like(x)))
    return made


def gemm_rate(dtype: torch.dtype, device: torch.device) -> float:
    """FLOPs a second over one step's products of all layers: the fastest round, for a floor is what can be done."""
    step = products(LAYERS, BATCH_SIZE, dtype, device)
    _seconds(step, WARM_UP, device)
    seconds = min(_seconds(step, PASSES, device) for _ in range(ROUNDS)) / PASSES
    return sum(product.flops for product in step) / seconds


def cpu_flags() -> list[str]:
    """Which of the bf16 instruction sets the CPU has; none where Linux does not tell."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    except OSError:
        return []
    return [flag for flag in BF16_FLAGS if flag in flags]


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what it was asked."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def _seconds(step: Sequence[Product], passes: int, device: torch.device) -> float:
    synchronise(device)
    start = time.perf_counter()
    for _ in range(passes):
        for product in step:
            torch.mm(product.left, product.right, out=product.out)
    synchronise(device)
    return time.perf_counter() - start
