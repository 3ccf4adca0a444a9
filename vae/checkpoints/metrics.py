"""The numbers that are kept beside a checkpoint, each with its protocol. numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vae.checkpoints.checkpoint import Latents, Metric
from vae.config import ModelConfig, TrainConfig

ACTIVE_VARIANCE = 0.01  # Var over images of E[z_j|x], above which dimension j is active (Burda et al. 2016)


@dataclass(frozen=True)
class MeasuredBy:
    """What the ELBO's terms of a model mean: its likelihood, its pixels, and what it was trained for."""

    likelihood: str = "bernoulli"
    binarized: bool = False
    objective: str = "elbo"

    @property
    def preprocessing(self) -> str:
        """From the stored bytes to what the encoder sees."""
        return "uint8 / 255, binarized at random (seed 0)" if self.binarized else "uint8 / 255"

    @property
    def terms(self) -> str:
        """What the log-likelihood is of."""
        if self.likelihood == "gaussian":
            text = "Gaussian density of pixels in [0, 1] with one learned variance"
        else:
            text = f"Bernoulli terms on {'randomly binarized (seed 0)' if self.binarized else 'grey'} pixels in [0, 1]"
        if self.objective == "autoencoder":
            text += "; an autoencoder: its KL was not trained, sigma is e^-10 everywhere"
        return text

    @property
    def standing(self) -> str:
        """What −ELBO may be called."""
        if self.likelihood == "gaussian":
            return "a bound on the negative log density; compare only with models of the same images and likelihood"
        if self.binarized:
            return "a bound on the negative log-likelihood of binarized images"
        return "a loss, not a likelihood (grey pixels are not Bernoulli outcomes)"


def measured_by(model: ModelConfig, train: TrainConfig) -> MeasuredBy:
    """How a checkpoint with these configs is measured."""
    return MeasuredBy(model.likelihood, train.binarization == "dynamic", train.objective)


def metrics_of(latents: Latents, title: str, by: MeasuredBy, split: str = "test") -> dict[str, Metric]:
    """ELBO, its parts, squared error and active units of one encoded split."""
    count = f"{len(latents.mu):,} {title} {split} images"
    bound = f"{by.terms}, one posterior sample an image (seed 0), mean over {count}"
    return {
        "elbo": Metric(float(latents.elbo.mean(dtype=np.float64)), "nats per image", bound),
        "test_loss": Metric(
            -float(latents.elbo.mean(dtype=np.float64)),
            "nats per image",
            f"−ELBO, {bound}; {by.standing}",
        ),
        "log_likelihood": Metric(float(latents.log_likelihood.mean(dtype=np.float64)), "nats per image", bound),
        "kl": Metric(float(latents.kl.mean(dtype=np.float64)), "nats per image", f"closed form, mean over {count}"),
        "squared_error": Metric(
            float(latents.squared_error.mean(dtype=np.float64)),
            "sum over pixels in [0, 1]",
            f"(x − E[x|z = mu])²{', x binarized at random (seed 0)' if by.binarized else ''}, mean over {count}",
        ),
        "active_units": Metric(
            float((latents.mu.astype(np.float64).var(0) > ACTIVE_VARIANCE).sum()),
            f"of {latents.mu.shape[1]} dimensions",
            f"Var over images of E[z|x] > {ACTIVE_VARIANCE} (Burda et al. 2016), {count}",
        ),
    }
