"""How improbable the pixels are under the decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.methods.base import Score, State

if TYPE_CHECKING:
    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE


class Reconstruction(Score):
    """−log p(x|z) in nats, for one posterior sample z."""

    name = "reconstruction"
    title = "Reconstruction term"
    source = "An & Cho 2015, Variational autoencoder based anomaly detection using reconstruction probability"
    about = (
        "Weighs each pixel's error by how sure the decoder was; with Bernoulli pixels grey values cost nats even when "
        "drawn perfectly, so it fails where normal and anomalous images differ in how grey they are."
    )

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        return -batch.log_likelihood
