"""Training learns, repeats from its seed, and says so when it diverges."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from tests.vae.helpers import TINY, TINY_CONV
from vae.config import ModelConfig, TrainConfig
from vae.data.image_dataset import ImageDataset
from vae.errors import TrainingError
from vae.model.likelihoods import Bernoulli
from vae.model.vae import VAE, new_model
from vae.training import trainer
from vae.training.early_stopping import Best
from vae.training.epoch_metrics import Protocol, SplitTerms, measure
from vae.training.objectives import Elbo

CPU = torch.device("cpu")
Digits = dict[str, ImageDataset]


def run(digits: Digits, model: VAE, *, seed: int = 0, images: int = 200, **settings: object) -> list:
    config = TrainConfig("digits", seed=seed, **({"epochs": 2, "batch_size": 64} | settings))
    return list(trainer.train(model, digits["train"].images[:images], digits["validation"].images, config, CPU))


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
    list(trainer.train(new_model(TINY, 0), images, images, config, CPU, lambda *step: steps.append(step)))
    total = 2 * math.ceil(200 / batch_size)
    assert steps == [(i, total) for i in range(1, total + 1)]


@pytest.mark.parametrize("rate", [100.0, 1e3])
def test_a_huge_learning_rate_is_named(digits: Digits, rate: float) -> None:
    with pytest.raises(TrainingError, match=rf"diverged in epoch 1: .* Lower the learning rate \(it was {rate:g}"):
        run(digits, new_model(TINY, 0), images=1257, learning_rate=rate)


def test_weights_ruined_by_an_epochs_last_step_are_never_reported(digits: Digits) -> None:
    """One step an epoch: everything was well until the weights moved."""
    model = new_model(ModelConfig("mlp", (1, 8, 8), 2, (64, 64, 64)), 0)
    with pytest.raises(TrainingError, match="in epoch 1"):
        run(digits, model, images=1257, batch_size=2_000, learning_rate=1e3)


def test_a_loss_that_is_no_number_is_told_with_its_images(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    known = measure

    def ruined(model: VAE, images: torch.Tensor, *more: Any) -> SplitTerms:
        found = known(model, images, *more)
        return replace(found, loss=math.nan) if len(images) == 30 else found

    monkeypatch.setattr(trainer, "measure", ruined)
    splits = digits["train"].images[:200], digits["validation"].images[:30]
    with pytest.raises(TrainingError, match=r"in epoch 1: on the validation images it is no longer a finite number"):
        list(trainer.train(new_model(TINY, 0), *splits, TrainConfig("digits", epochs=1), CPU))


def test_a_gaussian_that_knows_few_images_by_heart_has_not_diverged(digits: Digits) -> None:
    """The validation loss goes far above the untrained model's, while what is trained gets better and better."""
    model = new_model(ModelConfig("mlp", (1, 8, 8), 8, (256,), likelihood="gaussian"), 0)
    settings = {"epochs": 150, "batch_size": 10, "learning_rate": 3e-3, "lr_schedule": "constant"}
    reports = run(digits, model, images=20, **settings)
    assert len(reports) == 150
    assert reports[-1].validation.loss > 150
    assert reports[-1].train.loss < 0
    assert -12 <= model.likelihood.logvar.item() <= 4


@pytest.mark.parametrize(("schedule", "least"), [("one_cycle", 0.65), ("cosine", 0.5), ("constant", 0.0)])
def test_patience_waits_until_the_learning_rate_has_come_down(
    digits: Digits, monkeypatch: pytest.MonkeyPatch, schedule: str, least: float
) -> None:
    """A loss that rests while the rate is high says little: most of what a schedule brings comes as it falls."""
    monkeypatch.setattr(Best, "after", lambda best, *_: replace(best, waited=best.waited + 1))
    reports = run(digits, new_model(TINY, 0), images=64, epochs=20, patience=2, lr_schedule=schedule)
    assert len(reports) == max(2, round(20 * least) + 1)


def test_the_steps_and_images_are_counted(digits: Digits) -> None:
    reports = run(digits, new_model(TINY, 0), images=200, epochs=2, batch_size=64)
    assert [(report.steps, report.train_images) for report in reports] == [(4, 200), (8, 200)]


