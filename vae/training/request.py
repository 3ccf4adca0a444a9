"""What a training run is to do, checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vae.config import ModelConfig, TrainConfig


@dataclass(frozen=True)
class Configs:
    """What is trained, and how."""

    model: ModelConfig
    train: TrainConfig


@dataclass(frozen=True)
class Plan:
    """Model, training, where the checkpoint goes, and the command line that repeats it."""

    model: ModelConfig
    train: TrainConfig
    destination: Path
    command: str
