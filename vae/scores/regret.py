"""How much better the model could have coded this image than its encoder did. Computes with torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vae.scores.base import Score, State

if TYPE_CHECKING:
    from torch import Tensor

    from vae.model import VAE
    from vae.scores.passes import Pass

STEPS, LEARNING_RATE = 60, 0.05  # twice the steps found no more (digits-mlp-8)
PAIRS = 4  # of antithetic draws ±ε: 8 samples of each ELBO, the same at every step; fewer are too easily fitted
BATCH = 64


class Regret(Score):
    """max over q of ELBO(x, q) − ELBO(x, encoder's q), in nats; never below 0.

    Adam moves each image's (mu, logvar) from where the encoder put it; the decoder stays. Both ELBOs use the same
    noise, so their difference is not noise, and the best step counts, the first included.
    """

    name = "regret"
    title = "Likelihood regret"
    source = "Xiao, Yan & Amit 2020, Likelihood regret: an out-of-distribution detection score for VAEs, eq. 6"
    about = (
        "Sees images that the encoder was not made for, also simple ones that a likelihood favours; fails where the "
        f"decoder can't draw the image with any code, and costs {STEPS} optimiser steps an image: for a chosen few."
    )
    needs_model = True

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        from vae.scores.passes import epsilon_of, unit_pixels

        assert model is not None  # noqa: S101 - checked in `score`
        regrets = np.empty(len(batch), np.float32)
        for start in range(0, len(batch), BATCH):
            images = batch.pixels[start : start + BATCH]
            x = unit_pixels(model, images, batch.binarized, batch.seed)
            half = epsilon_of(model, images, PAIRS, batch.seed)  # (K/2, n, d)
            regrets[start : start + BATCH] = _regrets(model, x, half).cpu().numpy()
        return regrets


def _regrets(model: VAE, x: Tensor, half: Tensor) -> Tensor:
    """(n,) nats for images x (n, C, H, W) and noise (K/2, n, d)."""
    import torch

    with torch.inference_mode(False), torch.enable_grad():
        x, half = x.clone(), half.clone()  # made in inference mode perhaps, where gradients are refused
        epsilon = torch.cat([half, -half])  # (K, n, d)
        with torch.no_grad():
            start = model.encode(x)
        mu, logvar = start.mu.clone().requires_grad_(), start.logvar.clone().requires_grad_()
        adam = torch.optim.Adam([mu, logvar], LEARNING_RATE)  # element by element: images don't touch each other
        first = best = _elbo(model, x, mu, logvar, epsilon).detach()
        for _ in range(STEPS):
            elbo = _elbo(model, x, mu, logvar, epsilon)
            best = torch.fmax(best, elbo.detach())  # fmax: a step into NaN is no gain
            mu.grad, logvar.grad = torch.autograd.grad(-elbo.sum(), [mu, logvar])  # the weights get none
            adam.step()
        return torch.fmax(best, _elbo(model, x, mu, logvar, epsilon).detach()) - first


def _elbo(model: VAE, x: Tensor, mu: Tensor, logvar: Tensor, epsilon: Tensor) -> Tensor:
    """The ELBO (n,) of q = N(mu, exp(logvar)), averaged over K draws."""
    from vae.model import Posterior
    from vae.objectives import kl_to_prior

    posterior = Posterior(mu, logvar)
    z = posterior.at(epsilon)  # (K, n, d)
    k, n, d = z.shape
    repeated = x.expand(k, *x.shape).reshape(k * n, *x.shape[1:])
    log_likelihood = model.likelihood.log_prob(model.decode(z.reshape(k * n, d)), repeated).view(k, n).mean(0)
    return log_likelihood - kl_to_prior(posterior).sum(1)
