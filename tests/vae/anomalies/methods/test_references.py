"""Anomaly scores against closed forms, scipy and scikit-learn."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import LocalOutlierFactor

from tests.vae.helpers import TINY
from vae.anomalies.forward_pass import Pass, passes
from vae.anomalies.methods import base, knn, lof, principal, registry
from vae.anomalies.methods.combined import features, surprises
from vae.anomalies.methods.importance_weighted import ImportanceWeighted
from vae.config import ModelConfig
from vae.model.vae import VAE, new_model

States = dict[str, dict[str, NDArray[Any]]]  # arrays by the name of the score, and by their own


def of_mu(mu: NDArray[np.floating]) -> Pass:
    """A pass of which nothing but mu matters."""
    one = np.ones(len(mu), np.float32)
    pixels = np.zeros((len(mu), 1, 8, 8), np.uint8)
    return Pass(mu.astype(np.float32), np.ones(mu.shape, np.float32), one, one, one, one, one, pixels)


# --- against references -----------------------------------------------------------------------------------------------


def test_mahalanobis_is_scipys(normal_digits: Pass, sixty_digits: Pass, digits_states: States) -> None:
    mu = normal_digits.mu.astype(np.float64)
    inverse = np.linalg.inv(np.cov(mu.T))
    expected = cdist(sixty_digits.mu.astype(np.float64), mu.mean(0)[None], "mahalanobis", VI=inverse)[:, 0]
    found = registry.get("mahalanobis").score(sixty_digits, digits_states["mahalanobis"])
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_mahalanobis_finds_nothing_in_the_rounding_of_a_dead_dimension() -> None:
    rng = np.random.default_rng(0)
    score, mu = registry.get("mahalanobis"), rng.normal(size=(500, 3))
    mu[:, 2] = 0
    rounded = mu + np.array([0, 0, 1e-6])
    state = score.fit(of_mu(mu))
    np.testing.assert_allclose(score.score(of_mu(rounded), state), score.score(of_mu(mu), state), atol=1e-2)


def test_neighbours_are_those_of_brute_force(normal_digits: Pass, sixty_digits: Pass, digits_states: States) -> None:
    distances = np.sort(cdist(sixty_digits.mu.astype(np.float64), normal_digits.mu.astype(np.float64)), 1)
    expected = distances[:, : knn.NEIGHBOURS].mean(1)
    np.testing.assert_allclose(registry.get("knn").score(sixty_digits, digits_states["knn"]), expected, rtol=1e-5)


def test_lof_is_scikit_learns(normal_digits: Pass, sixty_digits: Pass, digits_states: States) -> None:
    reference = LocalOutlierFactor(n_neighbors=lof.NEIGHBOURS, novelty=True).fit(normal_digits.mu.astype(np.float64))
    found = registry.get("lof").score(sixty_digits, digits_states["lof"])
    np.testing.assert_allclose(found, -reference.score_samples(sixty_digits.mu.astype(np.float64)), rtol=1e-5)


def test_mixture_density_is_scikit_learns(normal_digits: Pass, sixty_digits: Pass, digits_states: States) -> None:
    reference = GaussianMixture(10, max_iter=500, random_state=0).fit(normal_digits.mu.astype(np.float64))
    found = registry.get("mixture_density").score(sixty_digits, digits_states["mixture_density"])
    np.testing.assert_allclose(found, -reference.score_samples(sixty_digits.mu.astype(np.float64)), rtol=1e-5)


def test_baselines_are_scikit_learns(normal_digits: Pass, sixty_digits: Pass, digits_states: States) -> None:
    pixels, others = (p.pixels.reshape(len(p), -1) / 255 for p in (normal_digits, sixty_digits))
    pca = PCA(50, random_state=0).fit(pixels)
    rows, new = pca.transform(pixels), pca.transform(others)
    factor = LocalOutlierFactor(n_neighbors=20, novelty=True).fit(rows)
    found = registry.get("pca_lof").score(sixty_digits, digits_states["pca_lof"])
    np.testing.assert_allclose(found, -factor.score_samples(new), rtol=1e-4)
    state = digits_states["pca_forest"]  # its own components: trees depend on their signs
    forest = IsolationForest(random_state=0).fit(state["reference"])
    expected = -forest.score_samples((others - state["mean"]) @ state["components"].T)
    np.testing.assert_allclose(registry.get("pca_forest").score(sixty_digits, state), expected, rtol=0.02)
    np.testing.assert_allclose(np.abs(state["reference"]), np.abs(rows), atol=1e-3)


def test_components_of_large_images_are_fitted_to_fewer_of_them(
    normal_digits: Pass, sixty_digits: Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are projected, a few at a time."""
    plain = principal.fit(normal_digits.pixels)
    monkeypatch.setattr(principal, "CHUNK_VALUES", 64 * 7 + 1)
    chunked = principal.fit(normal_digits.pixels)
    np.testing.assert_allclose(chunked["reference"], plain["reference"], atol=1e-5)
    expected = principal.project(sixty_digits.pixels[3:4], plain)
    np.testing.assert_allclose(principal.project(sixty_digits.pixels, plain)[3:4], expected, atol=1e-9)

    fitted_to = []
    fit = PCA.fit
    monkeypatch.setattr(PCA, "fit", lambda self, rows: fitted_to.append(rows) or fit(self, rows))
    monkeypatch.setattr(principal, "FITTED_VALUES", 64 * 200 + 63)
    bounded = principal.fit(normal_digits.pixels)
    rows = base.reference_rows(len(normal_digits), 200)
    assert [len(rows) for rows in fitted_to] == [200]
    np.testing.assert_allclose(fitted_to[0], normal_digits.pixels[rows].reshape(200, -1) / 255, rtol=1e-6)
    assert bounded["reference"].shape == plain["reference"].shape
    monkeypatch.setattr(principal, "FITTED_VALUES", 1)
    assert principal.fit(normal_digits.pixels)["components"].shape == (1, 64)


