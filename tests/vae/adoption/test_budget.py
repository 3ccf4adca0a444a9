"""What a machine has no memory for is said before it starts, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from torch import nn

import vae
from vae.budget import free
from vae.errors import BudgetError


def test_a_model_without_memory_for_it_is_refused_in_numbers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VAE_CHECKPOINTS", str(tmp_path))
    monkeypatch.setattr(free, "memory", lambda: 10**6)
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 4))
    decoder = nn.Sequential(nn.Linear(2, 64), nn.Sigmoid())
    with pytest.raises(BudgetError, match="Loading this model needs about"):
        vae.adopt("new", encoder=encoder, decoder=decoder, dataset="digits")
    assert list(tmp_path.iterdir()) == []
