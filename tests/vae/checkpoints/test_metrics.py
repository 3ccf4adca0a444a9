"""The stored numbers are the means of what was encoded; active units are counted on planted dimensions."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.vae.helpers import TINY, random_latents
from vae.checkpoints import metrics
from vae.checkpoints.checkpoint import Metric
from vae.checkpoints.metrics import ImportanceBound, MeasuredBy, Yardstick, measured_by
from vae.config import TrainConfig
from vae.errors import CheckpointError

GREY = MeasuredBy()


def test_metrics_are_means_over_images() -> None:
    latents = random_latents(50, 4)
    found = metrics.metrics_of(latents, "digits", GREY)
    for name in ("log_likelihood", "kl", "elbo", "squared_error"):
        assert found[name].value == pytest.approx(getattr(latents, name).mean(dtype=np.float64))
    assert found["elbo"].value == pytest.approx(found["log_likelihood"].value - found["kl"].value, abs=1e-4)
    assert found["test_loss"].value == -found["elbo"].value
    assert found["standard_error"].value == pytest.approx(latents.elbo.std(ddof=1) / 50**0.5, rel=1e-5)
    assert "standard_error" not in metrics.metrics_of(random_latents(1), "digits", GREY)


def test_the_loss_is_what_a_model_was_trained_for() -> None:
    latents, bound = random_latents(50), ImportanceBound(-12.5, 20, 40)
    iwae = metrics.metrics_of(latents, "digits", MeasuredBy(objective="iwae"), bound=bound)
    assert iwae["test_loss"].value == 12.5
    assert "k = 20 samples (seed 0), mean over 40 images" in iwae["test_loss"].protocol
    autoencoder = metrics.metrics_of(latents, "digits", MeasuredBy(objective="autoencoder"))
    assert autoencoder["test_loss"].value == -autoencoder["log_likelihood"].value
    assert "marginal_kl" not in autoencoder
    for found, objective in ((iwae, "iwae"), (autoencoder, "autoencoder")):
        assert metrics.test_loss(found, objective) == found["test_loss"].value


def test_losses_that_earlier_versions_stored_are_read() -> None:
    elbo, likelihood = Metric(-31.25, "nats", ""), Metric(-20.0, "nats", "")
    old = {"elbo": elbo, "log_likelihood": likelihood, "test_loss": Metric(31.25, "nats", "")}
    assert metrics.test_loss(old, "elbo") == 31.25
    assert metrics.test_loss(old, "autoencoder") == 20.0  # −ELBO, as it was stored, holds a KL that means nothing
    assert metrics.test_loss({"elbo": elbo}, "elbo") == 31.25
    assert metrics.test_loss({}, "elbo") is None


def test_what_a_loss_is_compared_with_stands_beside_it() -> None:
    found = metrics.metrics_of(random_latents(50), "digits", GREY, yardstick=Yardstick(27.1, 13.7))
    assert (found["baseline_loss"].value, found["entropy_floor"].value) == (27.1, 13.7)
    gaussian = metrics.metrics_of(random_latents(50), "digits", MeasuredBy("gaussian"), yardstick=Yardstick(7.0, None))
    assert gaussian["baseline_loss"].value == 7.0
    assert "entropy_floor" not in gaussian
    assert "baseline_loss" not in metrics.metrics_of(random_latents(50), "digits", GREY)


def test_each_metric_names_its_protocol() -> None:
    found = metrics.metrics_of(random_latents(50), "scikit-learn digits", GREY, "validation")
    assert all("50 scikit-learn digits validation images" in metric.protocol for metric in found.values())
    assert all(metric.unit for metric in found.values())


def test_active_units_count_what_moves_with_the_image() -> None:
    """Var E[z|x] > 0.01: constant and almost constant dimensions are collapsed, whatever their mean."""
    unit = np.array([-1.0, 1.0] * 10)
    deviations = np.array([0.0, 0.05, 0.09, 0.11, 1.0])  # variances 0, 0.0025, 0.0081, 0.0121, 1
    mu = (unit[:, None] * deviations + [7.0, 0.0, 0.0, 0.0, -3.0]).astype(np.float32)
    latents = dataclasses.replace(random_latents(20, 5), mu=mu)
    found = metrics.metrics_of(latents, "digits", GREY)["active_units"]
    assert (found.value, found.unit) == (2.0, "of 5 dimensions")


def test_kl_per_dimension_sums_to_the_mean_kl() -> None:
    latents = random_latents(50, 4)
    assert latents.kl_per_dim().shape == (4,)
    assert latents.kl_per_dim().sum() == pytest.approx(latents.kl.mean(), rel=1e-5)


def test_kl_per_dimension_of_the_prior_is_zero() -> None:
    latents = dataclasses.replace(random_latents(3, 2), mu=np.zeros((3, 2)), sigma=np.ones((3, 2)))
    assert latents.kl_per_dim().tolist() == [0.0, 0.0]


@pytest.mark.parametrize("change", [{"sigma": np.ones((40, 3))}, {"labels": np.zeros(39)}, {"kl": np.zeros((40, 1))}])
def test_latents_that_disagree_are_refused(change: dict[str, np.ndarray]) -> None:
    with pytest.raises(CheckpointError, match="arrays disagree"):
        dataclasses.replace(random_latents(40, 2), **change)


# --- what the numbers may be called -----------------------------------------------------------------------------------

GREY_LOSS = "a loss, not a likelihood (grey pixels are not Bernoulli outcomes)"
BINARY_BOUND = "a bound on the negative log-likelihood of binarized images"
DENSITY_BOUND = "a bound on the negative log density; compare only with models of the same images and likelihood"


@pytest.mark.parametrize("objective", ["elbo", "iwae", "autoencoder"])
@pytest.mark.parametrize(
    ("likelihood", "binarized", "terms", "standing"),
    [
        ("bernoulli", False, "Bernoulli terms on grey pixels in [0, 1]", GREY_LOSS),
        ("bernoulli", True, "Bernoulli terms on randomly binarized (seed 0) pixels in [0, 1]", BINARY_BOUND),
        ("gaussian", False, "Gaussian density of pixels in [0, 1] with one learned variance", DENSITY_BOUND),
    ],
)
def test_protocols_say_what_the_terms_are_of_and_what_the_loss_stands_for(
    likelihood: str, binarized: bool, terms: str, standing: str, objective: str
) -> None:
    by = MeasuredBy(likelihood, binarized, objective)
    found = metrics.metrics_of(random_latents(50), "digits", by)
    for name in ("elbo", "log_likelihood", "test_loss"):
        assert terms in found[name].protocol
        assert ("its KL was not trained" in found[name].protocol) == (objective == "autoencoder")
        assert ("sigma is e^-10" in found[name].protocol) == (objective == "autoencoder")
    alone = "of the reconstruction alone; compare only with other autoencoders"
    assert found["test_loss"].protocol.endswith(f"; {alone if objective == 'autoencoder' else standing}")
    assert standing not in found["elbo"].protocol


def test_how_a_checkpoint_is_measured_follows_from_its_configs() -> None:
    assert measured_by(TINY, TrainConfig("digits")) == MeasuredBy("bernoulli", False, "elbo")
    binarized = TrainConfig("digits", objective="iwae", importance_samples=5, binarization="dynamic")
    assert measured_by(TINY, binarized) == MeasuredBy("bernoulli", True, "iwae")
    gaussian = dataclasses.replace(TINY, likelihood="gaussian")
    plain = TrainConfig("digits", objective="autoencoder")
    assert measured_by(gaussian, plain) == MeasuredBy("gaussian", False, "autoencoder")


def test_preprocessing_tells_whether_pixels_were_drawn() -> None:
    assert MeasuredBy().preprocessing == MeasuredBy("gaussian").preprocessing == "uint8 / 255"
    assert MeasuredBy(binarized=True).preprocessing == "uint8 / 255, binarized at random (seed 0)"


def test_a_squared_error_to_drawn_pixels_says_so() -> None:
    """It is many times that to grey pixels: x is what the encoder saw."""
    found = metrics.metrics_of(random_latents(50), "digits", MeasuredBy(binarized=True))
    assert "binarized" in found["squared_error"].protocol
    assert "binarized" not in metrics.metrics_of(random_latents(50), "digits", GREY)["squared_error"].protocol
