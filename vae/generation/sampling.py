"""Where samples come from: the prior, or a Gaussian mixture fitted to the aggregate posterior. No torch.

The decoder is trained where posteriors are, q(z) = mean over images of q(z|x), which is not N(0, I): drawing from a
density fitted to q(z) after training gives better samples (Ghosh et al. 2020, arXiv:1903.12436, section 4). Only the
fit imports scikit-learn.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import FloatArray, Latents
from vae.errors import GenerationError

MAX_SAMPLES = 10_000
MAX_TEMPERATURE = 5.0
MAX_SEED = 2**32 - 1  # scikit-learn takes no larger one
COMPONENTS = 10
MAX_COMPONENTS = 100
RIDGE = 1e-6  # added to each component's variances, so that none shrinks to a point
EM_STEPS = 200


def check(number: int, temperature: float, seed: int) -> None:
    """Raise GenerationError for a number of samples, a temperature or a seed that can't be used."""
    _check_integer("The number of samples", number, 1, MAX_SAMPLES)
    is_number = isinstance(temperature, int | float | np.number) and not isinstance(temperature, bool)
    if not is_number or not math.isfinite(temperature) or not 0 < temperature <= MAX_TEMPERATURE:
        raise GenerationError(
            f"The temperature is {temperature!s:.40}, expected a number above 0, up to {MAX_TEMPERATURE:g}.",
            "1 samples as the model was trained; lower is more typical and less varied.",
        )
    check_seed(seed)


def check_seed(seed: int) -> None:
    """Raise GenerationError for a seed that can't be used."""
    _check_integer("The seed", seed, 0, MAX_SEED)


def _check_integer(what: str, value: int, low: int, high: int, hint: str = "") -> None:
    is_integer = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_integer or not low <= value <= high:
        raise GenerationError(f"{what} is {value!s:.40}, expected a whole number from {low:,} to {high:,}.", hint)


def from_prior(number: int, latent_dim: int, seed: int = 0, temperature: float = 1.0) -> FloatArray:
    """`number` draws from N(0, temperature² I), (n, d). With the same seed, more draws begin with the fewer ones."""
    check(number, temperature, seed)
    noise = np.random.default_rng(seed).standard_normal((number, latent_dim))  # filled row by row: prefixes stay
    return (temperature * noise).astype(np.float32)


