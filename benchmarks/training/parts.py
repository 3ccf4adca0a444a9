"""The parts of the training benchmark: each measures one thing and gives its figures by name."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks import report
from benchmarks.training import arithmetic, clicks, streaming
from benchmarks.training.recipes import pythae_trainer, pytorch_example
from benchmarks.training.to_target import TARGET, Epoch, epoch_seconds, forward_of, loss_per_image, seconds_to
from vae.config import ModelConfig, TrainConfig
from vae.model.devices import best_precision
from vae.model.vae import VAE, new_model
from vae.training.trainer import train

EXAMPLE_EPOCHS, EXAMPLE_MOST_EPOCHS = 10, 12
BATCH_SIZE, LEARNING_RATE = 256, 1.2e-2
WARM_UP_IMAGES = 5_120
MODEL = ModelConfig("mlp", (1, 28, 28), 20, (400,))


@dataclass(frozen=True)
class Setting:
    """What every part needs: images (N, 1, 28, 28) uint8, and what was asked for."""

    train_images: NDArray[np.uint8]
    validation_images: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    device: torch.device
    repeats: int
    vae_epochs: int
    pythae_python: str


@dataclass(frozen=True)
class Run:
    """A whole run of `vae`: its seconds, those of its gradient steps alone, and the test loss after it."""

    seconds: float
    stepping_seconds: float
    test_loss: float


def measure_recipe(setting: Setting) -> report.Values:
    """The example's ten epochs, and up to two more until the target is reached."""
    next(pytorch_example.learn(min(WARM_UP_IMAGES, len(setting.train_images)), setting.test_images, setting.device))
    epochs: list[Epoch] = []
    for epoch in pytorch_example.learn(len(setting.train_images), setting.test_images, setting.device):
        epochs.append(epoch)
        say(f"recipe: epoch {len(epochs)}, {epoch.seconds:.1f} s, test loss {epoch.test_loss:.2f}")
        reached = seconds_to(epochs, TARGET) is not None
        if len(epochs) >= (EXAMPLE_EPOCHS if reached else EXAMPLE_MOST_EPOCHS):
            break
    return {
        "example_recipe_s": rounded(seconds_to(epochs, TARGET)),
        "example_test_loss_after_10": round(epochs[EXAMPLE_EPOCHS - 1].test_loss, 2),
        "example_10_epochs_s": round(epochs[EXAMPLE_EPOCHS - 1].seconds, 2),
        "example_epoch_s": round(epoch_seconds(epochs), 3),
        "example_runs": 1,
    }


def measure_vae(setting: Setting) -> report.Values:
    """Whole runs with several seeds."""
    run_vae(setting, setting.train_images[:WARM_UP_IMAGES], epochs=1, seed=0)
    runs = []
    for seed in range(setting.repeats):
        run = run_vae(setting, setting.train_images, setting.vae_epochs, seed)
        say(f"vae: seed {seed}, {setting.vae_epochs} epochs, {run.seconds:.2f} s, test loss {run.test_loss:.2f}")
        runs.append(run)
    seconds = statistics.median(run.seconds for run in runs)
    seen = setting.vae_epochs * len(setting.train_images)
    return {
        "vae_s": round(seconds, 3),
        "vae_epochs": setting.vae_epochs,
        "vae_precision": best_precision(setting.device),
        "vae_epoch_s": round(seconds / setting.vae_epochs, 3),
        "vae_runs_s": ", ".join(f"{run.seconds:.3f}" for run in runs),
        "vae_test_losses": ", ".join(f"{run.test_loss:.2f}" for run in runs),
        "vae_worst_test_loss": round(max(run.test_loss for run in runs), 3),
        "vae_images_per_s": round(seen / seconds),
        "vae_step_images_per_s": round(seen / statistics.median(run.stepping_seconds for run in runs)),
        "vae_runs": len(runs),
    }


def run_vae(setting: Setting, images: NDArray[np.uint8], epochs: int, seed: int) -> Run:
    """One whole run of `vae.training.trainer.train`."""
    config = TrainConfig("mnist", epochs, BATCH_SIZE, LEARNING_RATE, lr_schedule="one_cycle", seed=seed)
    model: VAE = new_model(MODEL, seed)
    start = time.perf_counter()
    reports = list(train(model, images, setting.validation_images, config, setting.device))
    arithmetic.synchronise(setting.device)
    seconds = time.perf_counter() - start
    stepping = sum(len(images) / report.images_per_second for report in reports)
    return Run(seconds, stepping, loss_per_image(forward_of(model.eval()), setting.test_images, setting.device))


def measure_floor(setting: Setting) -> report.Values:
    """The floor with the fastest precision that the hardware has."""
    rates = {"float32": arithmetic.gemm_rate(torch.float32, setting.device)}
    if best_precision(setting.device) == "bfloat16":
        rates["bfloat16"] = arithmetic.gemm_rate(torch.bfloat16, setting.device)
    flops = arithmetic.flops_per_image(arithmetic.LAYERS)
    return {
        "epoch_gflops": round(flops * len(setting.train_images) / 1e9, 1),
        "gemm_float32_gflops_per_s": round(rates["float32"] / 1e9, 1),
        "gemm_bfloat16_gflops_per_s": round(rates["bfloat16"] / 1e9, 1) if "bfloat16" in rates else None,
        "floor_images_per_s": round(max(rates.values()) / flops),
    }


def measure_pythae(setting: Setting) -> report.Values:
    """pythae's trainer in a process of its own; null where it is not installed."""
    try:
        epochs = pythae_trainer.run(setting.pythae_python, len(setting.train_images), EXAMPLE_EPOCHS)
    except pythae_trainer.PythaeError as error:
        return {"pythae_s": None, "pythae_epoch_s": None, "pythae_note": str(error)}
    return {
        "pythae_s": rounded(seconds_to(epochs, TARGET)),
        "pythae_test_loss_after_10": round(epochs[-1].test_loss, 2),
        "pythae_10_epochs_s": round(epochs[-1].seconds, 2),
        "pythae_epoch_s": round(epoch_seconds(epochs), 3),
    }


def measure_stream(setting: Setting) -> report.Values:
    """An epoch from a memory-mapped file, and one from memory."""
    speeds = streaming.measure(setting.train_images, setting.validation_images, MODEL, setting.device)
    return {
        "memory_images_per_s": round(speeds.memory),
        "stream_images_per_s": round(speeds.stream),
        "stream_share": round(speeds.stream / speeds.memory, 2),
    }


def measure_clicks(_: Setting) -> report.Values:
    """Clicks in Explore, idle and beside a training job."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        measured = clicks.measure(Path(folder))
    idle, training = clicks.median(measured.idle), clicks.median(measured.training)
    return {
        "click_idle_ms": idle.answered,
        "click_training_ms": training.answered,
        "click_ratio": round(training.answered / idle.answered, 2),
        "click_decoded_idle_ms": idle.decoded,
        "click_decoded_training_ms": training.decoded,
        "click_training_epochs": measured.epochs_meanwhile,
        "clicks": len(measured.training),
    }


PARTS: dict[str, Callable[[Setting], report.Values]] = {
    "recipe": measure_recipe,
    "vae": measure_vae,
    "floor": measure_floor,
    "pythae": measure_pythae,
    "stream": measure_stream,
    "click": measure_clicks,
}


def rounded(seconds: float | None) -> float | None:
    """To 10 ms; None stays None."""
    return None if seconds is None else round(seconds, 2)


def say(text: str) -> None:
    """Progress, on the error stream."""
    print(text, file=sys.stderr, flush=True)
