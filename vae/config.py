"""What a model is and how it is trained: frozen, checked on construction, stored as JSON."""

from __future__ import annotations

import math
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Annotated, Any, Literal, Self, TypeVar

from msgspec import Meta

from vae.errors import ConfigError
from vae.graph.graph import Graph, graph_of
from vae.storage.reporting import storage_errors_as
from vae.storage.schema import Finite, check, check_value, integer, number, one_of

T = TypeVar("T")
ARCHITECTURES = ("mlp", "conv")  # that are trained here
ADOPTED = "adopted"  # the architecture of a model that was trained elsewhere: its networks are given as graphs
ACTIVATIONS = ("relu", "silu")
MAX_LATENT_DIM = 128
MAX_WIDTH = 65_536
MAX_SIDE = 1_024
LIKELIHOODS = ("bernoulli", "gaussian")
LINEAR_GAUSSIAN = "linear_gaussian"  # of adopted models whose decoder gives the pixels themselves, no logits
GAUSSIANS = ("gaussian", LINEAR_GAUSSIAN)
OBJECTIVES = ("elbo", "iwae", "autoencoder")
KL_SCHEDULES = ("constant", "linear", "cyclical")
LR_SCHEDULES = ("one_cycle", "cosine", "constant")
BINARIZATIONS = ("none", "dynamic")
PRECISIONS = ("auto", "float32", "bfloat16")
MIN_LOGVAR, MAX_LOGVAR = -12.0, 4.0  # log σ² of a Gaussian pixel: σ from 0.0025, below one grey level, to 7.4
MAX_IMPORTANCE_SAMPLES = 1_000
MAX_DECODED = 250_000  # pictures in one gradient step of iwae: of 28×28 pixels about 5 GB with all that is kept
WIDTHS = Meta(max_length=8, description="at most eight layer widths")


WHITE, BLACK = "#ffffff", "#000000"


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


@dataclass(frozen=True)
class Networks:
    """What an adopted model computes: image -> means, then log variances, of q(z|x); latent -> parameters of p(x|z)."""

    encoder: Graph
    decoder: Graph

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """Raises ConfigError unless `values` hold two graphs."""
        if not isinstance(values, dict):
            raise ConfigError(f"The networks are {type(values).__name__}, expected an object with two graphs.")
        return cls(graph_of(values.get("encoder"), "encoder"), graph_of(values.get("decoder"), "decoder"))


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a VAE.

    Parameters
    ----------
    architecture
        `mlp` (fully connected), `conv` (strided convolutions, mirrored by transposed ones), or `adopted`: as `networks`
        say.
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
        p(x|z): `bernoulli`, or `gaussian` with one learned variance for all pixels (likelihoods.py). An adopted model
        may also have `linear_gaussian`: its decoder's output is the mean itself.
    networks
        Encoder and decoder of an adopted model; None for those that are trained here, whose settings say them.

    Raises
    ------
    ConfigError
        For a value outside the ranges above.
    """

    architecture: Annotated[str, one_of(*ARCHITECTURES, ADOPTED)]
    image_shape: Annotated[
        tuple[
            Annotated[int, integer(1, 4, title="image channels")],
            Annotated[int, integer(1, MAX_SIDE, title="image height")],
            Annotated[int, integer(1, MAX_SIDE, title="image width")],
        ],
        Meta(description="(channels, height, width)"),
    ]
    latent_dim: Annotated[int, integer(1, MAX_LATENT_DIM, "2 can be seen directly; 8 to 32 reconstruct MNIST well.")]
    hidden: Annotated[tuple[Annotated[int, integer(1, MAX_WIDTH, title="hidden width")], ...], WIDTHS] = ()
    channels: Annotated[tuple[Annotated[int, integer(1, MAX_WIDTH, title="channels width")], ...], WIDTHS] = ()
    activation: Annotated[str, one_of(*ACTIVATIONS)] = "relu"
    likelihood: Annotated[str, one_of(*LIKELIHOODS, LINEAR_GAUSSIAN)] = "bernoulli"
    networks: Any = None  # Networks | None, which check themselves

    @storage_errors_as(ConfigError)
    def __post_init__(self) -> None:
        check(self)
        self._check_architecture()

    def _check_architecture(self) -> None:
        if self.architecture == ADOPTED:
            self._check_networks()
            return
        if self.networks is not None or self.likelihood == LINEAR_GAUSSIAN:
            raise ConfigError(f"A model with networks of its own, or {LINEAR_GAUSSIAN}, is not {ADOPTED}.")
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

    def _check_networks(self) -> None:
        if self.hidden or self.channels or not isinstance(self.networks, Networks):
            raise ConfigError("An adopted model needs an encoder and a decoder, and no widths or channels.")
        expected = {
            "encoder's input": (self.networks.encoder.input, self.image_shape),
            "encoder's output": (self.networks.encoder.output, (2 * self.latent_dim,)),
            "decoder's input": (self.networks.decoder.input, (self.latent_dim,)),
            "decoder's output": (self.networks.decoder.output, self.image_shape),
        }
        self.networks.encoder.check_size()
        self.networks.decoder.check_size()
        for what, (found, wanted) in expected.items():
            if found != wanted:
                raise ConfigError(f"The {what} has shape {found}, expected {wanted}.")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` restores an equal config."""
        values = asdict(self)
        if self.networks is None:  # as it was before there were any
            del values["networks"]
        return values

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """The config that `to_dict` wrote. Raises ConfigError for anything else."""
        if isinstance(values, dict) and values.get("networks") is not None:
            values = {**values, "networks": Networks.from_dict(values["networks"])}
        return _from_dict(cls, values, "model config")