@dataclass(frozen=True)
class Mixture:
    """Σ_k weights[k] N(means[k], covariances[k]): weights (K,), means (K, d), covariances (K, d, d), all float64.

    Raises
    ------
    GenerationError
        For arrays that disagree, weights that don't sum to 1, or a covariance that is not positive definite.
    """

    weights: NDArray[np.float64]
    means: NDArray[np.float64]
    covariances: NDArray[np.float64]

    def __post_init__(self) -> None:
        shapes = [array.shape for array in (self.weights, self.means, self.covariances)]
        count, d = self.means.shape if self.means.ndim == 2 else (0, 0)
        if not count or not d or shapes != [(count,), (count, d), (count, d, d)]:
            raise GenerationError(f"A mixture has arrays {shapes}, expected (K,), (K, d) and (K, d, d).")
        arrays = (self.weights, self.means, self.covariances)
        if not all(array.dtype == np.float64 and np.isfinite(array).all() for array in arrays):
            raise GenerationError("A mixture has numbers that are not finite float64, expected only such.")
        if self.weights.min() < 0 or abs(self.weights.sum() - 1) > 1e-6:
            raise GenerationError(f"A mixture's weights sum to {self.weights.sum():g}, expected 1 and none below 0.")
        self._factors()

    @property
    def latent_dim(self) -> int:
        """d."""
        return int(self.means.shape[1])

    def sample(self, number: int, seed: int = 0, temperature: float = 1.0) -> FloatArray:
        """`number` draws (n, d); with the same seed, more draws begin with the fewer ones.

        The temperature scales each component's standard deviations about its mean; the means stay where the data is.
        """
        check(number, temperature, seed)
        choice, noise = (np.random.default_rng([seed, stream]) for stream in range(2))
        bounds = np.cumsum(self.weights)[:-1]  # the last component takes what rounding leaves
        component = np.searchsorted(bounds, choice.random(number), side="right")
        epsilon = noise.standard_normal((number, self.latent_dim))
        spread = np.einsum("nij,nj->ni", self._factors()[component], epsilon)
        z: FloatArray = (self.means[component] + temperature * spread).astype(np.float32)
        return z

    def log_density(self, z: NDArray[np.floating]) -> NDArray[np.float64]:
        """log p(z) in nats for z (n, d): (n,)."""
        if z.ndim != 2 or z.shape[1] != self.latent_dim:
            raise GenerationError(f"The latents have shape {z.shape}, expected (n, {self.latent_dim}).")
        from scipy.special import logsumexp

        with np.errstate(divide="ignore"):
            log_weights = np.log(self.weights)
        terms = np.empty((len(self.weights), len(z)))
        for k, factor in enumerate(self._factors()):
            white = np.linalg.solve(factor, (z.astype(np.float64) - self.means[k]).T)  # (d, n)
            log_scale = np.log(np.diag(factor)).sum() + 0.5 * self.latent_dim * math.log(2 * math.pi)
            terms[k] = log_weights[k] - log_scale - 0.5 * (white**2).sum(0)
        return np.asarray(logsumexp(terms, 0))

    def _factors(self) -> NDArray[np.float64]:
        """Lower triangles L (K, d, d) with L Lᵀ = covariances."""
        try:
            factors = np.linalg.cholesky(self.covariances).astype(np.float64)
        except np.linalg.LinAlgError as error:
            raise GenerationError("A mixture has a covariance that is not positive definite.") from error
        return factors


def most_components(images: int, latent_dim: int) -> int:
    """The most components that a mixture of so many images can have: each covariance needs d + 1 of them."""
    return min(MAX_COMPONENTS, images // (latent_dim + 1))


def check_mixture(latents: Latents, components: int, seed: int, label: int | None = None) -> None:
    """Raise GenerationError for what `fit_mixture` can't fit."""
    check_seed(seed)
    count, d = latents.mu.shape
    of = ""
    if label is not None:
        _check_integer("The class", label, 0, max(0, int(latents.labels.max(initial=0))))
        count, of = int((latents.labels == label).sum()), f" of class {label}"
    most = most_components(count, d)
    if most < 1:
        raise GenerationError(
            f"There are {count:,} images{of}, expected at least {d + 1} to fit a covariance in {d} dimensions.",
            "Sample from the prior, or from all classes together.",
        )
    hint = f"Each component needs {d + 1} of the {count:,} images{of}."
    _check_integer("The number of components", components, 1, most, hint)


def fit_mixture(latents: Latents, components: int = COMPONENTS, seed: int = 0, label: int | None = None) -> Mixture:
    """Fit full covariances by EM to one posterior sample z = mu + sigma ε per image: the aggregate posterior.

    `label` takes only that class's images.

    Raises
    ------
    GenerationError
        For a bad seed, class or number of components, fewer images than these need, and latents that can't be fitted.
    """
    check_mixture(latents, components, seed, label)
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    rows = slice(None) if label is None else latents.labels == label
    mu, sigma = latents.mu[rows].astype(np.float64), latents.sigma[rows].astype(np.float64)
    z = mu + sigma * np.random.default_rng(seed).standard_normal(mu.shape)
    model = GaussianMixture(components, reg_covar=RIDGE, max_iter=EM_STEPS, random_state=seed)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # not quite converged is good enough to draw from
            model.fit(z)
    except ValueError as error:
        raise GenerationError(f"No mixture of {components} fits these latents ({error!s:.120}).") from error
    return Mixture(model.weights_ / model.weights_.sum(), model.means_, model.covariances_)
