"""What does not fit is refused with the numbers, and with what would fit."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from vae.budget import free, limits, needs
from vae.budget.needs import Need
from vae.config import ModelConfig, TrainConfig
from vae.errors import BudgetError

COUNTS = {"train": 55_000, "validation": 5_000, "test": 10_000}
WIDE = ModelConfig("mlp", (1, 28, 28), 16, hidden=(65_536, 65_536))
TRAIN = TrainConfig("mnist")
GB = 10**9


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six gigabytes and no GPU."""
    monkeypatch.setattr(free, "memory", lambda: 6 * GB)
    monkeypatch.setattr(free, "accelerated", lambda: False)


def refusal(model: ModelConfig, train: TrainConfig) -> BudgetError:
    with pytest.raises(BudgetError) as found:
        limits.check_training(model, train, COUNTS)
    return found.value


def fits(model: ModelConfig, train: TrainConfig) -> bool:
    return needs.training(model, train, COUNTS, 6 * GB).total <= limits.SHARE * 6 * GB


def test_up_to_nine_tenths_of_what_is_free_may_be_taken() -> None:
    limits.check_memory(Need(program=54 * GB // 10), "This")
    with pytest.raises(BudgetError, match=r"This needs about 5\.5 GB of memory, 6\.0 GB are free"):
        limits.check_memory(Need(program=55 * GB // 10), "This")


def test_widths_that_do_not_fit_are_told_with_those_that_would() -> None:
    error = refusal(WIDE, TRAIN)
    assert re.match(r"Training needs about [\d,.]+ GB of memory, 6\.0 GB are free", error.message)
    widest = int(re.fullmatch(r"Hidden widths up to about ([\d,]+) would fit\.", error.hint)[1].replace(",", ""))  # type: ignore[index]
    assert fits(replace(WIDE, hidden=(widest, widest)), TRAIN)
    assert not fits(replace(WIDE, hidden=(2 * widest, 2 * widest)), TRAIN)


def test_channels_are_named_where_there_are_some() -> None:
    model = ModelConfig("conv", (1, 28, 28), 16, channels=(65_536, 65_536))
    assert re.fullmatch(r"Layers and channels up to about [\d,]+ would fit\.", refusal(model, TRAIN).hint)


def test_a_batch_that_does_not_fit_is_told_with_one_that_would() -> None:
    model = ModelConfig("conv", (1, 28, 28), 16, channels=(256, 256))
    train = TrainConfig("mnist", batch_size=50_000)
    error = refusal(model, train)
    size = int(re.fullmatch(r"Batches of up to about ([\d,]+) images would fit\.", error.hint)[1].replace(",", ""))  # type: ignore[index]
    assert fits(model, replace(train, batch_size=size))
    assert not fits(model, replace(train, batch_size=2 * size))


def test_where_nothing_helps_the_machine_is_to_blame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free, "memory", lambda: 10**6)
    assert refusal(ModelConfig("mlp", (1, 28, 28), 2, hidden=(8,)), TRAIN).hint == limits.CLOSE


def test_a_trial_is_refused_too() -> None:
    with pytest.raises(BudgetError, match="Measuring the speed needs about"):
        limits.check_trial(WIDE, TRAIN, COUNTS)


def test_a_gpu_takes_the_activations_from_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    model, train = ModelConfig("conv", (1, 28, 28), 16, channels=(256, 256)), TrainConfig("mnist", batch_size=50_000)
    refusal(model, train)
    monkeypatch.setattr(free, "accelerated", lambda: True)
    limits.check_training(model, train, COUNTS)
    with pytest.raises(BudgetError, match="Training on the GPU needs about"):
        limits.check_device(model, train, COUNTS, 2 * GB)
    limits.check_device(model, train, COUNTS, 80 * GB)


@pytest.mark.parametrize(("sizes", "refused"), [((400, 500), False), ((600, 500), True), ((1_001, 0), True)])
def test_what_goes_to_one_disk_counts_together(
    sizes: tuple[int, int], refused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**6, 0, 1_000))
    writes = dict(zip((tmp_path / "a/b", tmp_path / "c"), sizes, strict=True))
    if not refused:
        limits.check_disk(writes, "Training")
        return
    with pytest.raises(BudgetError, match=f"Training needs about 1 MB of disk, 1 MB are free in {tmp_path}"):
        limits.check_disk(writes, "Training")
