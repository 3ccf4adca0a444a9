"""The stored numbers are the means of what was encoded; active units are counted on planted dimensions."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.vae.helpers import random_latents
from vae import evaluation
from vae.errors import CheckpointError


def test_metrics_are_means_over_images() -> None:
    latents = random_latents(50, 4)
    found = evaluation.metrics(latents, "digits")
    for name in ("log_likelihood", "kl", "elbo", "squared_error"):
        assert found[name].value == pytest.approx(getattr(latents, name).mean(dtype=np.float64))
    assert found["elbo"].value == pytest.approx(found["log_likelihood"].value - found["kl"].value, abs=1e-4)
    assert found["test_loss"].value == -found["elbo"].value


def test_each_metric_names_its_protocol() -> None:
    found = evaluation.metrics(random_latents(50), "scikit-learn digits", "validation")
    assert all("50 scikit-learn digits validation images" in metric.protocol for metric in found.values())
    assert all(metric.unit for metric in found.values())


def test_active_units_count_what_moves_with_the_image() -> None:
    """Var E[z|x] > 0.01: constant and almost constant dimensions are collapsed, whatever their mean."""
    unit = np.array([-1.0, 1.0] * 10)
    deviations = np.array([0.0, 0.05, 0.09, 0.11, 1.0])  # variances 0, 0.0025, 0.0081, 0.0121, 1
    mu = (unit[:, None] * deviations + [7.0, 0.0, 0.0, 0.0, -3.0]).astype(np.float32)
    latents = dataclasses.replace(random_latents(20, 5), mu=mu)
    found = evaluation.metrics(latents, "digits")["active_units"]
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
