"""Scores of the likelihood: how improbable an image is under the model. Importance weights compute with torch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.methods.base import PassScore, Score, State

if TYPE_CHECKING:
    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE

SAMPLES = 50
BATCH_IMAGES, BATCH_PIXELS = 5_000, 2**22  # decoded at a time, samples counted


# −log p(x|z) in nats, for one posterior sample z.
RECONSTRUCTION = PassScore(
    "reconstruction",
    lambda batch: -batch.log_likelihood,
    title="Reconstruction term",
    source="An & Cho 2015, Variational autoencoder based anomaly detection using reconstruction probability",
    about=(
        "Weighs each pixel's error by how sure the decoder was; with Bernoulli pixels grey values cost nats even when "
        "drawn perfectly, so it fails where normal and anomalous images differ in how grey they are."
    ),
)


# −ELBO = −log p(x|z) + KL in nats, for one posterior sample z.
NEGATIVE_ELBO = PassScore(
    "negative_elbo",
    lambda batch: -batch.elbo,
    title="Negative ELBO",
    source="Kingma & Welling 2014, eq. 10; as a score, and where it misleads: Nalisnick et al. 2019",
    about=(
        "An upper bound of −log p(x); fails on images that are simpler than the normal ones (a blank image, few "
        "strokes), which can be more probable than any normal image."
    ),
)


class ImportanceWeighted(Score):
    """−log 1/K Σ_k p(x, z_k) / q(z_k|x) in nats: between −ELBO (K = 1) and −log p(x)."""

    name = "importance_weighted"
    title = "Importance-weighted −log p(x)"
    source = "Burda, Grosse & Salakhutdinov 2016, Importance weighted autoencoders, eq. 8"
    about = (
        f"−log p(x) with {SAMPLES} samples, {SAMPLES} times the work of the ELBO; fails where a likelihood fails: "
        "simple images can be more probable than normal ones."
    )
    needs_model = True

    def __init__(self, samples: int = SAMPLES) -> None:
        self.samples = samples

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        import torch

        from vae.anomalies.forward_pass import epsilon_of, unit_pixels
        from vae.checkpoints.inference import batches
        from vae.model.elbo import importance_weighted_bound

        assert model is not None  # noqa: S101 - checked in `score`
        pixels = self.samples * math.prod(model.config.image_shape)
        bounds = np.empty(len(batch), np.float32)
        with torch.inference_mode():
            for here in batches(len(batch), BATCH_IMAGES // self.samples, pixels, BATCH_PIXELS):
                images = batch.pixels[here]
                x = unit_pixels(model, images, batch.binarized, batch.seed)
                epsilon = epsilon_of(model, images, self.samples, batch.seed)  # (K, n, d)
                bounds[here] = importance_weighted_bound(model, x, epsilon).float().cpu().numpy()
        return -bounds


# KL(q(z|x) ‖ p(z)) in nats, in closed form.
KL = PassScore(
    "kl",
    lambda batch: batch.kl,
    title="KL",
    source="Kingma & Welling 2014, appendix B",
    about=(
        "Sees codes that lie far out or are oddly precise; fails on anomalies that the encoder maps among the normal "
        "codes, and says little where dimensions have collapsed."
    ),
)
