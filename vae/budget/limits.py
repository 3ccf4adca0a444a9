"""Refuses work that does not fit: with what it needs, what is free, and what would fit."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from vae.budget import free, needs
from vae.budget.needs import Need
from vae.config import ModelConfig, TrainConfig
from vae.errors import BudgetError

SHARE = 0.9  # of what is free: estimates are rough, and others live here too
CLOSE = "Close other programs, or use a machine with more memory."


def size(count: int) -> str:
    """`12.3 GB`, `40 MB`."""
    return f"{count / 1e9:,.1f} GB" if count >= 1e8 else f"{math.ceil(count / 1e6)} MB"


def check_memory(need: Need, what: str, hint: str = CLOSE) -> None:
    """Raise BudgetError when `what` needs more memory than it may take."""
    available, here = free.memory(), on_host(need)
    if not _fits(here, available):
        raise _too_large(here, available, what, hint)


def check_disk(writes: Mapping[Path, int], what: str) -> None:
    """Raise BudgetError when the bytes that `what` writes to these places don't fit there, all together."""
    disks: dict[int, list[Path]] = defaultdict(list)
    for path in writes:
        with suppress(OSError):  # whoever writes there says what is wrong
            disks[free.existing(path).stat().st_dev].append(path)
    for places in disks.values():
        needed, available = sum(writes[path] for path in places), free.disk(places[0])
        if available is not None and needed > available:
            raise BudgetError(
                f"{what} needs about {size(needed)} of disk, {size(available)} are free in "
                f"{free.existing(places[0])!s:.300}.",
                "Delete what is no longer needed there, or write elsewhere.",
            )


# --- training ---------------------------------------------------------------------------------------------------------


def check_training(model: ModelConfig, train: TrainConfig, counts: Mapping[str, int]) -> None:
    """Raise BudgetError when a training, on splits of so many images, needs more memory than is free."""
    available = free.memory()
    _check(model, train, "Training", available, lambda m, t: on_host(needs.training(m, t, counts, available)))


def check_trial(model: ModelConfig, train: TrainConfig, counts: Mapping[str, int]) -> None:
    """Raise BudgetError when measuring how fast such a training is needs more memory than is free."""
    _check(model, train, "Measuring the speed", free.memory(), lambda m, t: on_host(needs.trial(m, t, counts)))


def check_device(model: ModelConfig, train: TrainConfig, counts: Mapping[str, int], available: int) -> None:
    """Raise BudgetError when a training needs more than the `available` bytes of a GPU's own memory."""
    _check(model, train, "Training on the GPU", available, lambda m, t: needs.on_device(m, t, counts, available))


def on_host(need: Need) -> Need:
    """What is left of it for the machine's own memory where a GPU has the activations."""
    return replace(need, activations=0) if free.accelerated() else need


Estimate = Callable[[ModelConfig, TrainConfig], Need]


def _check(model: ModelConfig, train: TrainConfig, what: str, available: int, estimate: Estimate) -> None:
    need = estimate(model, train)
    if not _fits(need, available):
        raise _too_large(need, available, what, what_fits(model, train, lambda m, t: _fits(estimate(m, t), available)))


def what_fits(model: ModelConfig, train: TrainConfig, fits: Callable[[ModelConfig, TrainConfig], bool]) -> str:
    """What to change, in a sentence: a smaller batch where that alone helps, else narrower layers."""
    batch = _largest(train.batch_size, lambda size: fits(model, replace(train, batch_size=size)))
    if batch:
        return f"Batches of up to about {batch:,} images would fit."
    widest = max((*model.hidden, *model.channels))
    width = _largest(widest, lambda most: fits(_narrowed(model, most), train))
    if width:
        return f"{'Hidden widths' if not model.channels else 'Layers and channels'} up to about {width:,} would fit."
    return CLOSE


def _narrowed(model: ModelConfig, most: int) -> ModelConfig:
    return replace(
        model,
        hidden=tuple(min(width, most) for width in model.hidden),
        channels=tuple(min(width, most) for width in model.channels),
    )


def _largest(below: int, fits: Callable[[int], bool]) -> int:
    """The largest number under `below` that fits, rounded down to two digits; 0 where not even 1 does."""
    low, high = 0, below
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    unit: int = 10 ** max(0, len(str(low)) - 2)
    return low // unit * unit


def _fits(need: Need, available: int) -> bool:
    return need.total <= SHARE * available


def _too_large(need: Need, available: int, what: str, hint: str) -> BudgetError:
    return BudgetError(
        f"{what} needs about {size(need.total)} of memory, {size(available)} are free and a tenth of that is "
        "left to others.",
        hint,
    )
