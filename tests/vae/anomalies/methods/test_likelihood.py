"""Importance weights against log p(x) where it is known."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from tests.vae.anomalies.methods.made import deaf
from tests.vae.helpers import TINY
from vae.anomalies.forward_pass import Pass, passes
from vae.anomalies.methods.likelihood import ImportanceWeighted
from vae.model.vae import VAE


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
