"""Histories made up for tests of verdicts: MNIST as it goes, with the columns that a run of today has."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from vae.config import ModelConfig, TrainConfig
from vae.training.diagnostics.evidence import Evidence
from vae.training.run_folder.history import EpochRow

MODEL = ModelConfig("mlp", (1, 28, 28), 50, (400,))
TRAIN = TrainConfig("mnist", epochs=20)


def healthy(epochs: int = 20, **more: float) -> list[EpochRow]:
    """From −200 to about −100 nats, 22 of 50 dimensions active, a gap of 2; `more` replaces columns."""
    rows = []
    for epoch in range(1, epochs + 1):
        elbo = -100.0 - 100.0 * math.exp(-epoch / 3) + (0.1 if epoch % 2 else -0.1)
        row = {"epoch": float(epoch), "steps": 215.0 * epoch, "train_images": 55_000.0, "kl_weight": 1.0}
        for split, gap in (("train", 2.0), ("validation", 0.0)):
            row |= {f"{split}_elbo": elbo + gap, f"{split}_log_likelihood": elbo + gap + 24, f"{split}_kl": 24.0}
            row |= {f"{split}_loss": -elbo - gap, f"{split}_baseline": 206.0}
        row |= {f"kl_{j}": 24.0 / 22 if j < 22 else 0.001 for j in range(50)}
        row |= {"active_units": 22.0, "sample_variety": 0.7, "validation_floor": 45.0, "validation_loss_error": 0.3}
        row |= {"marginal_kl": 0.6, "learning_rate": 1e-3 if epoch < epochs else 1e-8}
        rows.append({**row, **more})
    return rows


def run(rows: list[EpochRow], model: ModelConfig = MODEL, outcome: str = "trained", **training: Any) -> Evidence:
    """That these rows are a run's."""
    return Evidence(rows, model, replace(TRAIN, **training), outcome)


def collapsed(rows: list[EpochRow]) -> list[EpochRow]:
    """The KL gone, and the loss where independent pixels are."""
    return [row | COLLAPSED | {f"kl_{j}": 0.0 for j in range(50)} for row in rows]


COLLAPSED = {
    f"{split}_{name}": value
    for split in ("train", "validation")
    for name, value in (("elbo", -206.0), ("log_likelihood", -205.999), ("kl", 0.001), ("loss", 206.0))
} | {"active_units": 0.0, "sample_variety": 0.001, "marginal_kl": 0.0}
