"""How much better the model could have coded this image than its encoder did. Computes with torch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.methods.base import Score, State

if TYPE_CHECKING:
    from torch import Tensor

    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE, Posterior

STEPS, LEARNING_RATE = 120, 0.1  # at the first step; 2,000 steps of 16 draws found 0.02 nats more (digits-mlp-8)
PAIRS = 2  # of antithetic draws ±ε a step
EVALUATION = 16  # times as many evaluate start and result: 0.04 nats of noise are left in a regret (digits-mlp-8)
BATCH, BATCH_PIXELS = 64, 2**22  # images at a time, and pixels decoded


class Regret(Score):
    """max over q of ELBO(x, q) − ELBO(x, encoder's q), in nats: at most what the ELBO lacks of log p(x).

    Adam moves each image's (mu, logvar) from where the encoder put it; the decoder stays. The noise is new at every
    step, and what was gained is measured on noise that no step has seen: on noise that it was optimised for, q seems
    better than it is, by more than most normal images' regret. Start and result share that noise, so little of it is
    left in their difference; where nothing could be gained it may fall a little below 0.
    """

    name = "regret"
    title = "Likelihood regret"
    source = "Xiao, Yan & Amit 2020, Likelihood regret: an out-of-distribution detection score for VAEs, eq. 6"
    about = (
        "Sees images that the encoder was not made for, also simple ones that a likelihood favours; fails where the "
        f"decoder can't draw the image with any code, and costs {STEPS} optimiser steps per image: for a chosen few."
    )
    needs_model = True

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        from vae.anomalies.forward_pass import epsilon_of, unit_pixels
        from vae.checkpoints.inference import batches

        assert model is not None  # noqa: S101 - checked in `score`
        pixels = 2 * PAIRS * math.prod(model.config.image_shape)
        regrets = np.empty(len(batch), np.float32)
        for here in batches(len(batch), BATCH, pixels, BATCH_PIXELS):
            images = batch.pixels[here]
            x = unit_pixels(model, images, batch.binarized, batch.seed)
            draws = epsilon_of(model, images, (STEPS + EVALUATION) * PAIRS, batch.seed)
            parts = draws.reshape(STEPS + EVALUATION, PAIRS, len(x), -1)
            regrets[here] = _regrets(model, x, parts).cpu().numpy()
        return regrets


def _regrets(model: VAE, x: Tensor, draws: Tensor) -> Tensor:
    """(n,) nats for images x (n, C, H, W) and noise (STEPS + EVALUATION, PAIRS, n, d)."""
    import torch

    with torch.inference_mode(False), torch.no_grad():
        x, draws = x.clone(), draws.clone()  # made in inference mode perhaps, where gradients are refused
        start = model.encode(x)
        found = _optimised(model, x, start, draws[:STEPS])
        return _evaluated(model, x, found, draws[STEPS:]) - _evaluated(model, x, start, draws[STEPS:])


def _optimised(model: VAE, x: Tensor, start: Posterior, draws: Tensor) -> Posterior:
    """Each image's own q after as many steps as there is noise, (STEPS, PAIRS, n, d)."""
    import torch

    from vae.model.vae import Posterior

    mu, logvar = start.mu.clone().requires_grad_(), start.logvar.clone().requires_grad_()
    adam = torch.optim.Adam([mu, logvar], LEARNING_RATE)  # element by element: images don't touch each other
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(adam, len(draws))  # large steps to the end miss the best q
    with torch.enable_grad():
        for half in draws:
            elbo = _elbo(model, x, Posterior(mu, logvar), half)
            mu.grad, logvar.grad = torch.autograd.grad(-elbo.sum(), [mu, logvar])  # the weights get none
            adam.step()
            decay.step()
    return Posterior(mu.detach(), logvar.detach())


def _evaluated(model: VAE, x: Tensor, posterior: Posterior, draws: Tensor) -> Tensor:
    """The ELBO (n,) averaged over noise (EVALUATION, PAIRS, n, d)."""
    import torch

    return torch.stack([_elbo(model, x, posterior, half) for half in draws]).mean(0)


def _elbo(model: VAE, x: Tensor, posterior: Posterior, half: Tensor) -> Tensor:
    """The ELBO (n,) averaged over noise (k, n, d) and its mirror image."""
    import torch

    from vae.model.elbo import kl_to_prior

    z = posterior.at(torch.cat([half, -half]))  # (2k, n, d)
    k, n, d = z.shape
    repeated = x.expand(k, *x.shape).reshape(k * n, *x.shape[1:])
    log_likelihood = model.likelihood.log_prob(model.decode(z.reshape(k * n, d)), repeated).view(k, n).mean(0)
    return log_likelihood - kl_to_prior(posterior).sum(1)