def test_baselines_see_pixels_alone(sixty_digits: Pass, digits_states: States) -> None:
    blind = dataclasses.replace(
        sixty_digits, mu=sixty_digits.mu * 0, sigma=sixty_digits.sigma * 0, squared_error=sixty_digits.squared_error * 0
    )
    for name in registry.BASELINES:
        score = registry.get(name)
        assert np.array_equal(score.score(blind, digits_states[name]), score.score(sixty_digits, digits_states[name]))


def test_reference_sets_are_bounded() -> None:
    rng = np.random.default_rng(1)
    many = of_mu(rng.normal(size=(base.MAX_REFERENCE + 1_000, 2)))
    kept = registry.get("knn").fit(many)["reference"]
    assert kept.shape == (base.MAX_REFERENCE, 2)
    assert len(np.unique(kept, axis=0)) == base.MAX_REFERENCE  # without replacement
    assert {tuple(row) for row in kept} <= {tuple(row) for row in many.mu}
    assert np.array_equal(base.reference_rows(7), np.arange(7))


def test_tails_count_normal_images() -> None:
    """COPOD's shares by hand: of normal values 0..9 and the value itself."""
    ordered = np.arange(10.0)[:, None]
    left, right = surprises(np.array([[-1.0], [3.0], [9.0], [50.0]]), ordered)
    np.testing.assert_allclose(np.exp(-left[:, 0]), [1 / 11, 5 / 11, 1, 1])
    np.testing.assert_allclose(np.exp(-right[:, 0]), [1, 8 / 11, 2 / 11, 1 / 11])


def test_combined_numbers_are_logarithms_of_norms(sixty_digits: Pass) -> None:
    error, mu, sigma = features(sixty_digits).T
    np.testing.assert_allclose(np.exp(2 * error), sixty_digits.squared_error, rtol=1e-5)
    np.testing.assert_allclose(np.exp(mu), np.linalg.norm(sixty_digits.mu, axis=1), rtol=1e-5)
    np.testing.assert_allclose(np.exp(sigma), np.linalg.norm(sixty_digits.sigma, axis=1), rtol=1e-5)


# --- scores that ask the model again ----------------------------------------------------------------------------------


