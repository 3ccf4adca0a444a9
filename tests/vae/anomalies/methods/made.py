"""What tests of scores are made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.forward_pass import Pass
from vae.config import ModelConfig
from vae.model.vae import VAE, new_model


def of_mu(mu: NDArray[np.floating]) -> Pass:
    """A pass of which nothing but mu matters."""
    one = np.ones(len(mu), np.float32)
    pixels = np.random.default_rng(0).integers(
        0, 256, (len(mu), 1, 8, 8), np.uint8
    )  # equal ones would be all that counts
    return Pass(mu.astype(np.float32), np.ones(mu.shape, np.float32), one, one, one, one, one, pixels)


def deaf(model_config: ModelConfig, shift: float) -> VAE:
    """A VAE whose decoder ignores z: p(x) = p(x|z), and the posterior is the prior, which q misses by `shift`."""
    model = new_model(model_config, 0).requires_grad_(False)
    for part, value in ((model.encoder, 0.0), (model.decoder, 0.0)):
        for parameter in part.parameters():
            parameter.fill_(value)
    list(model.encoder.parameters())[-1][: model_config.latent_dim] = shift  # the last layer's bias: mu
    return model
