"""What counts as far from every image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Latents
from vae.generation import holes, sampling
from vae.storage import paths


def latents(mu: np.ndarray, sigma: float) -> Latents:
    flat = np.zeros(len(mu), np.float32)
    labels = np.zeros(len(mu), np.int64)
    return Latents(mu.astype(np.float32), np.full(mu.shape, sigma, np.float32), labels, flat, flat, flat, flat)


def test_samples_of_the_data_itself_are_rarely_far() -> None:
    """A new draw from the same aggregate posterior lies beyond the limit in about 5 % of the cases, by its meaning."""
    rng = np.random.default_rng(3)
    known = latents(rng.normal(0, 0.9, (4_000, 3)), 0.4)
    limit = holes.reach(known)
    fresh = rng.normal(0, 0.9, (4_000, 3)) + 0.4 * rng.standard_normal((4_000, 3))
    share = (holes.from_data(fresh, known, limit) > limit.limit).mean()
    assert share == pytest.approx(0.05, abs=0.02)


def test_the_limit_of_a_page_is_that_of_the_images_it_looks_through() -> None:
    """Of more than it can: a new draw then lies beyond it as often, though the nearest of all images is nearer."""
    rng = np.random.default_rng(5)
    known = latents(rng.normal(0, 0.9, (120_001, 3)), 0.05)
    every = holes.every(len(known.mu))
    assert (every, holes.every(50_000)) == (3, 1)
    limit = holes.reach_in_a_page(known)
    fresh = rng.normal(0, 0.9, (4_000, 3)) + 0.05 * rng.standard_normal((4_000, 3))
    looked_through = known.take(np.arange(0, len(known.mu), every))
    assert (holes.from_data(fresh, looked_through, limit) > limit.limit).mean() == pytest.approx(0.05, abs=0.02)
    assert (holes.from_data(fresh, known, limit) > limit.limit).mean() < 0.03


def test_dimensions_that_carry_nothing_do_not_count() -> None:
    rng = np.random.default_rng(4)
    mu = rng.normal(0, 1, (2_000, 4))
    mu[:, 2:] = 0.001 * rng.standard_normal((2_000, 2))
    full = latents(mu, 0.3)
    sigma = full.sigma.copy()
    sigma[:, 2:] = 1
    known = holes.reach(replace(full, sigma=sigma))
    assert known.dims.tolist() == [0, 1]
    z = np.array([[*mu[5, :2], 3.0, -3.0], [9.0, 9.0, 0.0, 0.0]])
    near, far = holes.from_data(z, full, known)
    assert near == pytest.approx(0, abs=1e-6)
    assert far > known.limit


def test_a_planted_hole_is_found() -> None:
    rng = np.random.default_rng(5)
    mu = np.concatenate([rng.normal(-3, 0.3, (500, 2)), rng.normal(3, 0.3, (500, 2))])
    known = holes.reach(latents(mu, 0.1))
    between = holes.from_data(np.zeros((1, 2)), latents(mu, 0.1), known)
    assert between[0] > 5 * known.limit


def test_a_collapsed_model_is_measured_in_all_dimensions() -> None:
    known = holes.reach(latents(np.full((50, 3), 0.01), 1.0))
    assert known.dims.tolist() == [0, 1, 2]


def test_beside_one_image_no_place_is_a_hole() -> None:
    one = latents(np.zeros((1, 2)), 1.0)
    known = holes.reach(one)
    assert not known.is_measured
    far = holes.from_data(np.full((1, 2), 50.0), one, known)
    assert far == pytest.approx(50 * 2**0.5)
    assert not far > known.limit
    assert holes.reach(latents(np.eye(2), 1.0)).is_measured


@pytest.mark.parametrize("name", ["digits-mlp-2", "digits-mlp-8", "mnist-conv-16", "shapes-conv-10"])
def test_hot_samples_of_the_shipped_models_lie_farther(name: str) -> None:
    checkpoint = checkpoint_files.read(name, paths.PROJECT / "checkpoints")
    known = holes.reach(checkpoint.latents)

    def far(temperature: float) -> float:
        z = sampling.from_prior(400, checkpoint.model.latent_dim, 0, temperature)
        return float((holes.from_data(z, checkpoint.latents, known) > known.limit).mean())

    assert far(0.5) < far(1.0) < far(2.0)
