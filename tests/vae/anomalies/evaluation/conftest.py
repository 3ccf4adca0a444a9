"""A comparison, computed once for all files."""

from __future__ import annotations

import pytest

from tests.vae.anomalies.evaluation.made import CHECKPOINTS, LOW, NAMES
from vae.anomalies.evaluation import compare
from vae.anomalies.evaluation.comparison import Comparison
from vae.checkpoints import checkpoint_files, loading
from vae.checkpoints.checkpoint import Checkpoint
from vae.model.vae import VAE


@pytest.fixture(scope="session")
def checkpoint() -> Checkpoint:
    return checkpoint_files.read("digits-mlp-8", CHECKPOINTS)


@pytest.fixture(scope="session")
def model(checkpoint: Checkpoint) -> VAE:
    return loading.load_model(checkpoint)


@pytest.fixture(scope="session")
def compared(checkpoint: Checkpoint, model: VAE) -> Comparison:
    return compare.compare(checkpoint, model, LOW, NAMES)
