"""Learning rates against torch's own schedulers, the KL weight against exact fractions, step by step."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, OneCycleLR

from vae.config import TrainConfig
from vae.training.schedules import kl_weight, learning_rates

RATE = 3e-3


@dataclass(frozen=True)
class Setting:
    """What one gradient step is made with."""

    rate: float
    momentum: float


def adam() -> torch.optim.Adam:
    return torch.optim.Adam([torch.zeros(2, requires_grad=True)], lr=RATE)


def settings(optimizer: torch.optim.Adam, schedule: LRScheduler, steps: int) -> list[Setting]:
    """Those of the next `steps` steps, made as the training loop does: none after the last."""
    found = []
    for i in range(steps):
        group = optimizer.param_groups[0]
        found.append(Setting(group["lr"], group["betas"][0]))
        optimizer.step()
        if i < steps - 1:
            schedule.step()
    return found


def ours(name: str, steps: int, done: int) -> list[Setting]:
    optimizer = adam()
    config = TrainConfig("digits", learning_rate=RATE, lr_schedule=name)
    return settings(optimizer, learning_rates(config, optimizer, steps, done), steps - done)


def torchs(name: str, steps: int) -> list[Setting]:
    optimizer = adam()
    if name == "one_cycle":
        return settings(optimizer, OneCycleLR(optimizer, RATE, total_steps=steps), steps)
    return settings(optimizer, CosineAnnealingLR(optimizer, T_max=steps), steps)


def close(found: list[Setting], expected: list[Setting]) -> None:
    assert len(found) == len(expected)
    assert [s.rate for s in found] == pytest.approx([s.rate for s in expected], rel=1e-9, abs=1e-12)
    assert [s.momentum for s in found] == pytest.approx([s.momentum for s in expected], rel=1e-12)


@pytest.mark.parametrize("steps", [2, 3, 10, 57])
@pytest.mark.parametrize("name", ["one_cycle", "cosine"])
def test_every_step_is_that_of_torch_from_wherever_a_run_goes_on(name: str, steps: int) -> None:
    expected = torchs(name, steps)
    for done in range(steps):
        close(ours(name, steps, done), expected[done:])


@pytest.mark.parametrize("name", ["one_cycle", "cosine", "constant"])
def test_groups_of_weights_keep_the_ratio_of_their_rates(name: str) -> None:
    weights, noise = torch.zeros(2, requires_grad=True), torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.Adam([{"params": [weights]}, {"params": [noise], "rate_factor": 10}], lr=RATE)
    config = TrainConfig("digits", learning_rate=RATE, lr_schedule=name)
    schedule = learning_rates(config, optimizer, 20, 4)
    alone = ours(name, 20, 4)
    for step in range(15):
        first, second = (group["lr"] for group in optimizer.param_groups)
        assert first == pytest.approx(alone[step].rate)
        assert second == pytest.approx(10 * first)
        optimizer.step()
        schedule.step()


@pytest.mark.parametrize("name", ["one_cycle", "cosine", "constant"])
def test_a_schedule_made_anew_for_the_same_optimizer_goes_on(name: str) -> None:
    """Whoever stops listening to `Trainer.run` and calls it again gets the epochs that are left."""
    optimizer = adam()
    config = TrainConfig("digits", learning_rate=RATE, lr_schedule=name)
    settings(optimizer, learning_rates(config, optimizer, 20, 0), 8)
    close(settings(optimizer, learning_rates(config, optimizer, 20, 8), 12), ours(name, 20, 8))


def test_one_cycle_peaks_at_the_learning_rate_and_ends_at_almost_nothing() -> None:
    found = ours("one_cycle", 100, 0)
    rates = [s.rate for s in found]
    assert max(rates) == pytest.approx(RATE, rel=1e-3)
    assert 25 <= rates.index(max(rates)) <= 32  # the first 30 %
    assert rates[0] == pytest.approx(RATE / 25)
    assert rates[-1] < RATE / 1e4
    assert min(s.momentum for s in found) == found[rates.index(max(rates))].momentum  # the other way round


def test_cosine_begins_at_the_peak_falls_and_never_reaches_zero() -> None:
    rates = [s.rate for s in ours("cosine", 50, 0)]
    assert rates[0] == RATE
    assert all(a > b > 0 for a, b in pairwise(rates))
    assert rates[25] == pytest.approx(RATE / 2)


@pytest.mark.parametrize("done", [0, 7])
def test_a_constant_rate_stays(done: int) -> None:
    assert ours("constant", 20, done) == [Setting(RATE, 0.9)] * (20 - done)


@pytest.mark.parametrize("name", ["one_cycle", "cosine", "constant"])
def test_a_run_of_a_single_step_has_a_rate(name: str) -> None:
    assert 0 < ours(name, 1, 0)[0].rate <= RATE


@pytest.mark.parametrize("name", ["one_cycle", "cosine", "constant"])
def test_going_on_in_the_middle_warns_of_nothing(name: str) -> None:
    """A run's log shows warnings; torch's advice about the order of calls is none for its owner."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(ours(name, 20, 7)) == 13


