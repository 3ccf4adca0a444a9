"""Samples from the prior and from mixtures, against closed forms, scikit-learn and scipy."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

from tests.vae.helpers import new_checkpoint, random_latents
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.checkpoints.checkpoint import Checkpoint, Latents
from vae.errors import GenerationError
from vae.generation import mixture_files, posterior_files, sampling
from vae.generation.sampling import Mixture
from vae.storage import paths

MIXTURE = Mixture(
    np.array([0.3, 0.7]),
    np.array([[-2.0, 1.0], [3.0, 0.0]]),
    np.array([[[0.5, 0.2], [0.2, 1.0]], [[2.0, -0.6], [-0.6, 0.4]]]),
)


def blobs(count: int = 3000) -> Latents:
    """Two classes of posteriors: a quarter about (-4, 0), the rest about (3, 2), with the sigma of each image 0.5."""
    rng = np.random.default_rng(1)
    first = np.arange(count) < count // 4
    mu = np.where(first[:, None], (-4.0, 0.0), (3.0, 2.0)) + rng.normal(size=(count, 2)) * (1.0, 0.5)
    return dataclasses.replace(
        random_latents(count),
        mu=mu.astype(np.float32),
        sigma=np.full((count, 2), 0.5, np.float32),
        labels=np.where(first, 0, 1).astype(np.int64),
    )


# --- the prior --------------------------------------------------------------------------------------------------------


def test_prior_samples_are_standard_normal_times_the_temperature() -> None:
    z = sampling.from_prior(10_000, 3, seed=5)
    assert (z.shape, z.dtype) == ((10_000, 3), np.float32)
    np.testing.assert_allclose(z.mean(0), 0, atol=0.04)  # 4 standard errors
    np.testing.assert_allclose(np.cov(z.T), np.eye(3), atol=0.06)
    np.testing.assert_allclose(sampling.from_prior(50, 3, 5, temperature=0.25), 0.25 * z[:50], rtol=1e-6)


def test_a_seed_repeats_and_more_samples_begin_with_the_fewer() -> None:
    few, many = sampling.from_prior(7, 5, seed=3), sampling.from_prior(999, 5, seed=3)
    assert np.array_equal(few, many[:7])
    assert not np.array_equal(few, sampling.from_prior(7, 5, seed=4))
    few, many = MIXTURE.sample(7, seed=3), MIXTURE.sample(999, seed=3)
    assert np.array_equal(few, many[:7])
    assert not np.array_equal(few, MIXTURE.sample(7, seed=4))


@pytest.mark.parametrize(
    ("number", "temperature", "seed", "message"),
    [
        (0, 1.0, 0, "number of samples is 0, expected a whole number from 1 to 10,000"),
        (10**6, 1.0, 0, "number of samples is 1000000"),
        (2.5, 1.0, 0, r"number of samples is 2\.5"),
        (True, 1.0, 0, "number of samples is True"),
        (1, 0.0, 0, "temperature is 0.0, expected a number above 0, up to 5"),
        (1, -1.0, 0, "temperature is -1.0"),
        (1, math.nan, 0, "temperature is nan"),
        (1, math.inf, 0, "temperature is inf"),
        (1, 5.1, 0, "temperature is 5.1"),
        (1, "1", 0, "temperature is 1, expected"),
        (1, 1.0, -1, "seed is -1, expected a whole number from 0"),
        (1, 1.0, 2**32, "seed is 4294967296"),
    ],
)
def test_what_cant_be_sampled_is_refused(number: int, temperature: float, seed: int, message: str) -> None:
    with pytest.raises(GenerationError, match=message):
        sampling.from_prior(number, 2, seed, temperature)
    with pytest.raises(GenerationError, match=message):
        MIXTURE.sample(number, seed, temperature)


# --- mixtures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_a_mixtures_samples_have_its_mean_and_covariance(temperature: float) -> None:
    z = np.concatenate([MIXTURE.sample(10_000, seed, temperature) for seed in range(10)])
    mean = MIXTURE.weights @ MIXTURE.means
    between = (MIXTURE.means - mean).T @ np.diag(MIXTURE.weights) @ (MIXTURE.means - mean)
    within = np.einsum("k,kij->ij", MIXTURE.weights, MIXTURE.covariances)
    np.testing.assert_allclose(z.mean(0), mean, atol=0.04)
    np.testing.assert_allclose(np.cov(z.T), between + temperature**2 * within, atol=0.08)


def test_the_log_density_is_scipys_and_scikit_learns() -> None:
    z = np.random.default_rng(0).normal(0, 3, (200, 2)).astype(np.float32)
    parts = zip(MIXTURE.weights, MIXTURE.means, MIXTURE.covariances, strict=True)
    scipys = np.log(sum(w * multivariate_normal(m, c).pdf(z) for w, m, c in parts))
    np.testing.assert_allclose(MIXTURE.log_density(z), scipys, rtol=1e-9)
    theirs = GaussianMixture(2, random_state=0).fit(z.astype(np.float64))
    ours = Mixture(theirs.weights_, theirs.means_, theirs.covariances_)
    np.testing.assert_allclose(ours.log_density(z), theirs.score_samples(z.astype(np.float64)), rtol=1e-9)


def test_far_away_the_log_density_is_still_a_number() -> None:
    assert np.isfinite(MIXTURE.log_density(np.full((1, 2), 1e4))).all()
    with pytest.raises(GenerationError, match=r"shape \(3, 5\), expected \(n, 2\)"):
        MIXTURE.log_density(np.zeros((3, 5)))


def test_the_fit_finds_both_blobs_with_the_posteriors_own_spread() -> None:
    fitted = sampling.fit_mixture(blobs(), components=2)
    order = fitted.means[:, 0].argsort()
    np.testing.assert_allclose(fitted.weights[order], (0.25, 0.75), atol=0.01)
    np.testing.assert_allclose(fitted.means[order], ((-4, 0), (3, 2)), atol=0.12)
    expected = np.diag([1.0 + 0.25, 0.25 + 0.25])  # of mu, plus sigma²: the aggregate posterior is wider than its means
    np.testing.assert_allclose(fitted.covariances[order], [expected] * 2, atol=0.15)


def test_a_class_is_fitted_alone_and_repeats() -> None:
    fitted = sampling.fit_mixture(blobs(), components=1, seed=2, label=0)
    np.testing.assert_allclose(fitted.means, [(-4, 0)], atol=0.15)
    again = sampling.fit_mixture(blobs(), components=1, seed=2, label=0)
    assert np.array_equal(fitted.covariances, again.covariances)


@pytest.mark.parametrize(
    ("components", "seed", "label", "message"),
    [
        (14, 0, None, r"components is 14, expected .* 1 to 13\. Each component needs 3 of the 40 images\."),
        (0, 0, None, "components is 0"),
        (1, -1, None, "seed is -1"),
        (1, 0, 99, "class is 99, expected a whole number from 0 to 9"),
        (1, 0, -1, "class is -1"),
    ],
)
def test_what_cant_be_fitted_is_refused(components: int, seed: int, label: int | None, message: str) -> None:
    with pytest.raises(GenerationError, match=message):
        sampling.fit_mixture(random_latents(40), components, seed, label)


def test_a_class_of_too_few_images_is_refused() -> None:
    latents = random_latents(40)
    latents.labels[:] = 1
    latents.labels[:2] = 0
    with pytest.raises(GenerationError, match="2 images of class 0, expected at least 3 to fit a covariance in 2"):
        sampling.fit_mixture(latents, 1, label=0)


def test_latents_that_are_all_one_point_can_still_be_sampled() -> None:
    latents = dataclasses.replace(random_latents(40), mu=np.ones((40, 2), np.float32), sigma=np.zeros((40, 2), "f4"))
    z = sampling.fit_mixture(latents, 3).sample(100)
    np.testing.assert_allclose(z, 1, atol=0.01)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": np.array([0.3, 0.3])}, "sum to 0.6"),
        ({"weights": np.array([1.5, -0.5])}, "none below 0"),
        ({"means": np.zeros((2, 3))}, r"expected \(K,\), \(K, d\)"),
        ({"means": np.full((2, 2), np.nan)}, "not finite"),
        ({"covariances": -MIXTURE.covariances}, "not positive definite"),
    ],
)
def test_a_damaged_mixture_is_refused(changes: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(GenerationError, match=message):
        dataclasses.replace(MIXTURE, **changes)


# --- kept mixtures ----------------------------------------------------------------------------------------------------


@pytest.fixture()
def checkpoint() -> Checkpoint:
    checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "a")
    return checkpoint_files.read("a")


@pytest.fixture()
def fits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with every fit."""
    made: list[int] = []
    fit = sampling.fit_mixture
    monkeypatch.setattr(mixture_files, "fit_mixture", lambda *args: (made.append(1), fit(*args))[1])
    return made


