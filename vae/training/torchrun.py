"""What torchrun, which starts several processes for one training, says of this process. Imports no torch."""

from __future__ import annotations

import os
from dataclasses import dataclass

from vae.errors import ConfigError
from vae.storage.validation import short

MOST = 65_536  # processes
HINT = "torchrun sets it: unset it to train in one process."
ADDRESS = ("MASTER_ADDR", "MASTER_PORT")  # where the first process is


@dataclass(frozen=True)
class ProcessPlace:
    """Which of how many processes this one is: of all, and of those on its machine. Alone without torchrun."""

    rank: int = 0
    count: int = 1
    local_rank: int | None = None
    local_count: int = 1

    @property
    def writes(self) -> bool:
        """Whether this process is the one that writes files and tells progress."""
        return self.rank == 0


def place() -> ProcessPlace:
    """What RANK, WORLD_SIZE, LOCAL_RANK and LOCAL_WORLD_SIZE say. Raises ConfigError where that makes no sense."""
    count = _number("WORLD_SIZE", 1, MOST, 1)
    if missing := [name for name in ("RANK", *ADDRESS) if count > 1 and not os.environ.get(name)]:
        raise ConfigError(f"WORLD_SIZE is {count}, but {' and '.join(missing)} can't be found.", HINT)
    rank = _number("RANK", 0, count - 1, 0)
    local_count = _number("LOCAL_WORLD_SIZE", 1, count, 1)
    local_rank = _number("LOCAL_RANK", 0, local_count - 1, 0) if "LOCAL_RANK" in os.environ else None
    return ProcessPlace(rank, count, local_rank, local_count)


def _number(name: str, low: int, high: int, default: int) -> int:
    told = os.environ.get(name)
    if told is None:
        return default
    if not (told.isascii() and told.isdigit() and len(told) < 10 and low <= int(told) <= high):
        expected = f"a whole number from {low} to {high:,}" if high > low else str(low)
        raise ConfigError(f"{name} is {short(told)}, expected {expected}.", HINT)
    return int(told)