# --- the weight of the KL term ----------------------------------------------------------------------------------------


def linear(warmup: int, epochs: int = 10, beta: float = 2.0) -> TrainConfig:
    return TrainConfig("digits", epochs=epochs, beta=beta, kl_schedule="linear", kl_warmup=warmup)


def cyclical(epochs: int, cycles: int, beta: float = 2.0) -> TrainConfig:
    return TrainConfig("digits", epochs=epochs, beta=beta, kl_schedule="cyclical", kl_cycles=cycles)


def weights(config: TrainConfig, steps_per_epoch: int) -> list[float]:
    return [kl_weight(config, step, steps_per_epoch) for step in range(config.epochs * steps_per_epoch)]


def test_a_constant_weight_is_beta_at_every_step() -> None:
    assert weights(TrainConfig("digits", epochs=3, beta=0.5), 4) == [0.5] * 12


def test_a_linear_weight_grows_evenly_and_stays_at_beta() -> None:
    assert weights(linear(2, epochs=3), 4) == pytest.approx([0.25 * i for i in range(8)] + [2.0] * 4)


def test_the_corner_of_a_linear_weight_is_at_the_end_of_the_warm_up() -> None:
    found = weights(linear(3), 7)
    assert found[0] == 0
    assert found[20] == pytest.approx(2 * 20 / 21)
    assert found[21:] == [2.0] * 49


def test_a_warm_up_longer_than_the_training_stops_on_the_way() -> None:
    assert weights(linear(20), 5)[-1] == pytest.approx(2 * 49 / 100)


@pytest.mark.parametrize(
    ("epochs", "steps_per_epoch", "cycles"),
    [(8, 5, 4), (10, 1, 1), (10, 3, 3), (20, 1, 6), (7, 11, 5), (20, 215, 6), (9, 4, 7)],
)
def test_a_cyclical_weight_is_the_exact_fraction_at_every_step(epochs: int, steps_per_epoch: int, cycles: int) -> None:
    """Fu et al. 2019, eq. 6, in whole numbers: cycles need not have a whole number of steps."""
    total = epochs * steps_per_epoch
    expected = [2.0 * min(1, 2 * Fraction(step * cycles % total, total)) for step in range(total)]
    found = weights(cyclical(epochs, cycles), steps_per_epoch)
    assert found == pytest.approx([float(value) for value in expected], abs=1e-9)


def test_each_cycle_begins_at_zero_grows_for_half_and_ends_at_beta() -> None:
    found = weights(cyclical(8, 4), 10)  # 20 steps a cycle
    for cycle in (found[i : i + 20] for i in range(0, 80, 20)):
        assert cycle[0] == 0
        assert all(a < b for a, b in pairwise(cycle[:11]))
        assert cycle[9] < 2.0
        assert cycle[10:] == [2.0] * 10