@dataclass(frozen=True)
class TrainConfig:
    """How a VAE is trained. Sources stand where each part is built: objectives.py, schedules.py, early_stopping.py.

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

    dataset: Annotated[str, Meta(min_length=1, description="the name of a data set")]
    epochs: Annotated[int, integer(1, 100_000)] = 20
    batch_size: Annotated[int, integer(1, 1_000_000)] = 256
    learning_rate: Annotated[float, number(1e-9, 1e3, "1e-3 to 5e-3 suit most VAEs.")] = 2e-3
    beta: Annotated[float, number(0.0, 1e6, "1 is the ELBO.")] = 1.0
    seed: Annotated[int, integer(0, 2**63 - 1)] = 0
    objective: Annotated[str, one_of(*OBJECTIVES)] = "elbo"
    importance_samples: int = 1
    kl_schedule: Annotated[str, one_of(*KL_SCHEDULES)] = "constant"
    kl_warmup: int = 0
    kl_cycles: int = 0
    free_bits: Annotated[float, number(0.0, 100.0, "typically 0.1 to 0.5 nats per dimension; 0 is off.")] = 0.0
    binarization: Annotated[str, one_of(*BINARIZATIONS)] = "none"
    lr_schedule: Annotated[str, one_of(*LR_SCHEDULES)] = "one_cycle"
    patience: Annotated[int, integer(0, 100_000, "0 is off.")] = 0
    max_grad_norm: Annotated[float, number(0.0, 1e9, "0 is off.")] = 0.0
    precision: Annotated[str, one_of(*PRECISIONS)] = "auto"
    classes: Annotated[
        tuple[Annotated[str, Meta(min_length=1, description="the name of a class")], ...],
        Meta(description="names of classes"),
    ] = ()

    @storage_errors_as(ConfigError)
    def __post_init__(self) -> None:
        check(self)
        self._check_objective()
        self._check_kl_schedule()

    def _check_objective(self) -> None:
        low, high = (2, MAX_IMPORTANCE_SAMPLES) if self.objective == "iwae" else (1, 1)
        allowed = integer(low, high, "Only the iwae objective takes more than one.")
        check_value(self.importance_samples, Annotated[int, allowed], "importance_samples")
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
        warmup = integer(int(linear), 100_000 if linear else 0, "Epochs of a linear KL schedule.")
        check_value(self.kl_warmup, Annotated[int, warmup], "kl_warmup")
        cycles = integer(int(cyclical), self.epochs if cyclical else 0, "Cycles of a cyclical one, an epoch or longer.")
        check_value(self.kl_cycles, Annotated[int, cycles], "kl_cycles")

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


@dataclass(frozen=True)
class ImageReading:
    """How image files become pixels where the files leave it open: chosen once for a set of images, and kept with it
    and with the models that are trained on it, so that whatever they are shown later is read alike.

    Parameters
    ----------
    background
        What is put behind transparent pixels, as #rrggbb.
    values
        The values that become black and white, None for all that the file's type can hold. They are of files with more
        than 8 bits a value; of files with 8 bits too where the second is at most 255.
    fit
        How an image gets the wanted aspect ratio: `cut` keeps its middle, `pad` keeps all of it, on the background.

    Raises
    ------
    ConfigError
        For a value outside the ranges above.
    """

    background: Annotated[
        str, Meta(pattern=r"\A#[0-9a-f]{6}\Z", description="a colour as #rrggbb, six hexadecimal digits")
    ] = WHITE
    values: tuple[Finite, Finite] | None = None
    fit: Literal["cut", "pad"] = "cut"

    @storage_errors_as(ConfigError)
    def __post_init__(self) -> None:
        check(self)
        if self.values is not None and not self.values[0] < self.values[1]:
            raise ConfigError(
                f"The range of values is {self.values[0]:g} to {self.values[1]:g}, expected the smaller number first."
            )


CUT, PAD = "cut", "pad"
USUAL_READING = ImageReading()
