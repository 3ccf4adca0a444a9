"""The training loop: a generator of epoch reports. No printing, no files, no UI."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vae.config import TrainConfig
from vae.errors import TrainingError
from vae.model.devices import best_precision
from vae.model.likelihoods import Gaussian
from vae.model.pixels import binarize, to_unit
from vae.model.vae import VAE
from vae.training.batches import batches_of
from vae.training.distributed import ALONE, Workers
from vae.training.early_stopping import Best, exploded
from vae.training.epoch_metrics import Protocol, SplitTerms, measure, sample_variety
from vae.training.objectives import Objective, objective_of
from vae.training.schedules import has_slowed_down, kl_weight, learning_rates

CPU = torch.device("cpu")
MEASURED = 10_000  # images of each split at most: enough for means, and they stay on the device
FEWEST_MEASURED = 500  # training images, where there are so many, beside a smaller validation split
ORDER, NOISE = 0, 1  # streams of random numbers
NOISE_RATE = 10.0  # the Gaussian's log variance goes a long way, from 0 to −3 and beyond, in steps of the learning rate


@dataclass(frozen=True)
class EpochReport:
    """What one epoch did. Both splits are measured with the weights at its end.

    `steps` are gradient steps since the beginning, of batches of `train_images` images; images_per_second counts them
    alone; `seconds` is the whole epoch.
    """

    epoch: int
    epochs: int
    steps: int
    train_images: int
    train: SplitTerms
    validation: SplitTerms
    sample_variety: float
    kl_weight: float
    learning_rate: float
    noise_sigma: float | None
    images_per_second: float
    seconds: float


OnStep = Callable[[int, int], None]


def train(
    model: VAE,
    train_images: NDArray[np.uint8],
    validation_images: NDArray[np.uint8],
    config: TrainConfig,
    device: torch.device,
    on_step: OnStep = lambda done, total: None,
) -> Iterator[EpochReport]:
    """Train `model` in place from its first epoch, yielding a report after every epoch; see `Trainer`."""
    return Trainer(model, train_images, validation_images, config, device).run(on_step)


class Trainer:
    """One training run: images (N, C, H, W) uint8, gradient steps by Adam, and what is needed to go on later.

    The same seed on the same machine gives the same weights, in one go or interrupted: order and noise of an epoch
    depend on seed and epoch alone. With several `workers` each takes its share of the global batch.
    """

    def __init__(
        self,
        model: VAE,
        train_images: NDArray[np.uint8],
        validation_images: NDArray[np.uint8],
        config: TrainConfig,
        device: torch.device,
        workers: Workers = ALONE,
    ) -> None:
        if config.objective == "autoencoder":
            model.make_posterior_a_point()
        # channels last: convolutions train faster with it on the CPU
        self.model = model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.config, self.device, self.workers = config, device, workers
        self.batches = batches_of(train_images, device)
        self.validation = torch.tensor(_spread(validation_images, MEASURED), device=device)
        self.reference = torch.tensor(_spread(train_images, max(len(self.validation), FEWEST_MEASURED)), device=device)
        self.objective = objective_of(config, workers.batch_mean)
        at_once = max(1, Protocol.batch_size // config.importance_samples)
        self.protocol = Protocol(self.objective, config.beta, config.binarization == "dynamic", at_once)
        self.optimizer = _adam(model, config.learning_rate)
        self.steps_per_epoch = -(-len(self.batches) // config.batch_size)
        self.epoch = 0  # finished
        self.first_loss = math.nan  # on the training images that are measured, before any training
        self.best = Best()

    def run(self, on_step: OnStep = lambda done, total: None) -> Iterator[EpochReport]:
        """Train the epochs that are left. `on_step(done, total)` hears every gradient step and may raise to stop.

        Stops early, with the best epoch's weights restored, when `patience` epochs brought no improvement.

        Raises
        ------
        TrainingError
            When a loss is not finite, or that of training images is far worse than before any training.
        """
        config = self.config
        if math.isnan(self.first_loss):
            self.first_loss = measure(self.model, self.reference, self.protocol).loss
        self._schedule = learning_rates(
            config, self.optimizer, config.epochs * self.steps_per_epoch, self.epoch * self.steps_per_epoch
        )
        step = _Step(self.model, self.objective, config.precision, self.device)
        wrapped = self.workers.wrapped(step)
        while self.epoch < config.epochs and not self.best.stale(config.patience):
            start = time.perf_counter()
            weight = self._gradient_steps(wrapped, on_step)
            if self.device.type == "cuda":  # which has only been told what to do
                torch.cuda.synchronize(self.device)
            report = self._report(start, time.perf_counter(), weight)
            self._judge(report)
            self.epoch += 1
            if config.patience and report.kl_weight == config.beta:  # below, losses can't be compared yet
                self.best = self.best.after(self.epoch, report.validation.loss, self.model)
                if not has_slowed_down(config, self.epoch / config.epochs):
                    self.best = replace(self.best, waited=0)  # the schedule's second half is still to bring most
            yield report
        if config.patience:
            self.best.restore(self.model)

    def _gradient_steps(self, step: nn.Module, on_step: OnStep) -> float:
        """All gradient steps of one epoch; returns the last one's KL weight."""
        config, weight = self.config, 0.0
        order = torch.randperm(len(self.batches), generator=_generator(config.seed, self.epoch, ORDER, CPU))
        noise = _generator(config.seed, self.epoch, NOISE, self.device)
        done, total = self.epoch * self.steps_per_epoch, config.epochs * self.steps_per_epoch
        self.model.train()
        batches = torch.split(order, config.batch_size)
        mine = self.batches.epoch([self.workers.share(rows) for rows in batches])
        for rows, batch in zip(batches, mine, strict=True):
            weight = kl_weight(config, done, self.steps_per_epoch)
            x, epsilon = self._noisy(to_unit(batch), len(rows), noise)
            # the mean over the global batch, whose gradients the workers average
            loss = step(x, epsilon, weight).sum() * (self.workers.count / len(rows))
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            if config.max_grad_norm:
                nn.utils.clip_grad_norm_(self.model.parameters(), config.max_grad_norm)
            self.optimizer.step()
            if isinstance(self.model.likelihood, Gaussian):
                self.model.likelihood.keep_in_range()
            done += 1
            if done < total:
                self._schedule.step()
            on_step(done, total)
        return weight

    def _noisy(self, x: Tensor, count: int, noise: torch.Generator) -> tuple[Tensor, Tensor]:
        """This worker's images (n, C, H, W), binarized if so configured, and its share of the batch's noise."""
        if self.protocol.binarized:
            uniform = torch.empty(count, *x.shape[1:], device=self.device).uniform_(generator=noise)
            x = binarize(x, self.workers.share(uniform))
        shape = self.objective.draws(count, self.model.config.latent_dim)
        epsilon = torch.empty(shape, device=self.device).normal_(generator=noise)
        return x, self.workers.share(epsilon, dim=-2)

    def _report(self, start: float, trained: float, weight: float) -> EpochReport:
        group = self.optimizer.param_groups[0]
        likelihood = self.model.likelihood
        return EpochReport(
            epoch=self.epoch + 1,
            epochs=self.config.epochs,
            steps=(self.epoch + 1) * self.steps_per_epoch,
            train_images=len(self.batches),
            train=measure(self.model, self.reference, self.protocol),
            validation=measure(self.model, self.validation, self.protocol),
            sample_variety=sample_variety(self.model, self.reference),
            kl_weight=weight,
            learning_rate=float(group["lr"]),
            noise_sigma=float(likelihood.sigma.detach()) if isinstance(likelihood, Gaussian) else None,
            images_per_second=len(self.batches) / (trained - start),
            seconds=time.perf_counter() - start,
        )

    def _judge(self, report: EpochReport) -> None:
        """Raise TrainingError, in all workers at once, when the run has diverged.

        Only what training lowers can diverge: a validation loss that rises beside it tells of overfitting.
        """
        # at the weight that was trained: while a schedule holds the KL term back, the KL may be as large as it likes
        held_back = (self.config.beta - report.kl_weight) * report.train.kl
        loss = self.workers.agree(report.train.loss - held_back, self.device)
        finite = math.isfinite(loss) and math.isfinite(report.validation.loss)
        if finite and not exploded(loss, self.first_loss):
            return
        what = f"{loss:,.0f} nats, far worse than before training ({self.first_loss:,.0f})"
        split = "training" if finite or not math.isfinite(loss) else "validation"
        raise TrainingError(
            f"The loss diverged in epoch {report.epoch}: on the {split} images it is "
            f"{what if finite else 'no longer a finite number'}.",
            f"Lower the learning rate (it was {self.config.learning_rate:g}; 1e-3 to 5e-3 suit most VAEs), or limit "
            "the gradient norm (--max-grad-norm).",
        )


