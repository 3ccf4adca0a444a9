"""The numbers that are kept beside a checkpoint, each with its protocol. numpy only."""

from __future__ import annotations

import numpy as np

from vae.records import Latents, Metric

ACTIVE_VARIANCE = 0.01


def metrics(latents: Latents, title: str, split: str = "test") -> dict[str, Metric]:
    """ELBO, its parts, squared error and active units of one encoded split."""
    count = f"{len(latents.mu):,} {title} {split} images"
    bound = f"Bernoulli terms on grey pixels in [0, 1], one posterior sample an image (seed 0), mean over {count}"
    return {
        "elbo": Metric(float(latents.elbo.mean(dtype=np.float64)), "nats per image", bound),
        "test_loss": Metric(
            -float(latents.elbo.mean(dtype=np.float64)),
            "nats per image",
            f"−ELBO, {bound}; a loss, not a likelihood (grey pixels are not Bernoulli outcomes)",
        ),
        "log_likelihood": Metric(float(latents.log_likelihood.mean(dtype=np.float64)), "nats per image", bound),
        "kl": Metric(float(latents.kl.mean(dtype=np.float64)), "nats per image", f"closed form, mean over {count}"),
        "squared_error": Metric(
            float(latents.squared_error.mean(dtype=np.float64)),
            "sum over pixels in [0, 1]",
            f"(x − E[x|z = mu])², mean over {count}",
        ),
        "active_units": Metric(
            float((latents.mu.astype(np.float64).var(0) > ACTIVE_VARIANCE).sum()),
            f"of {latents.mu.shape[1]} dimensions",
            f"Var over images of E[z|x] > {ACTIVE_VARIANCE} (Burda et al. 2016), {count}",
        ),
    }
