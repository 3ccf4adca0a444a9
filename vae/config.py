"""What a model is and how it is trained: frozen, checked on construction, stored as JSON."""

from __future__ import annotations

import math
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, Self, TypeVar

from vae.errors import ConfigError

T = TypeVar("T")
ARCHITECTURES = ("mlp", "conv")
ACTIVATIONS = ("relu", "silu")
MAX_LATENT_DIM = 128
MAX_WIDTH = 65_536
MAX_SIDE = 1_024
LIKELIHOODS = ("bernoulli", "gaussian")
OBJECTIVES = ("elbo", "iwae", "autoencoder")
KL_SCHEDULES = ("constant", "linear", "cyclical")
LR_SCHEDULES = ("one_cycle", "cosine", "constant")
BINARIZATIONS = ("none", "dynamic")
PRECISIONS = ("auto", "float32", "bfloat16")
MAX_IMPORTANCE_SAMPLES = 1_000
MAX_DECODED = 250_000  # pictures in one gradient step of iwae: of 28×28 pixels about 5 GB with all that is kept


def _from_dict(cls: type[T], values: Any, what: str) -> T:
    """Build a frozen config from parsed JSON; lists become tuples.

    Unknown names are errors, and missing ones that have no default: a later version may add settings with one.
    """
    if not isinstance(values, dict):
        raise ConfigError(f"The {what} is {type(values).__name__}, expected an object with named settings.")
    known = fields(cls)  # type: ignore[arg-type]
    unknown = sorted(set(values) - {f.name for f in known})
    missing = sorted(f.name for f in known if f.default is MISSING and f.name not in values)
    if unknown or missing:
        raise ConfigError(f"The {what} has unknown settings {unknown} and lacks {missing}.")
    return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


def _whole(name: str, value: Any, low: int, high: int, hint: str = "") -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ConfigError(f"{name} is {value!r}, expected a whole number from {low:,} to {high:,}.", hint)


