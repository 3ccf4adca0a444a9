"""Which dimension follows which factor: against planted latents."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.factors import FOLLOWED, correlation_ratio, followed
from vae.checkpoints import checkpoint_files
from vae.data import datasets
from vae.data.built_in import shapes
from vae.storage.paths import PROJECT


def test_the_correlation_ratio_of_known_groups() -> None:
    """Of two groups at ±1 with spread s within each it is 1 / (1 + s²)."""
    random = np.random.default_rng(0)
    groups = np.repeat([0, 1], 50_000)
    for spread in (0.5, 1.0):
        values = 2.0 * groups - 1 + random.normal(0, spread, len(groups))
        assert correlation_ratio(values, groups) == pytest.approx(1 / (1 + spread**2), abs=0.01)
    assert correlation_ratio(np.ones(len(groups)), groups) == 0


def test_planted_dimensions_are_found() -> None:
    made_of = shapes.factors("test")
    noise = np.random.default_rng(0).normal(size=len(made_of.x))
    mu = np.stack([noise, made_of.x, made_of.shape + 0.1 * noise, np.abs(made_of.hue - 140)], 1).astype(np.float32)
    found = {each.factor: each for each in followed(mu, made_of)}
    assert [found[name].dimension for name in ("x", "shape", "hue")] == [1, 2, 3]
    assert min(found[name].share for name in ("x", "shape", "hue")) > 0.95
    assert max(found[name].share for name in ("y", "rotation", "radius")) < 0.1


def test_what_the_shipped_model_follows_is_what_its_page_says() -> None:
    checkpoint = checkpoint_files.read("shapes-conv-10", PROJECT / "checkpoints")
    assert checkpoint.dataset.test_fingerprint == datasets.load("shapes", "test").fingerprint
    found = followed(checkpoint.latents.mu, shapes.factors("test"))
    assert {each.factor for each in found if each.share >= FOLLOWED} == {"hue", "radius", "x", "y"}
    said = (PROJECT / "docs" / "training.md").read_text(encoding="utf-8")
    for each in found:
        assert f"| {each.factor} | z{each.dimension} | {each.share:.2f} | {each.next_share:.2f} |" in said
