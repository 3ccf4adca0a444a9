"""Two processes with half of every batch each train what one process trains alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from vae import commands
from vae.checkpoints import checkpoint_files
from vae.storage import paths
from vae.training.distributed import Workers

COMMAND = ["train", "--dataset", "digits", "--epochs", "2", "--latent-dim", "3", "--hidden", "16", "--seed", "5"]
COMMAND += ["--batch-size", "101", "--max-grad-norm", "50", "--free-bits", "0.05", "--binarization", "dynamic"]
COMMAND += ["--precision", "float32"]


def test_two_processes_match_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHECKPOINTS", "RUNS"):
        monkeypatch.setenv(f"VAE_{name}", str(tmp_path / name.lower()))
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "vae"]
    together = subprocess.run(
        [*launch, *COMMAND, "--output", "two"],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        cwd=paths.PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert together.returncode == 0, together.stderr[-3000:]
    assert commands.main([*COMMAND, "--output", "one"]) == 0
    two, one = checkpoint_files.read("two"), checkpoint_files.read("one")
    first, second = checkpoint_files.read_weights(one), checkpoint_files.read_weights(two)
    for name, array in first.items():
        np.testing.assert_allclose(second[name], array, atol=2e-5, err_msg=name)
    assert two.history[-1]["validation_elbo"] == pytest.approx(one.history[-1]["validation_elbo"], abs=1e-3)
    assert len(list((tmp_path / "runs").iterdir())) == 2  # one writer each
    assert together.stdout.count("Trained 2 epochs") == 1


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_shares_are_all_of_it_once_and_in_order(count: int) -> None:
    rows = torch.arange(13 * 2).reshape(13, 2)
    shares = [Workers(rank, count).share(rows) for rank in range(count)]
    assert torch.equal(torch.cat(shares), rows)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    samples = torch.arange(3 * 13 * 2).reshape(3, 13, 2)
    assert torch.equal(torch.cat([Workers(rank, count).share(samples, -2) for rank in range(count)], -2), samples)


def test_alone_means_and_agreements_are_ones_own() -> None:
    values = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    assert Workers().batch_mean(values).tolist() == [2.0, 4.0]
    assert Workers().agree(0.25, torch.device("cpu")) == 0.25