def _one_of(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigError(f"{name} is {value!r:.60}, expected one of {', '.join(allowed)}.")


def _real(name: str, value: Any, low: float, high: float, hint: str = "") -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high:  # which NaN never is
        raise ConfigError(f"{name} is {value!r}, expected a number from {low:g} to {high:g}.", hint)


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a VAE.

    Parameters
    ----------
    architecture
        `mlp` (fully connected) or `conv` (strided convolutions, mirrored by transposed ones).
    image_shape
        (C, H, W) of one image.
    latent_dim
        d, the number of latent dimensions, 1 to 128.
    hidden
        Widths of the fully connected layers, from the image inwards, mirrored by the decoder. For `conv` they stand
        between the convolutions and the posterior, and may be empty.
    channels
        Channels of the strided convolutions, from the image inwards; each halves height and width. Empty for `mlp`.
    activation
        Between layers: `relu` or `silu` (smoother; better bounds for `conv`, slower).
    likelihood
        p(x|z): `bernoulli`, or `gaussian` with one learned variance for all pixels (likelihoods.py).

    Raises
    ------
    ConfigError
        For a value outside the ranges above.
    """

    architecture: str
    image_shape: tuple[int, int, int]
    latent_dim: int
    hidden: tuple[int, ...] = ()
    channels: tuple[int, ...] = ()
    activation: str = "relu"
    likelihood: str = "bernoulli"

    def __post_init__(self) -> None:
        _one_of("architecture", self.architecture, ARCHITECTURES)
        _one_of("activation", self.activation, ACTIVATIONS)
        _one_of("likelihood", self.likelihood, LIKELIHOODS)
        if not isinstance(self.image_shape, tuple) or len(self.image_shape) != 3:
            raise ConfigError(f"image_shape is {self.image_shape!r}, expected (channels, height, width).")
        _whole("image channels", self.image_shape[0], 1, 4)
        for name, side in zip(("image height", "image width"), self.image_shape[1:], strict=True):
            _whole(name, side, 1, MAX_SIDE)
        hint = "2 can be seen directly; 8 to 32 reconstruct MNIST well."
        _whole("latent_dim", self.latent_dim, 1, MAX_LATENT_DIM, hint)
        for name, widths in (("hidden", self.hidden), ("channels", self.channels)):
            if not isinstance(widths, tuple) or len(widths) > 8:
                raise ConfigError(f"{name} is {widths!r}, expected at most eight layer widths.")
            for width in widths:
                _whole(f"{name} width", width, 1, MAX_WIDTH)
        self._check_architecture()

    def _check_architecture(self) -> None:
        if self.architecture == "mlp":
            if not self.hidden:
                raise ConfigError("An mlp has no hidden layers, expected at least one width in hidden.")
            if self.channels:
                raise ConfigError("An mlp was given channels, which only a conv has.", "Leave channels empty.")
            return
        if not self.channels:
            raise ConfigError("A conv has no channels, expected at least one.")
        smallest = min(self.image_shape[1:])
        if smallest < 2 ** len(self.channels):
            raise ConfigError(
                f"{len(self.channels)} strided convolutions halve an image side of {smallest} to nothing.",
                f"Use at most {int(math.log2(smallest))} channels for images of this size, or an mlp.",
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` restores an equal config."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """The config that `to_dict` wrote. Raises ConfigError for anything else."""
        return _from_dict(cls, values, "model config")


@dataclass(frozen=True)
class TrainConfig:
    """How a VAE is trained. Sources stand where each part is built: objectives.py, schedules.py, stopping.py.

    Parameters
    ----------
    dataset
        Name of a data set in `vae.data.datasets`.
    epochs, batch_size
        Passes over the training split, and images in one gradient step (over all processes together).
    learning_rate, lr_schedule
        Adam's rate: the peak of `one_cycle` and `cosine`, the rate of `constant`.
    beta
        Weight of the KL term (Higgins et al. 2017); 1 is the ELBO.
    objective
        `elbo`, `iwae` (the importance-weighted bound of `importance_samples` samples), or `autoencoder` (no noise, no
        KL).
    importance_samples
        k of `iwae`, 1 to 1,000; other objectives leave it at 1.
    kl_schedule, kl_warmup, kl_cycles
        How the KL term's weight reaches beta: at once; growing over the first `kl_warmup` epochs (`linear`); or
        growing anew in each of `kl_cycles` equal parts of the training (`cyclical`).
    free_bits
        Nats per dimension that cost nothing; 0 is the plain KL.
    binarization
        `dynamic` draws every pixel anew as 0 or 1 with the grey value as probability, each time it is seen.
    patience
        Stop when the validation loss has not improved for this many epochs, and go back to the best; 0 never stops.
    max_grad_norm
        The gradient is scaled down to this norm where it is longer; 0 leaves it as it is.
    precision
        `bfloat16` computes matrix products in 16 bits; `auto` does where the hardware has it.
    seed
        Seeds the initial weights, the order of the images and the posterior noise.
    classes
        Names of the classes that are trained on and validated; empty for all. What a model of normal images needs.
    """

    dataset: str
    epochs: int = 20
    batch_size: int = 256
    learning_rate: float = 2e-3
    beta: float = 1.0
    seed: int = 0
    objective: str = "elbo"
    importance_samples: int = 1
    kl_schedule: str = "constant"
    kl_warmup: int = 0
    kl_cycles: int = 0
    free_bits: float = 0.0
    binarization: str = "none"
    lr_schedule: str = "one_cycle"
    patience: int = 0
    max_grad_norm: float = 0.0
    precision: str = "auto"
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.dataset, str) or not self.dataset:
            raise ConfigError(f"dataset is {self.dataset!r:.80}, expected the name of a data set.")
        _whole("epochs", self.epochs, 1, 100_000)
        _whole("batch_size", self.batch_size, 1, 1_000_000)
        _real("learning_rate", self.learning_rate, 1e-9, 1e3, "1e-3 to 5e-3 suit most VAEs.")
        _real("beta", self.beta, 0.0, 1e6, "1 is the ELBO.")
        _whole("seed", self.seed, 0, 2**63 - 1)
        _one_of("objective", self.objective, OBJECTIVES)
        _one_of("kl_schedule", self.kl_schedule, KL_SCHEDULES)
        _one_of("binarization", self.binarization, BINARIZATIONS)
        _one_of("lr_schedule", self.lr_schedule, LR_SCHEDULES)
        _one_of("precision", self.precision, PRECISIONS)
        _real("free_bits", self.free_bits, 0.0, 100.0, "0.1 to 0.5 nats per dimension are usual; 0 is off.")
        _whole("patience", self.patience, 0, 100_000, "0 is off.")
        _real("max_grad_norm", self.max_grad_norm, 0.0, 1e9, "0 is off.")
        if not isinstance(self.classes, tuple) or not all(isinstance(name, str) and name for name in self.classes):
            raise ConfigError(f"classes is {self.classes!r:.80}, expected names of classes.")
        self._check_objective()
        self._check_kl_schedule()

    def _check_objective(self) -> None:
        low, high = (2, MAX_IMPORTANCE_SAMPLES) if self.objective == "iwae" else (1, 1)
        _whole("importance_samples", self.importance_samples, low, high, "Only the iwae objective takes more than one.")
        if self.batch_size * self.importance_samples > MAX_DECODED and self.objective == "iwae":
            raise ConfigError(
                f"{self.batch_size:,} images of {self.importance_samples:,} samples each are decoded at once, expected "
                f"at most {MAX_DECODED:,}.",
                "Lower the batch size or the samples.",
            )
        if self.objective != "elbo" and (self.beta != 1 or self.kl_schedule != "constant" or self.free_bits):
            raise ConfigError(
                f"The {self.objective} objective was given a beta, a KL schedule or free bits, expected none of them.",
                "Only the elbo objective has a KL term to weigh.",
            )

    def _check_kl_schedule(self) -> None:
        linear, cyclical = self.kl_schedule == "linear", self.kl_schedule == "cyclical"
        _whole("kl_warmup", self.kl_warmup, int(linear), 100_000 if linear else 0, "Epochs of a linear KL schedule.")
        most = self.epochs if cyclical else 0
        _whole("kl_cycles", self.kl_cycles, int(cyclical), most, "Cycles of a cyclical one, an epoch or longer.")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` restores an equal config."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """The config that `to_dict` wrote. Raises ConfigError for anything else."""
        return _from_dict(cls, values, "training config")


def check_together(model: ModelConfig, train: TrainConfig) -> None:
    """Raise ConfigError for a model and a training that don't fit each other."""
    if train.binarization != "none" and model.likelihood != "bernoulli":
        raise ConfigError(
            f"Binarized pixels were asked for with a {model.likelihood} likelihood, expected bernoulli.",
            "Choose bernoulli, or leave the pixels as they are.",
        )


def default_model_config(
    architecture: str,
    image_shape: tuple[int, int, int],
    latent_dim: int,
    hidden: tuple[int, ...] | None = None,
    channels: tuple[int, ...] | None = None,
    activation: str | None = None,
    likelihood: str = "bernoulli",
) -> ModelConfig:
    """A ModelConfig; what is not given suits the image size (widths) and the architecture (activation)."""
    if architecture == "mlp":
        hidden = hidden or (400,)
        activation = activation or "relu"
        return ModelConfig(architecture, image_shape, latent_dim, hidden, channels or (), activation, likelihood)
    if channels is None:
        depth = max(1, min(2 if min(image_shape[1:]) < 64 else 4, int(math.log2(max(2, min(image_shape[1:]))))))
        channels = tuple(32 * 2**i for i in range(depth))
    hidden = (256,) if hidden is None else hidden
    return ModelConfig(architecture, image_shape, latent_dim, hidden, channels, activation or "silu", likelihood)
