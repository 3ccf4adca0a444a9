"""Training learns, repeats from its seed, and says so when it diverges."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tests.vae.helpers import TINY, TINY_CONV
from vae import training
from vae.config import ModelConfig, TrainConfig
from vae.datasets import ImageDataset
from vae.errors import TrainingError
from vae.likelihoods import Bernoulli
from vae.model import VAE, new_model
from vae.objectives import elbo_terms

CPU = torch.device("cpu")
Digits = dict[str, ImageDataset]


def run(digits: Digits, model: VAE, *, seed: int = 0, images: int = 200, **settings: float) -> list:
    config = TrainConfig("digits", seed=seed, **({"epochs": 2, "batch_size": 64} | settings))
    return list(training.train(model, digits["train"].images[:images], digits["validation"].images, config, CPU))


@pytest.mark.parametrize("config", [TINY, TINY_CONV])
def test_one_seed_gives_equal_weights_and_another_does_not(digits: Digits, config: ModelConfig) -> None:
    models = [new_model(config, 0) for _ in range(3)]
    reports = [run(digits, model, seed=seed) for model, seed in zip(models, (1, 1, 2), strict=True)]
    first, second, other = (model.state_dict() for model in models)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first)
    assert reports[0][-1].validation == reports[1][-1].validation


def test_the_seed_decides_the_noise_and_not_only_the_order(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "randperm", lambda count, generator: torch.arange(count))
    first, second = (run(digits, new_model(TINY, 0), seed=seed)[-1].train.elbo for seed in (1, 2))
    assert abs(first - second) > 1e-3


def test_training_ends_above_the_best_constant_picture(digits: Digits) -> None:
    model = new_model(ModelConfig("mlp", (1, 8, 8), 4, (64,)), 0)
    reports = run(digits, model, images=1257, epochs=6, learning_rate=1e-2)
    held_out = torch.tensor(digits["validation"].images).float() / 255
    mean = (torch.tensor(digits["train"].images).float() / 255).mean(0, keepdim=True).clamp(1e-3, 1 - 1e-3)
    without_latents = Bernoulli.log_prob(torch.logit(mean).expand_as(held_out), held_out).mean().item()
    assert reports[-1].validation.elbo > reports[0].validation.elbo + 1
    assert reports[-1].validation.elbo > without_latents


def test_reports_are_complete_and_finite(digits: Digits) -> None:
    reports = run(digits, new_model(TINY_CONV, 0), epochs=3)
    assert [(r.epoch, r.epochs) for r in reports] == [(1, 3), (2, 3), (3, 3)]
    for terms in (t for r in reports for t in (r.train, r.validation)):
        assert len(terms.kl_per_dim) == 3
        assert np.isfinite([terms.elbo, terms.log_likelihood, *terms.kl_per_dim]).all()
        assert min(terms.kl_per_dim) >= 0
        assert terms.kl == pytest.approx(sum(terms.kl_per_dim))
        assert terms.elbo == pytest.approx(terms.log_likelihood - terms.kl)


def test_beta_presses_on_the_kl(digits: Digits) -> None:
    free, pressed = (
        run(digits, new_model(TINY, 0), epochs=5, learning_rate=1e-2, beta=beta)[-1].validation.kl for beta in (0, 50)
    )
    assert pressed < 0.1 < free


@pytest.mark.parametrize("batch_size", [64, 200, 1_000])
def test_every_gradient_step_is_told(digits: Digits, batch_size: int) -> None:
    steps: list[tuple[int, int]] = []
    images = digits["train"].images[:200]
    config = TrainConfig("digits", epochs=2, batch_size=batch_size)
    list(training.train(new_model(TINY, 0), images, images, config, CPU, lambda *step: steps.append(step)))
    total = 2 * math.ceil(200 / batch_size)
    assert steps == [(i, total) for i in range(1, total + 1)]


def test_a_huge_learning_rate_is_named(digits: Digits) -> None:
    with pytest.raises(TrainingError, match=r"finite number in epoch 1\. Lower the learning rate \(it was 1000\)"):
        run(digits, new_model(TINY, 0), images=1257, learning_rate=1e3)


def test_weights_ruined_by_an_epochs_last_step_are_never_reported(digits: Digits) -> None:
    """One step an epoch: the training terms are still those of the first weights when the new ones give NaN."""
    model = new_model(ModelConfig("mlp", (1, 8, 8), 2, (64, 64, 64)), 0)
    with pytest.raises(TrainingError, match="in epoch 1"):
        run(digits, model, images=1257, batch_size=2_000, learning_rate=1e3)


def test_measure_is_the_mean_over_all_images(digits: Digits) -> None:
    model = new_model(TINY, 0)
    images = torch.tensor(digits["validation"].images)
    found = training.measure(model, images, batch_size=1_000)
    with torch.inference_mode():
        terms = elbo_terms(model, images.float() / 255, torch.Generator().manual_seed(training.VALIDATION_SEED))
    assert found.elbo == pytest.approx(terms.elbo.mean().item(), rel=1e-5)
    assert found.kl_per_dim == pytest.approx(terms.kl_per_dim.mean(0).tolist(), rel=1e-5)
    assert training.measure(model, images, batch_size=1_000) == found
    assert not model.training


def test_sums_weigh_a_short_last_batch_by_its_images() -> None:
    sums = training.TermSums(2, CPU)
    sums.add(torch.tensor([-1.0, -2.0, -3.0]), torch.tensor([[1.0, 0.0]] * 3))
    sums.add(torch.tensor([-10.0]), torch.tensor([[5.0, 2.0]]))
    assert sums.means() == training.SplitTerms(-4.0, 2.5, (2.0, 0.5))
