"""Early stopping and divergence on planted losses."""

from __future__ import annotations

import math

import pytest
import torch

from tests.vae.helpers import TINY
from vae.model.vae import VAE, new_model
from vae.training.early_stopping import Best, exploded


def mark(model: VAE, value: float) -> None:
    """Fill all weights, so that an epoch can be told from another."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(value)


def after_all(losses: list[float]) -> list[Best]:
    """The best after each epoch, of a model whose weights all equal the epoch."""
    model, best, found = new_model(TINY, 0), Best(), []
    for epoch, loss in enumerate(losses, 1):
        mark(model, epoch)
        best = best.after(epoch, loss, model)
        found.append(best)
    return found


@pytest.mark.parametrize(
    ("losses", "epochs"),
    [
        ([5, 4, 3, 2], [1, 2, 3, 4]),
        ([5, 6, 4, 4.5, 3, 7], [1, 1, 3, 3, 5, 5]),
        ([5, 5, 5], [1, 1, 1]),  # as good is no better
        ([-200, -210, -205, -211], [1, 2, 2, 4]),  # densities
        ([math.nan, 3, math.nan, 2], [0, 2, 2, 4]),
        ([math.inf, 3], [0, 2]),
    ],
)
def test_the_best_epoch_has_the_lowest_loss(losses: list[float], epochs: list[int]) -> None:
    found = after_all(losses)
    assert [best.epoch for best in found] == epochs
    assert [best.waited for best in found] == [done - epoch for done, epoch in enumerate(epochs, 1)]
    best = found[-1]
    assert best.loss == min(loss for loss in losses if not math.isnan(loss))
    assert all((weight == best.epoch).all() for weight in best.weights.values())  # those of its epoch


@pytest.mark.parametrize(
    ("patience", "expected"),
    [
        (1, [False, False, True, False, True, True, True]),
        (2, [False, False, False, False, False, True, True]),
        (3, [False, False, False, False, False, False, True]),
        (4, [False] * 7),
        (0, [False] * 7),
    ],
)
def test_stale_after_so_many_epochs_without_improvement(patience: int, expected: list[bool]) -> None:
    assert [best.stale(patience) for best in after_all([5, 4, 4, 3, 3.5, 3.1, 3])] == expected


def test_a_run_that_has_not_begun_is_not_stale() -> None:
    assert not Best().stale(1)


def test_the_best_weights_come_back_whatever_training_did_since() -> None:
    model, other = new_model(TINY, 0), new_model(TINY, 1)
    wanted = {name: weight.clone() for name, weight in model.state_dict().items()}
    best = Best().after(1, 3.0, model)
    mark(model, 7.0)
    best = best.after(2, 4.0, model)
    for restored in (model, other):
        best.restore(restored)
        assert all(torch.equal(weight, wanted[name]) for name, weight in restored.state_dict().items())
    mark(model, 8.0)
    assert all(torch.equal(weight, wanted[name]) for name, weight in best.weights.items())  # still a copy


def test_without_a_best_nothing_is_restored() -> None:
    model = new_model(TINY, 0)
    mark(model, 7.0)
    Best().restore(model)
    assert all((weight == 7).all() for weight in model.state_dict().values())


@pytest.mark.parametrize(
    ("loss", "first", "expected"),
    [
        (44.0, 44.0, False),
        (30.0, 44.0, False),
        (150.0, 100.0, False),
        (151.0, 100.0, False),  # half above, and one nat
        (151.1, 100.0, True),
        (1e9, 100.0, True),
        (-200.0, 60.0, False),  # densities: a Gaussian model that learned
        (-99.0, -100.0, False),
        (-49.0, -100.0, False),
        (-48.9, -100.0, True),
        (1.0, 0.0, False),
        (1.1, 0.0, True),
        (math.nan, 100.0, True),
        (math.inf, 100.0, True),
        (-math.inf, 100.0, True),
    ],
)
def test_exploded_is_far_above_the_untrained_model_or_no_number(loss: float, first: float, expected: bool) -> None:
    assert exploded(loss, first) is expected
