"""What all page tests need."""

from __future__ import annotations

import math

import pytest

from ui import train_estimate


@pytest.fixture(autouse=True)
def _no_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Train page starts no trial by itself; tests of the estimate say when the form is still."""
    monkeypatch.setattr(train_estimate, "STILL_SECONDS", math.inf)