def test_both_splits_are_measured_alike(digits: Digits) -> None:
    """The gap between them is overfitting, not another number of images, other noise or other weights."""
    model = new_model(TINY, 0)
    images = digits["validation"].images
    config = TrainConfig("digits", epochs=1, batch_size=64)
    [report] = trainer.train(model, images, images, config, CPU)
    assert report.train == report.validation


def test_overfitting_shows_as_a_gap(digits: Digits) -> None:
    model = new_model(ModelConfig("mlp", (1, 8, 8), 8, (256,)), 0)
    last = run(digits, model, images=60, epochs=120, batch_size=20, learning_rate=3e-3)[-1]
    assert last.train.elbo - last.validation.elbo > 2


def test_a_batch_counts_by_its_images(digits: Digits) -> None:
    """The gradient of a batch is that of the same images given twice: a mean, not a sum."""
    images = digits["train"].images[:50]
    config = TrainConfig("digits", epochs=1, batch_size=100, objective="autoencoder", lr_schedule="constant")
    gradients = []
    for given in (images, np.concatenate([images, images])):
        model = new_model(TINY, 0)
        list(trainer.train(model, given, images, config, CPU))
        gradients.append(model.decoder.get_parameter("0.weight").grad)
    torch.testing.assert_close(*gradients)


def test_early_stopping_restores_the_best_epoch(digits: Digits) -> None:
    model = new_model(ModelConfig("mlp", (1, 8, 8), 8, (256,)), 0)
    settings = {"epochs": 500, "batch_size": 20, "learning_rate": 3e-3, "patience": 5, "lr_schedule": "constant"}
    reports = run(digits, model, images=60, **settings)
    losses = [report.validation.loss for report in reports]
    best = int(np.argmin(losses))
    assert len(losses) == best + 1 + 5 < 500
    now = measure(model, torch.tensor(digits["validation"].images), Protocol(Elbo(), 1.0, False))
    assert now.loss == pytest.approx(losses[best], rel=1e-5)


def test_a_long_gradient_is_scaled_down_and_a_short_one_is_not(digits: Digits) -> None:
    def norm(limit: float) -> float:
        model = new_model(TINY, 0)
        run(digits, model, images=64, epochs=1, max_grad_norm=limit)
        return torch.stack([p.grad.norm() for p in model.parameters()]).norm().item()

    free = norm(0)
    assert norm(free / 10) == pytest.approx(free / 10, rel=1e-3)
    assert norm(free * 10) == pytest.approx(free, rel=1e-6)


def test_a_gaussian_learns_its_variance(digits: Digits) -> None:
    """At its optimum the variance is the mean squared error."""
    model = new_model(ModelConfig("mlp", (1, 8, 8), 4, (64,), likelihood="gaussian"), 0)
    last = run(digits, model, images=1257, epochs=40, learning_rate=1e-2)[-1]
    images = torch.tensor(digits["train"].images) / 255
    with torch.inference_mode():
        z = model.encode(images).at(torch.randn(1257, 4, generator=torch.Generator().manual_seed(0)))
        error = (model.decode_mean(z) - images).square().mean().sqrt().item()
    assert last.noise_sigma == pytest.approx(error, rel=0.05)
    assert last.noise_sigma < 0.25


@pytest.mark.parametrize(
    "schedule", [{"kl_schedule": "linear", "kl_warmup": 2}, {"kl_schedule": "cyclical", "kl_cycles": 1}]
)
def test_a_schedule_reaches_the_loss(digits: Digits, schedule: dict[str, object]) -> None:
    weights = [report.kl_weight for report in run(digits, new_model(TINY, 0), epochs=4, beta=2.0, **schedule)]
    assert weights[0] < 1.0
    assert weights[-1] == 2.0


def test_bfloat16_learns_about_the_same(digits: Digits) -> None:
    settings = {"images": 600, "epochs": 6, "learning_rate": 1e-2}
    reports = [run(digits, new_model(TINY, 0), precision=name, **settings)[-1] for name in ("float32", "bfloat16")]
    losses = [report.validation.loss for report in reports]
    assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], rel=0.03)
