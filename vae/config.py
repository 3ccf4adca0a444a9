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


def _real(name: str, value: Any, low: float, high: float, hint: str = "") -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not low <= value <= high:
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
        p(x|z): `bernoulli`.

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
        if self.architecture not in ARCHITECTURES:
            raise ConfigError(f"architecture is {self.architecture!r}, expected one of {', '.join(ARCHITECTURES)}.")
        if self.activation not in ACTIVATIONS:
            raise ConfigError(f"activation is {self.activation!r}, expected one of {', '.join(ACTIVATIONS)}.")
        if self.likelihood != "bernoulli":
            raise ConfigError(f"likelihood is {self.likelihood!r}, expected bernoulli.")
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
    """How a VAE is trained.

    Parameters
    ----------
    dataset
        Name of a data set in `vae.datasets`.
    epochs, batch_size
        Passes over the training split, and images in one gradient step.
    learning_rate
        The peak of the one-cycle schedule of Adam (Smith & Topin 2018, arXiv:1708.07120).
    beta
        Weight of the KL term (Higgins et al. 2017); 1 is the ELBO.
    seed
        Seeds the initial weights, the order of the images and the posterior noise.
    """

    dataset: str
    epochs: int = 20
    batch_size: int = 256
    learning_rate: float = 2e-3
    beta: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        _whole("epochs", self.epochs, 1, 100_000)
        _whole("batch_size", self.batch_size, 1, 1_000_000)
        _real("learning_rate", self.learning_rate, 1e-9, 1e3, "1e-3 to 5e-3 suit most VAEs.")
        _real("beta", self.beta, 0.0, 1e6, "1 is the ELBO.")
        _whole("seed", self.seed, 0, 2**63 - 1)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` restores an equal config."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """The config that `to_dict` wrote. Raises ConfigError for anything else."""
        return _from_dict(cls, values, "training config")


def default_model_config(
    architecture: str,
    image_shape: tuple[int, int, int],
    latent_dim: int,
    hidden: tuple[int, ...] | None = None,
    channels: tuple[int, ...] | None = None,
    activation: str | None = None,
) -> ModelConfig:
    """A ModelConfig; what is not given suits the image size (widths) and the architecture (activation)."""
    if architecture == "mlp":
        hidden = hidden or (400,)
        return ModelConfig(architecture, image_shape, latent_dim, hidden, channels or (), activation or "relu")
    if channels is None:
        depth = max(1, min(2 if min(image_shape[1:]) < 64 else 4, int(math.log2(max(2, min(image_shape[1:]))))))
        channels = tuple(32 * 2**i for i in range(depth))
    hidden = (256,) if hidden is None else hidden
    return ModelConfig(architecture, image_shape, latent_dim, hidden, channels, activation or "silu")
