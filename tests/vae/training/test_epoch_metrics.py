"""What is measured after each epoch, against its definition."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from tests.vae.helpers import TINY, TINY_CONV
from vae.checkpoints.aggregate import marginal_kl
from vae.config import ModelConfig
from vae.data.image_dataset import ImageDataset
from vae.model.elbo import kl_to_prior, terms_at
from vae.model.likelihoods import Bernoulli
from vae.model.pixels import draw_binarized
from vae.model.vae import VAE, Posterior, new_model, reparameterize
from vae.training.epoch_metrics import SEED, VARIETY_IMAGES, Protocol, SplitTerms, TermSums, measure, sample_variety
from vae.training.objectives import Autoencoder, Elbo, Iwae, Objective

Digits = dict[str, ImageDataset]


def protocol(objective: Objective | None = None, beta: float = 1.0, **settings: bool | int) -> Protocol:
    return Protocol(objective or Elbo(), beta, **({"binarized": False} | settings))


def images_of(digits: Digits) -> torch.Tensor:
    return torch.tensor(digits["validation"].images)


@pytest.mark.parametrize("binarized", [False, True])
@pytest.mark.parametrize("config", [TINY, TINY_CONV, dataclasses.replace(TINY, likelihood="gaussian")])
@torch.inference_mode()
def test_the_terms_are_means_over_all_images(digits: Digits, config: ModelConfig, binarized: bool) -> None:
    model, images, noise = new_model(config, 0), images_of(digits), torch.Generator().manual_seed(SEED)
    x = images.float() / 255
    x = draw_binarized(x, noise) if binarized else x
    posterior = model.encode(x)
    terms = terms_at(model, x, posterior, reparameterize(posterior, noise))
    found = measure(model, images, protocol(binarized=binarized))
    assert found.log_likelihood == pytest.approx(terms.log_likelihood.mean().item(), rel=1e-5)
    assert found.kl_per_dim == pytest.approx(terms.kl_per_dim.mean(0).tolist(), rel=1e-4)
    assert found.kl == pytest.approx(sum(found.kl_per_dim))
    assert found.elbo == found.log_likelihood - found.kl
    assert found.loss == pytest.approx(-found.elbo, rel=1e-5)


def test_batches_of_unequal_size_weigh_by_their_images(digits: Digits) -> None:
    model, images = new_model(TINY, 0), images_of(digits)
    whole, parts = (measure(model, images, protocol(Autoencoder(), batch_size=size)) for size in (1_000, 179))
    assert parts.kl_per_dim == pytest.approx(whole.kl_per_dim, rel=1e-5)
    assert parts.loss == pytest.approx(whole.loss, rel=1e-5)
    assert parts.active_units == whole.active_units


@pytest.mark.parametrize("objective", [Elbo(), Elbo(threshold=0.5), Iwae(3), Autoencoder()])
def test_measuring_repeats_and_leaves_the_random_state_and_evaluation_mode(
    digits: Digits, objective: Objective
) -> None:
    model, images = new_model(TINY, 0).train(), images_of(digits)
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    first = measure(model, images, protocol(objective, binarized=True))
    assert torch.equal(torch.rand(3), expected)
    assert measure(model, images, protocol(objective, binarized=True)) == first
    assert not model.training


# --- the objective's own loss -----------------------------------------------------------------------------------------


def loss_of(digits: Digits, objective: Objective, beta: float = 1.0) -> SplitTerms:
    return measure(new_model(ModelConfig("mlp", (1, 8, 8), 4, (16,)), 3), images_of(digits), protocol(objective, beta))


def test_the_loss_of_beta_has_the_kl_beta_times(digits: Digits) -> None:
    found = loss_of(digits, Elbo(), 4.0)
    assert found.kl > 0.1
    assert found.loss == pytest.approx(4 * found.kl - found.log_likelihood, rel=1e-5)


def test_free_bits_are_not_in_what_early_stopping_watches(digits: Digits) -> None:
    assert loss_of(digits, Elbo(threshold=5.0)) == loss_of(digits, Elbo())


def test_the_loss_of_an_autoencoder_is_that_at_the_mean(digits: Digits) -> None:
    model = new_model(ModelConfig("mlp", (1, 8, 8), 4, (16,)), 3)
    x = images_of(digits).float() / 255
    expected = -Bernoulli.log_prob(model.decode(model.encode(x).mu), x).mean().item()
    assert loss_of(digits, Autoencoder()).loss == pytest.approx(expected, rel=1e-5)


def test_more_importance_samples_give_a_lower_loss(digits: Digits) -> None:
    elbo, few, many = (loss_of(digits, o).loss for o in (Elbo(), Iwae(2), Iwae(200)))
    assert many < few < elbo
    assert many > elbo - 5  # a bound of the same likelihood


# --- sums -------------------------------------------------------------------------------------------------------------


def sums_of(mu: torch.Tensor, batch: int) -> SplitTerms:
    sums = TermSums(mu.shape[1], mu.device)
    for part in torch.split(mu, batch):
        sums.add_terms(torch.full((len(part),), -2.0), torch.ones_like(part))
        sums.add_rest(Posterior(part, torch.zeros_like(part)), torch.full((len(part),), 5.0))
    return sums.means()


@pytest.mark.parametrize("batch", [3, 20])
def test_active_units_count_what_moves_with_the_image(batch: int) -> None:
    """Var E[z|x] > 0.01, the variance over all images and not within batches, whatever the mean."""
    unit = torch.tensor([-1.0] * 10 + [1.0] * 10)  # each batch of 3 but one is constant
    deviations = torch.tensor([0.0, 0.05, 0.09, 0.11, 1.0])  # variances 0, 0.0025, 0.0081, 0.0121, 1
    offsets = torch.tensor([1e3, 1e3, 1e3, 1e3, -3.0])  # a sum of squares in single precision would drown
    found = sums_of(unit[:, None] * deviations + offsets, batch)
    assert found == SplitTerms(-2.0, 5.0, (1.0,) * 5, 5.0, 0.0, 2, found.marginal_kl)
    assert found.elbo == -7.0


def test_many_images_lose_no_digits() -> None:
    sums = TermSums(1, torch.device("cpu"))
    for _ in range(300):
        sums.add_terms(torch.full((10_000,), -100.1), torch.full((10_000, 1), 0.1))
        sums.add_rest(Posterior(torch.zeros(10_000, 1), torch.zeros(10_000, 1)), torch.full((10_000,), 100.1))
    assert sums.means().log_likelihood == pytest.approx(np.float32(-100.1), rel=1e-9)
    assert sums.means().kl == pytest.approx(np.float32(0.1), rel=1e-9)
    assert sums.means().loss == pytest.approx(np.float32(100.1), rel=1e-9)


@pytest.mark.parametrize("count", [1, 2, 50])
def test_the_loss_has_a_standard_error(count: int) -> None:
    losses = torch.linspace(3, 9, count)
    sums = TermSums(1, torch.device("cpu"))
    sums.add_terms(-losses, torch.zeros(count, 1))
    for part in torch.split(losses, 7):
        sums.add_rest(Posterior(torch.zeros(len(part), 1), torch.zeros(len(part), 1)), part)
    expected = losses.std(correction=1).item() / count**0.5 if count > 1 else None  # of one image nobody knows it
    assert sums.means().loss_error == (expected if expected is None else pytest.approx(expected))


def test_latents_as_a_whole_are_compared_with_the_prior(digits: Digits) -> None:
    model, images = new_model(TINY, 0), images_of(digits)
    posterior = model.encode(images.float() / 255)
    mu, sigma = (values.detach().numpy() for values in (posterior.mu, posterior.sigma))
    assert measure(model, images, protocol(batch_size=50)).marginal_kl == pytest.approx(
        marginal_kl(mu, sigma), rel=1e-4
    )


def test_active_units_of_a_model_are_its_own(digits: Digits) -> None:
    model = new_model(ModelConfig("mlp", (1, 8, 8), 3, (16,)), 0)
    with torch.no_grad():
        weight = list(model.encoder.parameters())[-2]
        weight[:3] *= 20
        weight[1] = 0  # the same mean for every image
        posterior = model.encode(images_of(digits).float() / 255)
    found = measure(model, images_of(digits), protocol())
    assert found.active_units == 2
    assert found.kl_per_dim == pytest.approx(kl_to_prior(posterior).mean(0).tolist(), rel=1e-4)


# --- variety ----------------------------------------------------------------------------------------------------------


def decoder_that_gives(model: VAE, pictures: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    """`pictures` in [0, 1], one for each latent, whatever it is."""
    logits = torch.logit(pictures.clamp(1e-6, 1 - 1e-6))
    monkeypatch.setattr(model, "decode", lambda z: logits[: len(z)])


def many_digits(digits: Digits, split: str = "train") -> torch.Tensor:
    return torch.tensor(digits[split].images[:VARIETY_IMAGES])


def test_samples_that_are_all_alike_have_no_variety(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    images, model = many_digits(digits), new_model(TINY, 0)
    decoder_that_gives(model, (images.float() / 255).mean(0, keepdim=True).expand(VARIETY_IMAGES, 1, 8, 8), monkeypatch)
    assert sample_variety(model, images) == pytest.approx(0.0, abs=1e-6)


def test_a_decoder_of_zeros_has_no_variety(digits: Digits) -> None:
    model = new_model(TINY, 0)
    with torch.no_grad():
        list(model.decoder.parameters())[-2].zero_()
    assert sample_variety(model, many_digits(digits)) == pytest.approx(0.0, abs=1e-9)


def test_samples_like_other_images_of_the_data_have_its_variety(
    digits: Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = new_model(TINY, 0)
    decoder_that_gives(model, many_digits(digits, "test").float() / 255, monkeypatch)
    assert sample_variety(model, many_digits(digits)) == pytest.approx(1.0, abs=0.05)


def test_half_the_contrast_is_a_quarter_of_the_variety(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    model = new_model(TINY, 0)
    decoder_that_gives(model, many_digits(digits).float() / 510, monkeypatch)
    assert sample_variety(model, many_digits(digits)) == pytest.approx(0.25, abs=1e-3)


def test_variety_is_measured_on_the_same_samples_each_time(digits: Digits) -> None:
    model = new_model(TINY, 0)
    torch.manual_seed(1)
    first = sample_variety(model, many_digits(digits))
    torch.manual_seed(2)
    assert sample_variety(model, many_digits(digits)) == first > 0


@pytest.mark.parametrize("count", [1, 2])
def test_variety_beside_few_images_is_a_number(digits: Digits, count: int) -> None:
    """20 imported images make a validation split of one, and history.csv has no place for what is not a number."""
    assert math.isfinite(sample_variety(new_model(TINY, 0), many_digits(digits)[:count]))