class _Step(nn.Module):
    """The loss as a module, so that DistributedDataParallel can wrap it; matrix products in the chosen precision."""

    def __init__(self, model: VAE, objective: Objective, precision: str, device: torch.device) -> None:
        super().__init__()
        self.model, self.objective, self._device = model, objective, device.type
        self._half = (best_precision(device) if precision == "auto" else precision) == "bfloat16"

    def forward(self, x: Tensor, epsilon: Tensor, weight: float) -> Tensor:
        """(n,) nats."""
        with torch.autocast(self._device, torch.bfloat16, enabled=self._half):
            return self.objective.loss(self.model, x, epsilon, weight)


def _adam(model: VAE, rate: float) -> torch.optim.Adam:
    groups: list[dict[str, Any]] = [{"params": [*model.encoder.parameters(), *model.decoder.parameters()]}]
    if noise := list(model.likelihood.parameters()):
        groups.append({"params": noise, "rate_factor": NOISE_RATE})  # schedules.py reads it
    return torch.optim.Adam(groups, lr=rate, fused=True)


def _generator(seed: int, epoch: int, stream: int, device: torch.device) -> torch.Generator:
    """Random numbers that depend on seed, epoch and stream alone, so that a resumed run draws the same."""
    mixed = int(np.random.SeedSequence([seed, epoch, stream]).generate_state(1, np.uint64)[0] >> np.uint64(1))
    return torch.Generator(device).manual_seed(mixed)


def _spread(images: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """`count` images, or all if there are fewer, spread evenly: a fixed part of the training split to measure."""
    rows = np.linspace(0, len(images) - 1, min(count, len(images))).astype(np.int64)
    chosen: NDArray[np.uint8] = images[rows]
    return chosen
