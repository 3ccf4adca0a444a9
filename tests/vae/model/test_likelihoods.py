"""Both likelihoods against torch.distributions and closed forms."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Bernoulli as TorchBernoulli
from torch.distributions import Independent, Normal

from vae.config import MAX_LOGVAR, MIN_LOGVAR
from vae.model.likelihoods import Bernoulli, Gaussian, likelihood_of


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def close(found: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def gaussian(logvar: float) -> Gaussian:
    """In double precision, with this log variance."""
    likelihood = Gaussian().double()
    with torch.no_grad():
        likelihood.logvar.fill_(logvar)
    return likelihood


def pictures(*shape: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A decoder's outputs and images in [0, 1]."""
    return (
        torch.randn(shape, generator=seeded(1), dtype=torch.float64),
        torch.rand(shape, generator=seeded(2), dtype=torch.float64),
    )


@pytest.mark.parametrize("logvar", [-11.5, -5.0, 0.0, 1.7])
def test_log_density_is_that_of_torch_summed_over_pixels(logvar: float) -> None:
    output, x = pictures(4, 3, 5, 6)
    expected = Independent(Normal(torch.sigmoid(output), math.exp(0.5 * logvar)), 3).log_prob(x)
    found = gaussian(logvar).log_prob(output, x)
    assert found.shape == (4,)
    assert found.dtype == torch.float64
    torch.testing.assert_close(found, expected)


def test_a_perfect_picture_has_the_densitys_peak() -> None:
    output = torch.zeros(2, 1, 3, 4, dtype=torch.float64)
    found = gaussian(math.log(0.01)).log_prob(output, torch.full_like(output, 0.5))
    assert found.tolist() == pytest.approx([-6 * math.log(2 * math.pi * 0.01)] * 2)  # 12 pixels
    assert found[0] > 0  # a density, no probability


def test_the_best_variance_is_the_mean_squared_error() -> None:
    """The likelihood is stationary there, lower on both sides, and −n/2 (log 2πe·MSE) as in the closed form."""
    output, x = pictures(8, 1, 4, 4)
    mse = (torch.sigmoid(output) - x).square().mean().item()

    def mean_at(logvar: float) -> float:
        likelihood = gaussian(logvar)
        value = likelihood.log_prob(output, x).mean()
        value.backward()
        gradients.append(likelihood.logvar.grad.item())
        return value.item()

    gradients: list[float] = []
    lower, best, higher = (mean_at(math.log(mse) + shift) for shift in (-0.1, 0.0, 0.1))
    assert gradients[1] == pytest.approx(0.0, abs=1e-9)
    assert gradients[0] > 0 > gradients[2]
    assert best > max(lower, higher)
    assert best == pytest.approx(-8 * math.log(2 * math.pi * math.e * mse))


def test_gradient_descent_finds_the_noise_that_was_added() -> None:
    likelihood = Gaussian()
    output = torch.zeros(200, 1, 8, 8)
    x = 0.5 + 0.1 * torch.randn(output.shape, generator=seeded(3))
    optimizer = torch.optim.Adam(likelihood.parameters(), lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        (-likelihood.log_prob(output, x).mean()).backward()
        optimizer.step()
    assert likelihood.sigma.item() == pytest.approx(0.1, rel=0.02)


@pytest.mark.parametrize(("logvar", "bound"), [(-1e4, MIN_LOGVAR), (1e4, MAX_LOGVAR)])
def test_an_extreme_variance_is_clamped(logvar: float, bound: float) -> None:
    output, x = pictures(3, 1, 2, 2)
    assert gaussian(logvar).sigma.item() == pytest.approx(math.exp(bound / 2))
    found = gaussian(logvar).log_prob(output, x)
    assert torch.isfinite(found).all()
    assert torch.equal(found, gaussian(bound).log_prob(output, x))


@pytest.mark.parametrize(("start", "wanted"), [(-12.3, 0.1), (4.2, 0.1), (-12.0, 0.1)])
def test_a_variance_that_has_left_its_range_finds_back(start: float, wanted: float) -> None:
    """Beyond the clamp it has no gradient: without being put back it would stay there whatever the pictures are."""
    x = torch.full((8, 1, 4, 4), 0.5)
    output = torch.logit(x + wanted * torch.randn(x.shape, generator=seeded(3)).clamp(-3, 3))
    likelihood = gaussian(start)
    optimizer = torch.optim.Adam(likelihood.parameters(), lr=0.1)
    likelihood.keep_in_range()
    for _ in range(1_500):
        optimizer.zero_grad()
        (-likelihood.log_prob(output, x).mean()).backward()
        optimizer.step()
        likelihood.keep_in_range()
    assert likelihood.sigma.item() == pytest.approx(wanted, rel=0.2)


def test_the_smallest_noise_is_below_one_grey_level() -> None:
    assert 0.5 / 256 < gaussian(MIN_LOGVAR).sigma.item() < 1 / 256


@pytest.mark.parametrize("name", ["bernoulli", "gaussian"])
def test_the_mean_is_a_picture(name: str) -> None:
    likelihood, output = likelihood_of(name), 5 * torch.randn(2, 1, 8, 8, generator=seeded(5))
    assert torch.equal(likelihood.mean(output), torch.sigmoid(output))


@pytest.mark.parametrize("binary", [True, False])
def test_log_likelihood_is_that_of_torch_summed_over_pixels(binary: bool) -> None:
    logits = torch.randn(4, 3, 5, 6, generator=seeded(1), dtype=torch.float64)
    x = torch.rand(4, 3, 5, 6, generator=seeded(2), dtype=torch.float64)  # grey pixels
    x = x.round() if binary else x
    expected = Independent(TorchBernoulli(logits=logits, validate_args=False), 3, validate_args=False).log_prob(x)
    assert expected.shape == (4,)
    close(Bernoulli.log_prob(logits, x), expected)


def test_grey_cross_entropy_is_the_explicit_sum() -> None:
    p, grey = 0.8, 0.3
    logits = torch.full((2, 1, 3, 4), math.log(p / (1 - p)), dtype=torch.float64)
    expected = 12 * (grey * math.log(p) + (1 - grey) * math.log(1 - p))
    close(Bernoulli.log_prob(logits, torch.full_like(logits, grey)), torch.full((2,), expected, dtype=torch.float64))


def test_extreme_logits_stay_finite() -> None:
    logits = torch.tensor([200.0, -200.0, 200.0, -200.0]).reshape(4, 1, 1, 1)
    x = torch.tensor([1.0, 0.0, 0.0, 1.0]).reshape(4, 1, 1, 1)
    close(Bernoulli.log_prob(logits, x), torch.tensor([0.0, 0.0, -200.0, -200.0]))


def test_the_names_of_a_config_give_their_likelihoods() -> None:
    bernoulli, normal = likelihood_of("bernoulli"), likelihood_of("gaussian")
    assert isinstance(bernoulli, Bernoulli)
    assert not list(bernoulli.parameters())
    assert isinstance(normal, Gaussian)
    assert [(name, tuple(p.shape)) for name, p in normal.named_parameters()] == [("logvar", (1,))]
    assert normal.sigma.item() == 1.0  # before training
