"""One training run on several processes (torchrun), each with its share of every batch; or on one alone.

All processes draw the same order of images and the same noise, and take their own rows of it, so that K processes do
what one would do with the same global batch, but for rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from vae.training import torchrun

TIMEOUT = timedelta(minutes=30)  # the first process may read a large data set while others wait


@dataclass(frozen=True)
class Workers:
    """Which of how many processes this one is."""

    rank: int = 0
    count: int = 1

    @property
    def writes(self) -> bool:
        """Whether this process is the one that writes files and tells progress."""
        return self.rank == 0

    def share(self, rows: Tensor, dim: int = 0) -> Tensor:
        """This process's part of something that has one entry per image of the global batch along `dim`."""
        return rows if self.count == 1 else rows.tensor_split(self.count, dim)[self.rank]

    def batch_mean(self, values: Tensor) -> Tensor:
        """(n, d) of this process -> (d,), the mean over the global batch. Every process must call it."""
        if self.count == 1:
            return values.mean(0)
        sums = torch.cat([values.sum(0), values.new_tensor([float(len(values))])])
        distributed.all_reduce(sums)
        return sums[:-1] / sums[-1]

    def agree(self, value: float, device: torch.device) -> float:
        """The first process's `value`, in all of them."""
        if self.count == 1:
            return value
        shared = torch.tensor([value], dtype=torch.float32, device=device)
        distributed.broadcast(shared, src=0)
        return float(shared.item())

    def wrapped(self, module: nn.Module) -> nn.Module:
        """`module`, with gradients averaged over the processes."""
        return module if self.count == 1 else DistributedDataParallel(module)


ALONE = Workers()


def from_environment() -> Workers:
    """What torchrun says of this process; alone without it. Raises ConfigError."""
    place = torchrun.place()
    return Workers(place.rank, place.count)


def own_device(device: torch.device) -> torch.device:
    """This process's own GPU where there are several on its machine (LOCAL_RANK)."""
    local_rank = torchrun.place().local_rank
    if device.type != "cuda" or local_rank is None:
        return device
    return torch.device("cuda", local_rank % torch.cuda.device_count())


@contextmanager
def together(workers: Workers, device: torch.device) -> Iterator[None]:
    """Inside, the processes can talk to each other: NCCL between GPUs, Gloo between CPUs."""
    if workers.count == 1:
        yield
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=TIMEOUT)
    try:
        yield
    finally:
        distributed.destroy_process_group()