def kept() -> list[Path]:
    return sorted(paths.derived_dir().glob("*/*"))


def test_a_mixture_is_fitted_once(checkpoint: Checkpoint, fits: list[int]) -> None:
    first, second = (mixture_files.mixture_of(checkpoint, 3, seed=1) for _ in range(2))
    assert len(fits) == 1
    assert np.array_equal(first.covariances, second.covariances)
    assert [path.name for path in kept()] == ["mixture-all-3-1.safetensors"]
    latents = dataclasses.replace(checkpoint.latents, labels=np.zeros_like(checkpoint.latents.labels))
    mixture_files.mixture_of(dataclasses.replace(checkpoint, latents=latents), 3, seed=1, label=0)
    assert [path.name for path in kept()] == ["mixture-0-3-1.safetensors", "mixture-all-3-1.safetensors"]


def test_a_damaged_file_is_fitted_anew(checkpoint: Checkpoint, fits: list[int]) -> None:
    good = mixture_files.mixture_of(checkpoint, 3)
    path = kept()[0]
    other = mixture_files.to_bytes(sampling.fit_mixture(random_latents(60, 5), 3))  # of another latent space
    for content in (path.read_bytes()[:-9], b"", b"no safetensors", other):
        path.write_bytes(content)
        assert np.array_equal(mixture_files.mixture_of(checkpoint, 3).means, good.means)
    assert len(fits) == 5
    mixture_files.mixture_of(checkpoint, 3)
    assert len(fits) == 5  # the last one was kept