def deaf(model_config: ModelConfig, shift: float) -> VAE:
    """A VAE whose decoder ignores z: p(x) = p(x|z), and the posterior is the prior, which q misses by `shift`."""
    model = new_model(model_config, 0).requires_grad_(False)
    for part, value in ((model.encoder, 0.0), (model.decoder, 0.0)):
        for parameter in part.parameters():
            parameter.fill_(value)
    list(model.encoder.parameters())[-1][: model_config.latent_dim] = shift  # the last layer's bias: mu
    return model


def test_one_sample_gives_the_elbo(digits_vae: VAE, sixty_digits: Pass) -> None:
    """Another draw of it: equal in the mean over draws, so nearly equal in the mean over seeds."""
    score = ImportanceWeighted(samples=1)
    few = sixty_digits.take(slice(0, 20))
    seeds = [score.score(dataclasses.replace(few, seed=s), {}, digits_vae) for s in range(30)]
    elbos = [passes(digits_vae, few.pixels, seed=s).elbo for s in range(30)]
    # both are unbiased estimates of the ELBO; the one has the KL in closed form and the other samples it
    assert abs(float(np.mean(seeds) + np.mean(elbos))) < 0.5


def test_more_samples_come_closer_to_log_p(digits_vae: VAE, sixty_digits: Pass) -> None:
    means = [float(ImportanceWeighted(k).score(sixty_digits, {}, digits_vae).mean()) for k in (1, 5, 50, 400)]
    assert means == sorted(means, reverse=True)
    assert 0 < means[2] - means[3] < 0.05  # nats: 50 samples are nearly there


def test_importance_weights_are_exact_where_the_posterior_is(sixty_digits: Pass) -> None:
    exact = 64 * math.log(2)  # every pixel a fair coin
    few = passes(deaf(TINY, 0.0), sixty_digits.pixels[:5])
    for k in (1, 7):
        found = ImportanceWeighted(k).score(few, {}, deaf(TINY, 0.0))
        np.testing.assert_allclose(found, exact, rtol=1e-5)
    off = deaf(TINY, 1.0)  # the ELBO is KL = d/2 = 1 nat short of log p(x)
    few = passes(off, sixty_digits.pixels[:5])
    found = ImportanceWeighted(4000).score(few, {}, off)
    np.testing.assert_allclose(found, exact, atol=0.15)


def test_importance_weights_of_gaussian_pixels(sixty_digits: Pass) -> None:
    model = deaf(dataclasses.replace(TINY, likelihood="gaussian"), 0.0)
    few = passes(model, sixty_digits.pixels[:5], binarized=True, seed=9)
    np.testing.assert_allclose(ImportanceWeighted(3).score(few, {}, model), -few.log_likelihood, rtol=1e-5)
    noisy = dataclasses.replace(few, binarized=False)  # what the score sees follows the pass
    assert not np.allclose(ImportanceWeighted(3).score(noisy, {}, model), -few.log_likelihood, rtol=1e-3)


def test_regret_is_what_the_encoder_lost(sixty_digits: Pass) -> None:
    """With a deaf decoder ELBO = log p(x) − KL(q ‖ prior): the best q is the prior, and regret is the encoder's KL."""
    off = deaf(TINY, 1.5)
    few = passes(off, sixty_digits.pixels[:6])
    np.testing.assert_allclose(registry.get("regret").score(few, {}, off), few.kl, rtol=0.01)
    exact = deaf(TINY, 0.0)
    assert registry.get("regret").score(passes(exact, sixty_digits.pixels[:6]), {}, exact).max() == pytest.approx(
        0, abs=1e-4
    )


def test_regret_leaves_the_model_alone(digits_vae: VAE, sixty_digits: Pass) -> None:
    before = {name: tensor.clone() for name, tensor in digits_vae.state_dict().items()}
    with torch.inference_mode():  # as a page may hold
        regret = registry.get("regret").score(sixty_digits.take(slice(0, 8)), {}, digits_vae)
    assert regret.max() > 0.1
    assert all(torch.equal(tensor, before[name]) for name, tensor in digits_vae.state_dict().items())
    assert all(parameter.grad is None for parameter in digits_vae.parameters())
