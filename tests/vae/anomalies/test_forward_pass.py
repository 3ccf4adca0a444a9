"""One pass that feeds every anomaly score: what it holds, and that an image is seen alike in any company."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from scipy import stats

from tests.vae.helpers import TINY
from vae.anomalies import forward_pass
from vae.anomalies.forward_pass import Pass, concatenate, passes
from vae.checkpoints import checkpoint_files
from vae.data.image_dataset import ImageDataset
from vae.errors import ScoreError
from vae.model.vae import VAE, new_model
from vae.storage.paths import PROJECT

IMAGES = np.random.default_rng(0).integers(0, 256, (4000, 1, 4, 4), dtype=np.uint8)
KNOWN = (-0.3367735, -0.3380130, -0.0134393)  # the first three draws of the image 0..15


def test_a_pass_holds_what_the_model_says(digits_vae: VAE, sixty_digits: Pass) -> None:
    x = torch.tensor(sixty_digits.pixels).float() / 255
    with torch.no_grad():
        posterior = digits_vae.encode(x)
        mean = digits_vae.decode_mean(posterior.mu)
    np.testing.assert_allclose(sixty_digits.mu, posterior.mu, atol=1e-5)
    np.testing.assert_allclose(sixty_digits.sigma, posterior.sigma, rtol=1e-5)
    np.testing.assert_allclose(sixty_digits.squared_error, (x - mean).square().sum((1, 2, 3)), rtol=1e-4)
    np.testing.assert_allclose(sixty_digits.energy, x.square().sum((1, 2, 3)), rtol=1e-5)
    mu, sigma = sixty_digits.mu.astype(np.float64), sixty_digits.sigma.astype(np.float64)
    np.testing.assert_allclose(sixty_digits.kl, (0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)).sum(1), rtol=1e-4)
    np.testing.assert_allclose(sixty_digits.elbo, sixty_digits.log_likelihood - sixty_digits.kl, rtol=1e-5)


def test_the_sampled_terms_agree_with_those_of_the_checkpoint(digits_vae: VAE, digits: dict[str, ImageDataset]) -> None:
    """Other noise, same expectation; what has no noise is the same."""
    latents = checkpoint_files.read("digits-mlp-8", PROJECT / "checkpoints").latents
    seen = passes(digits_vae, digits["test"].images)
    assert abs(float(seen.elbo.mean() - latents.elbo.mean())) < 0.3
    assert np.corrcoef(seen.elbo, latents.elbo)[0, 1] > 0.7
    for name in ("mu", "sigma", "kl", "squared_error"):
        np.testing.assert_allclose(getattr(seen, name), getattr(latents, name), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("binarized", [False, True])
def test_an_image_is_seen_alike_in_any_chunk_and_order(digits_vae: VAE, sixty_digits: Pass, binarized: bool) -> None:
    images = sixty_digits.pixels
    whole = passes(digits_vae, images, binarized, seed=4)
    parts = concatenate(
        [passes(digits_vae, images[s], binarized, 4, batch_size=7) for s in (slice(0, 23), slice(23, None))]
    )
    turned = passes(digits_vae, images[::-1], binarized, seed=4).take(slice(None, None, -1))
    for other in (parts, turned):
        for field in dataclasses.fields(Pass):
            np.testing.assert_allclose(getattr(other, field.name), getattr(whole, field.name), rtol=1e-4, atol=1e-5)
    assert not np.allclose(whole.elbo, passes(digits_vae, images, binarized, seed=5).elbo)


def test_binarized_pixels_are_zeros_and_ones(digits_vae: VAE, sixty_digits: Pass) -> None:
    energy = passes(digits_vae, sixty_digits.pixels, binarized=True).energy
    assert np.array_equal(energy, np.round(energy))
    assert (
        abs(float(energy.mean() / (sixty_digits.pixels / 255.0).sum((1, 2, 3)).mean()) - 1) < 0.1
    )  # grey values as shares


def test_some_of_a_pass(sixty_digits: Pass) -> None:
    mask = np.arange(len(sixty_digits)) % 3 == 0
    for rows in (mask, np.flatnonzero(mask), slice(None, None, 3)):
        part = sixty_digits.take(rows)
        assert (len(part), part.latent_dim) == (20, 8)
        assert np.array_equal(part.elbo, sixty_digits.elbo[::3])
        assert np.array_equal(part.pixels, sixty_digits.pixels[::3])


def test_passes_that_differ_in_kind_are_not_put_together(digits_vae: VAE, sixty_digits: Pass) -> None:
    with pytest.raises(ScoreError, match="no images"):
        concatenate([])
    with pytest.raises(ScoreError, match="2 kinds"):
        concatenate([sixty_digits, passes(digits_vae, sixty_digits.pixels, seed=1)])


def test_what_no_model_can_see_is_refused(digits_vae: VAE, sixty_digits: Pass) -> None:
    with pytest.raises(ScoreError, match=r"shape \(60, 1, 4, 8\) of uint8, expected uint8 \('n', 1, 8, 8\)"):
        passes(digits_vae, sixty_digits.pixels[:, :, ::2])
    with pytest.raises(ScoreError, match="float64"):
        passes(digits_vae, sixty_digits.pixels / 255)  # type: ignore[arg-type]
    broken = new_model(TINY, 0)
    with torch.no_grad():
        next(broken.decoder.parameters()).fill_(torch.nan)
    with pytest.raises(ScoreError, match=r"not finite for 60 of 60 images \(first: 0\)"):
        passes(broken, sixty_digits.pixels)
    with pytest.raises(ScoreError, match="disagree"):
        dataclasses.replace(sixty_digits, kl=sixty_digits.kl[:3])


def test_progress_is_heard_and_may_stop(digits_vae: VAE, sixty_digits: Pass) -> None:
    heard: list[tuple[int, int]] = []
    passes(digits_vae, sixty_digits.pixels, batch_size=25, on_batch=lambda done, total: heard.append((done, total)))
    assert heard == [(25, 60), (50, 60), (60, 60)]


# --- noise ------------------------------------------------------------------------------------------------------------


def test_draws_are_standard_normal_and_independent() -> None:
    z = forward_pass.standard_normal(IMAGES, (3, 5), seed=0).reshape(-1, 15)
    assert z.dtype == np.float32
    assert stats.kstest(z.ravel(), "norm").pvalue > 0.01
    np.testing.assert_allclose(np.corrcoef(z.T), np.eye(15), atol=0.07)  # 4.4 standard errors
    assert abs(np.corrcoef(z[:-1].ravel(), z[1:].ravel())[0, 1]) < 0.02  # from image to image


def test_draws_are_uniform_below_one() -> None:
    u = forward_pass.uniform(IMAGES, seed=0)
    assert (u.shape, u.dtype) == (IMAGES.shape, np.float32)
    assert 0 <= u.min() < u.max() < 1
    assert stats.kstest(u.ravel(), "uniform").pvalue > 0.01


def test_an_image_keeps_its_noise_in_any_company() -> None:
    whole = forward_pass.standard_normal(IMAGES[:9], (7,), seed=3)
    assert np.array_equal(forward_pass.standard_normal(IMAGES[4:5], (7,), seed=3)[0], whole[4])
    assert np.array_equal(forward_pass.standard_normal(IMAGES[8::-1], (7,), seed=3), whole[::-1])
    assert len(np.unique(whole[:, 0])) == 9
    assert np.array_equal(forward_pass.uniform(IMAGES[4:5], 3)[0], forward_pass.uniform(IMAGES[:9], 3)[4])


@pytest.mark.parametrize("seed", [1, 2**63])
def test_seeds_and_kinds_of_noise_are_apart(seed: int) -> None:
    here, there = (
        forward_pass.standard_normal(IMAGES, (1,), 0)[:, 0],
        forward_pass.standard_normal(IMAGES, (1,), seed)[:, 0],
    )
    assert abs(np.corrcoef(here, there)[0, 1]) < 0.07
    pixel = forward_pass.uniform(IMAGES, 0)[:, 0, 0, 0]
    assert abs(stats.spearmanr(np.abs(here), pixel)[0]) < 0.07


def test_the_numbers_never_change() -> None:
    """Kept detectors and thresholds rest on them."""
    one = np.arange(16, dtype=np.uint8).reshape(1, 1, 4, 4)
    np.testing.assert_allclose(forward_pass.standard_normal(one, (3,), 0)[0], KNOWN, atol=1e-6)
    assert forward_pass.standard_normal(one[:0], (3,), 0).shape == (0, 3)