def test_mixtures_are_fitted_to_training_images_once_these_are_encoded(checkpoint: Checkpoint) -> None:
    before = mixture_files.mixture_of(checkpoint, 2)
    assert mixture_files.fitted_to(checkpoint).in_words() == f"{len(checkpoint.latents.mu)} test images"
    moved = dataclasses.replace(checkpoint.latents, mu=checkpoint.latents.mu + 10)
    assert posterior_files.keep(checkpoint, moved)
    found = mixture_files.fitted_to(checkpoint)
    assert (found.split, found.in_words()) == ("training", f"{len(moved.mu)} training images")
    for name in posterior_files.NAMES:
        assert np.array_equal(getattr(found.latents, name), getattr(moved, name)), name
    one = found.latents.labels[0]
    assert found.in_words(int(one)).startswith(f"{(moved.labels == one).sum()} training image")
    after = mixture_files.mixture_of(checkpoint, 2)
    np.testing.assert_allclose(after.weights @ after.means - before.weights @ before.means, [10, 10], atol=1e-3)
    assert np.array_equal(mixture_files.mixture_of(checkpoint, 2).means, after.means)  # kept under a name of its own
    posterior_files.latents_path(checkpoint).unlink()
    assert np.array_equal(mixture_files.mixture_of(checkpoint, 2).means, before.means)


def test_damaged_training_latents_leave_the_test_images(checkpoint: Checkpoint) -> None:
    posterior_files.keep(checkpoint, checkpoint.latents)
    path = posterior_files.latents_path(checkpoint)
    good = path.read_bytes()
    posterior_files.keep(checkpoint, random_latents(60, 5))  # of another latent space
    for content in (path.read_bytes(), good[:-9], b"", b"no safetensors"):
        path.write_bytes(content)
        assert posterior_files.kept(checkpoint) is None
        assert mixture_files.fitted_to(checkpoint).split == "test"


def test_where_nothing_can_be_kept_there_is_still_a_mixture(checkpoint: Checkpoint) -> None:
    paths.derived_dir().write_text("a file where the folder should be")
    assert mixture_files.mixture_of(checkpoint, 2).means.shape == (2, 2)
    assert not posterior_files.keep(checkpoint, checkpoint.latents)
