"""Likelihood regret: how much better q could be, and no more than that."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from tests.vae.anomalies.methods.made import deaf
from tests.vae.helpers import TINY
from vae.anomalies.forward_pass import Pass, passes
from vae.anomalies.methods import registry
from vae.graph import nodes
from vae.graph.chain import Chain
from vae.model import networks
from vae.model.elbo import importance_weighted_bound, kl_to_prior
from vae.model.likelihoods import Gaussian
from vae.model.vae import VAE, Posterior, new_model

SCORE = registry.get("regret")


def gap_to_log_p(model: VAE, images: NDArray[np.uint8], samples: int = 2_000) -> NDArray[np.float32]:
    """log p(x) − ELBO (n,), of the encoder's q: what no other q can gain more than."""
    x, generator = torch.tensor(images).float() / 255, torch.Generator().manual_seed(0)
    epsilon = torch.randn(samples, len(images), model.config.latent_dim, generator=generator)
    with torch.no_grad():
        posterior = model.encode(x)
        log_likelihood = torch.stack([model.likelihood.log_prob(model.decode(posterior.at(e)), x) for e in epsilon])
        elbo = log_likelihood.mean(0) - kl_to_prior(posterior).sum(1)
        return (importance_weighted_bound(model, x, epsilon) - elbo).numpy()


def test_regret_is_at_most_what_the_elbo_lacks_of_log_p(digits_vae: VAE, sixty_digits: Pass) -> None:
    """Judged on the noise that q was optimised for it was more for five images in six."""
    regret = SCORE.score(sixty_digits, {}, digits_vae)
    gap = gap_to_log_p(digits_vae, sixty_digits.pixels)
    assert (regret > gap + 0.1).sum() == 0  # the noise of both
    assert (regret > gap).mean() < 0.1
    assert np.corrcoef(regret, gap)[0, 1] > 0.7


def test_a_good_encoder_leaves_normal_images_little_to_regret(digits_vae: VAE, sixty_digits: Pass) -> None:
    regret = SCORE.score(sixty_digits, {}, digits_vae)
    assert 0 < np.median(regret) < 0.15
    assert regret.min() > -0.25  # an estimate: 0 but for the judging draws
    inverted = passes(digits_vae, 255 - sixty_digits.pixels[:20])
    assert SCORE.score(inverted, {}, digits_vae).min() > 1


class Plain(Gaussian):
    """Pixels N(output, 1)."""

    @staticmethod
    def mean(output: Tensor) -> Tensor:
        return output


def linear(encoder_mu: float, encoder_logvar: tuple[float, float]) -> VAE:
    """x = W z + b + noise, of which everything is known; its encoder says the same of every image."""
    model = new_model(TINY, 3)
    model.decoder = networks.build(Chain((2,)).add(nodes.Gemm, 2, 64).add(nodes.Reshape, (1, 8, 8)).graph())
    model.likelihood = Plain()
    model.requires_grad_(False)
    next(model.decoder.parameters()).normal_(0, 0.3, generator=torch.Generator().manual_seed(0))
    for parameter in model.encoder.parameters():
        parameter.fill_(0)
    list(model.encoder.parameters())[-1].copy_(torch.tensor([encoder_mu, encoder_mu, *encoder_logvar]))
    return model


def best_posterior(model: VAE, images: NDArray[np.uint8]) -> Posterior:
    """Of all N(mu, diag(sigma²)): the true posterior's mean, and the inverse of its precision's diagonal."""
    weight, bias = (parameter.double() for parameter in model.decoder.parameters())
    x = torch.tensor(images.reshape(len(images), -1)).double() / 255
    precision = torch.eye(2, dtype=torch.float64) + weight.T @ weight
    mu = torch.linalg.solve(precision, weight.T @ (x - bias).T).T
    return Posterior(mu, -torch.log(torch.diagonal(precision)).expand(mu.shape))


def exact_elbo(model: VAE, images: NDArray[np.uint8], q: Posterior) -> NDArray[np.float64]:
    """The ELBO (n,) of a linear model, but for a constant."""
    weight, bias = (parameter.double() for parameter in model.decoder.parameters())
    residual = torch.tensor(images.reshape(len(images), -1)).double() / 255 - bias - q.mu.double() @ weight.T
    spread = (q.logvar.double().exp() * weight.square().sum(0)).sum(1)
    return (-0.5 * (residual.square().sum(1) + spread) - kl_to_prior(q).double().sum(1)).numpy()


def test_the_best_q_of_a_linear_model_is_found(sixty_digits: Pass) -> None:
    logvars = best_posterior(linear(0, (0, 0)), sixty_digits.pixels).logvar[0].tolist()
    for mu, logvar in ((1.5, tuple(logvars)), (0.5, (-0.5, -3.5))):
        model, images = linear(mu, logvar), sixty_digits.pixels
        with torch.no_grad():
            start = model.encode(torch.tensor(images).float() / 255)
        expected = exact_elbo(model, images, best_posterior(model, images)) - exact_elbo(model, images, start)
        found = SCORE.score(passes(model, images), {}, model)
        assert expected.min() > 0.3
        assert found.mean() == pytest.approx(expected.mean(), rel=0.02)
        if logvar == tuple(logvars):  # nothing is left to the judging draws, which are symmetric
            np.testing.assert_allclose(found, expected, atol=0.15, rtol=0.01)


def test_noise_is_the_images_own(digits_vae: VAE, sixty_digits: Pass) -> None:
    few = sixty_digits.take(slice(0, 6))
    found = SCORE.score(few, {}, digits_vae)
    assert np.array_equal(SCORE.score(few, {}, digits_vae), found)
    np.testing.assert_allclose(SCORE.score(few.take(slice(3, 4)), {}, digits_vae), found[3:4], atol=1e-3)
    other = SCORE.score(dataclasses.replace(few, seed=1), {}, digits_vae)
    assert 0 < np.abs(other - found).max() < 0.3  # another estimate of the same


def test_large_images_come_in_smaller_batches(
    digits_vae: VAE, sixty_digits: Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    few, decoded = sixty_digits.take(slice(0, 6)), []
    found = SCORE.score(few, {}, digits_vae)
    monkeypatch.setattr("vae.anomalies.methods.regret.BATCH_PIXELS", 1_000)
    decode = digits_vae.decode
    monkeypatch.setattr(digits_vae, "decode", lambda z: decoded.append(len(z)) or decode(z))
    np.testing.assert_allclose(SCORE.score(few, {}, digits_vae), found, atol=1e-3)
    assert max(decoded) * 64 <= 1_000


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
