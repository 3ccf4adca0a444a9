"""The numbers that are kept beside a checkpoint, each with its protocol. numpy only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints.aggregate import marginal_kl
from vae.checkpoints.checkpoint import Checkpoint, Latents, Metric
from vae.config import GAUSSIANS, LINEAR_GAUSSIAN, ModelConfig, TrainConfig

NATS = "nats per image"
TEST_LOSS, BASELINE, FLOOR = "test_loss", "baseline_loss", "entropy_floor"  # names, whatever the split
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
        if self.likelihood in GAUSSIANS:
            fitted = "fitted" if self.likelihood == LINEAR_GAUSSIAN else "learned"
            text = f"Gaussian density of pixels in [0, 1] with one {fitted} variance"
        else:
            text = f"Bernoulli terms on {'randomly binarized (seed 0)' if self.binarized else 'grey'} pixels in [0, 1]"
        if self.objective == "autoencoder":
            text += "; an autoencoder: its KL was not trained, sigma is e^-10 everywhere"
        return text

    @property
    def has_kl(self) -> bool:
        """Whether its KL, and so its ELBO, says anything: an autoencoder's posterior has no spread, only a code."""
        return self.objective != "autoencoder"

    @property
    def loss_name(self) -> str:
        """The loss in a formula."""
        return {"autoencoder": "−log p(x|z)", "iwae": "−the importance-weighted bound"}.get(self.objective, "−ELBO")

    @property
    def standing(self) -> str:
        """What the loss may be called."""
        if self.objective == "autoencoder":
            return "of the reconstruction alone; compare only with other autoencoders"
        if self.likelihood in GAUSSIANS:
            return "a bound on the negative log density; compare only with models of the same images and likelihood"
        if self.binarized:
            return "a bound on the negative log-likelihood of binarized images"
        return "a loss, not a likelihood (grey pixels are not Bernoulli outcomes)"


def measured_by(model: ModelConfig, train: TrainConfig) -> MeasuredBy:
    """How a checkpoint with these configs is measured."""
    return MeasuredBy(model.likelihood, train.binarization == "dynamic", train.objective)


def has_kl(checkpoint: Checkpoint) -> bool:
    """Whether a checkpoint's KL and ELBO mean anything."""
    return measured_by(checkpoint.model, checkpoint.train).has_kl


def most_telling_first(checkpoint: Checkpoint) -> list[int]:
    """All latent dimensions, by their KL of the test images; an autoencoder's by the variance of its codes."""
    latents = checkpoint.latents
    told = latents.kl_per_dim() if has_kl(checkpoint) else latents.variance_per_dim()
    return [int(j) for j in np.argsort(-told, kind="stable")]


@dataclass(frozen=True)
class Yardstick:
    """What losses of one split's images are compared with, in nats an image.

    `baseline` is the loss of independent pixels (baseline.py). `floor` is what no model can be below: the entropy of
    the pixels, read as probabilities; None for a density and for an autoencoder of binarized pixels, which have none.
    """

    baseline: float
    floor: float | None


@dataclass(frozen=True)
class ImportanceBound:
    """The importance-weighted bound of `samples` samples, nats, as the mean over `images` images."""

    value: float
    samples: int
    images: int


def metrics_of(
    latents: Latents,
    title: str,
    by: MeasuredBy,
    split: str = "test",
    yardstick: Yardstick | None = None,
    bound: ImportanceBound | None = None,
) -> dict[str, Metric]:
    """The loss and what it is compared with, the ELBO and its parts, squared error and active units of one split.

    The loss is what the model was trained for: −ELBO; for an IWAE −the importance-weighted bound, where it was
    measured; for an autoencoder the reconstruction's alone.
    """
    count = f"{len(latents.mu):,} {title} {split} images"
    sampled = f"{by.terms}, one posterior sample an image (seed 0), mean over {count}"
    found = {
        "elbo": Metric(_mean(latents.elbo), NATS, sampled),
        TEST_LOSS: _loss(latents, by, sampled, bound),
        "log_likelihood": Metric(_mean(latents.log_likelihood), NATS, sampled),
        "kl": Metric(_mean(latents.kl), NATS, f"closed form, mean over {count}"),
        "squared_error": Metric(
            _mean(latents.squared_error),
            "sum over pixels in [0, 1]",
            f"(x − E[x|z = mu])²{', x binarized at random (seed 0)' if by.binarized else ''}, mean over {count}",
        ),
        "active_units": Metric(
            float((latents.mu.astype(np.float64).var(0) > ACTIVE_VARIANCE).sum()),
            f"of {latents.mu.shape[1]} dimensions",
            f"Var over images of E[z|x] > {ACTIVE_VARIANCE} (Burda et al. 2016), {count}",
        ),
    }
    if bound is None and len(latents.mu) > 1:
        each = latents.log_likelihood if by.objective == "autoencoder" else latents.elbo
        found["standard_error"] = _standard_error(each, count)
    if by.has_kl:
        found["marginal_kl"] = Metric(
            marginal_kl(latents.mu, latents.sigma),
            f"{NATS} of the KL, at least",
            "the aggregate posterior's distance from the prior, as far as a normal distribution fitted to one half of "
            f"the images shows on the other half (aggregate.py), {count}",
        )
    if yardstick:
        found[BASELINE] = Metric(
            yardstick.baseline,
            NATS,
            f"loss of independent pixels fitted to the training images, with the same likelihood, on {count}",
        )
    if yardstick and yardstick.floor is not None:
        found[FLOOR] = Metric(
            yardstick.floor, NATS, f"entropy of pixels as probabilities, which no loss can be below, mean over {count}"
        )
    return found


def _mean(values: NDArray[np.float32]) -> float:
    return float(values.mean(dtype=np.float64))


def _standard_error(values: NDArray[np.float32], count: str) -> Metric:
    """Of a mean over images that others could have stood for."""
    error = float(values.std(ddof=1, dtype=np.float64)) / len(values) ** 0.5
    return Metric(error, NATS, f"standard error of the test loss, from its spread over {count}")


def _loss(latents: Latents, by: MeasuredBy, sampled: str, bound: ImportanceBound | None) -> Metric:
    if by.objective == "autoencoder":
        return Metric(-_mean(latents.log_likelihood), NATS, f"−log p(x|z), {sampled}; {by.standing}")
    if bound is not None:
        protocol = (
            f"−log 1/k Σ p(x, z)/q(z|x) of k = {bound.samples} samples (seed 0), mean over {bound.images:,} images"
        )
        return Metric(-bound.value, NATS, f"{protocol}; {by.terms}; {by.standing}")
    return Metric(-_mean(latents.elbo), NATS, f"−ELBO, {sampled}; {by.standing}")


def test_loss(metrics: Mapping[str, Metric], objective: str) -> float | None:
    """The loss of a model among its stored metrics, also of an earlier version's; None where it was not measured."""
    if objective == "autoencoder" and "log_likelihood" in metrics:  # it used to be −ELBO, whose KL means nothing here
        return -metrics["log_likelihood"].value
    if TEST_LOSS in metrics:
        return metrics[TEST_LOSS].value
    return -metrics["elbo"].value if "elbo" in metrics else None
