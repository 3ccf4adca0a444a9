"""What several test files build. numpy only."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import DatasetRef, Latents, Metric, NewCheckpoint
from vae.config import ModelConfig, TrainConfig
from vae.maps import pca
from vae.model.layers import parameter_shapes

TINY = ModelConfig("mlp", (1, 8, 8), 2, hidden=(4,))
TINY_CONV = ModelConfig("conv", (1, 8, 8), 3, hidden=(6,), channels=(4, 8))


def random_latents(count: int = 40, latent_dim: int = 2, seed: int = 0) -> Latents:
    """Latents with the shapes and identities of real ones."""
    rng = np.random.default_rng(seed)
    mu, sigma = rng.normal(size=(count, latent_dim)), rng.uniform(0.1, 1.0, (count, latent_dim))
    kl = (0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)).sum(1)
    log_likelihood, squared_error = rng.uniform(-40, -20, count), rng.uniform(1, 9, count)
    labels = rng.integers(0, 10, count)
    floats = (a.astype(np.float32) for a in (log_likelihood, kl, log_likelihood - kl, squared_error))
    return Latents(mu.astype(np.float32), sigma.astype(np.float32), labels, *floats)


def new_checkpoint(model: ModelConfig = TINY, seed: int = 0) -> NewCheckpoint:
    """Everything `store.write` needs, with random weights."""
    rng = np.random.default_rng(seed)
    latents = random_latents(latent_dim=model.latent_dim, seed=seed)
    return NewCheckpoint(
        model=model,
        train=TrainConfig("digits", epochs=2),
        dataset=DatasetRef("digits", "scikit-learn digits", model.image_shape, tuple("0123456789"), "f" * 64),
        command="python -m vae train --dataset digits",
        weights={n: rng.normal(size=s).astype(np.float32) for n, s in parameter_shapes(model).items()},
        latents=latents,
        maps=[pca.fit(latents.mu)],
        metrics={"elbo": Metric(-31.25, "nats per image", "mean over 40 images − grey pixels")},
        history=[{"epoch": 1, "train_elbo": -40.5}, {"epoch": 2, "train_elbo": -1 / 3}],
    )


def edit_config(folder: Path, **changes: object) -> None:
    """Change top-level entries of config.json."""
    path = folder / checkpoint_files.CONFIG
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def rehash(folder: Path) -> None:
    """Make config.json agree with the files beside it, as somebody would who forges a checkpoint."""
    names = [n for n in checkpoint_files.FILES if (folder / n).is_file()]
    edit_config(folder, files={n: {"bytes": (folder / n).stat().st_size, "sha256": _sha256(folder / n)} for n in names})


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
