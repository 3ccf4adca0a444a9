"""What a training can be for, each with all of its settings for every data set. No streamlit."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from vae.config import TrainConfig, default_model_config
from vae.data import datasets
from vae.data.traits import Traits, traits
from vae.errors import ConfigError
from vae.training.request import TrainingRequest
from vae.training.suggested import suggest


@dataclass(frozen=True)
class Settings:
    """All fields of the form but data set and name, as they stand there: widths as text, empty for the defaults."""

    architecture: str = "mlp"
    latent_dim: int = 2
    epochs: int = 20
    hidden: str = ""
    channels: str = ""
    activation: str = "relu"
    likelihood: str = "bernoulli"
    objective: str = "elbo"
    importance_samples: int = 5
    beta: float = 1.0
    binarization: str = "none"
    kl_schedule: str = "constant"
    kl_warmup: int = 10
    kl_cycles: int = 4
    free_bits: float = 0.0
    batch_size: int = 256
    learning_rate: float = 5e-3
    lr_schedule: str = "one_cycle"
    seed: int = 0
    precision: str = "auto"
    patience: int = 0
    max_grad_norm: float = 0.0

    def effective(self) -> Settings:
        """What doesn't apply to the other settings has the value that says so."""
        weighed = self.objective == "elbo"
        schedule = self.kl_schedule if weighed else "constant"
        return replace(
            self,
            hidden=" ".join(self.hidden.replace(",", " ").lower().split()),
            channels=" ".join(self.channels.replace(",", " ").split()) if self.architecture == "conv" else "",
            importance_samples=self.importance_samples if self.objective == "iwae" else 1,
            beta=self.beta if weighed else 1.0,
            free_bits=self.free_bits if weighed else 0.0,
            kl_schedule=schedule,
            kl_warmup=self.kl_warmup if schedule == "linear" else 0,
            kl_cycles=self.kl_cycles if schedule == "cyclical" else 0,
            binarization=self.binarization if self.likelihood == "bernoulli" else "none",
        )

    def request(self, dataset: str, output: str) -> TrainingRequest:
        """What the fields ask for. Raises ConfigError, DatasetError and CheckpointError."""
        shape = datasets.info(dataset).image_shape
        model = default_model_config(
            self.architecture, shape, self.latent_dim, activation=self.activation, likelihood=self.likelihood
        )
        if self.hidden.strip():
            model = replace(model, hidden=widths("Hidden widths", self.hidden))
        if self.channels.strip() and self.architecture == "conv":
            model = replace(model, channels=widths("Channels", self.channels))
        values = asdict(self)
        known = {f.name for f in fields(TrainConfig)}
        train = TrainConfig(dataset, **{name: value for name, value in values.items() if name in known})
        return TrainingRequest(model, train, output)


@dataclass(frozen=True)
class Preset:
    """A place to start. `wishes(traits)`: the settings that make it what it is; the others follow the data set."""

    id: str
    title: str
    sentence: str
    wishes: Callable[[Traits], dict[str, Any]]

    def settings(self, dataset: str) -> Settings:
        """All settings for this data set. Raises DatasetError."""
        known = traits(dataset)
        wished = self.wishes(known)
        chosen = {name: choice.value for name, choice in suggest(known, wished).items()}
        values = _as_fields(chosen | wished, known)
        if values.get("kl_schedule") == "linear":
            values["kl_warmup"] = max(1, round(values["epochs"] * values.pop("warm_up_share")))
        return Settings(**values)


OWN = "own"
TINY = 256  # pixel values: Bernoulli says too little of so few grey ones for ten dimensions to be worth their KL
MOST_UNITS = 16


def _plane(known: Traits) -> dict[str, Any]:
    return {"latent_dim": 2}


def _sharp(known: Traits) -> dict[str, Any]:
    return _precise(known) | {"architecture": "conv", "latent_dim": MOST_UNITS}


def _disentangle(known: Traits) -> dict[str, Any]:
    return _precise(known) | {"latent_dim": 10, "beta": 4.0}


def _collapse(known: Traits) -> dict[str, Any]:
    """The more pixels an image has, the more it takes: 40 for MNIST's 784."""
    beta = 40.0 * max(0.15, math.prod(known.image_shape) / 784)
    weight = {"beta": float(f"{beta:.2g}"), "kl_schedule": "linear", "warm_up_share": 0.8}
    return weight | {"latent_dim": 10, "likelihood": "bernoulli"}


def _autoencoder(known: Traits) -> dict[str, Any]:
    return {"latent_dim": 10, "objective": "autoencoder"}


def _precise(known: Traits) -> dict[str, Any]:
    """A learned variance says enough of a tiny picture; the KL term waits until it does."""
    if math.prod(known.image_shape) > TINY:
        return {}
    return {"likelihood": "gaussian", "kl_schedule": "linear", "warm_up_share": 0.5}


PRESETS = (
    Preset(
        "plane",
        "See the 2-D latent plane",
        "Every image becomes a point of a plane that you can look at.",
        _plane,
    ),
    Preset(
        "sharp",
        "Sharp pictures",
        "Convolutions and 16 dimensions draw clearly; this takes the longest.",
        _sharp,
    ),
    Preset(
        "disentangle",
        "Disentangle: β = 4",
        "A heavier KL term makes dimensions independent of each other, and leaves some of the ten unused.",
        _disentangle,
    ),
    Preset(
        "collapse",
        "Watch a collapse",
        "β grows until the posterior gives up: the KL falls to zero and all samples look alike.",
        _collapse,
    ),
    Preset(
        "autoencoder",
        "Autoencoder, for comparison",
        "No noise and no KL term: the best reconstructions, but samples from the prior look like none of the images.",
        _autoencoder,
    ),
)


def _as_fields(values: Mapping[str, Any], known: Traits) -> dict[str, Any]:
    """Settings as the form's fields hold them: widths as text, empty where the form would fill in the same."""
    fields_ = dict(values)
    default = default_model_config(values["architecture"], known.image_shape, 2)
    hidden = fields_.pop("hidden", default.hidden)
    fields_["hidden"] = "" if hidden == default.hidden else widths_text(hidden)
    fields_["activation"] = default.activation
    return fields_


def preset(preset_id: str) -> Preset | None:
    """The preset with this id; None for one's own settings."""
    return next((p for p in PRESETS if p.id == preset_id), None)


def matching(settings: Settings, dataset: str) -> str:
    """The id of the preset that has these settings, or OWN."""
    return next((p.id for p in PRESETS if p.settings(dataset).effective() == settings.effective()), OWN)


def settings_of(request: TrainingRequest) -> Settings:
    """The form's fields for a request: what `Duplicate` fills in."""
    model, train = request.model, request.train
    default = default_model_config(model.architecture, model.image_shape, 2)
    values = {name: getattr(train, name) for name in asdict(Settings()) if hasattr(train, name)}
    for name, off in (("importance_samples", 1), ("kl_warmup", 0), ("kl_cycles", 0)):
        if values[name] == off:  # it doesn't apply: the field shows its default once it does
            del values[name]
    return Settings(
        architecture=model.architecture,
        latent_dim=model.latent_dim,
        hidden="" if model.hidden == default.hidden else widths_text(model.hidden),
        channels="" if model.channels == default.channels else widths_text(model.channels),
        activation=model.activation,
        likelihood=model.likelihood,
        **values,
    )


def widths(what: str, text: str) -> tuple[int, ...]:
    """`512, 256` or `512 256`; `none` for no such layer. Raises ConfigError."""
    if text.strip().lower() == "none":
        return ()
    parts = text.replace(",", " ").split()
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise ConfigError(f"{what} are {text.strip()[:60]!r}, expected whole numbers such as 512, 256.")
    return tuple(int(part) for part in parts)


def widths_text(widths: tuple[int, ...]) -> str:
    """`400, 200` as somebody types it; `none` for no layer."""
    return ", ".join(map(str, widths)) or "none"


def name_base(name: str) -> str:
    """`mine` for `mine-b`: the name that the next free one is made of."""
    return re.sub(r"-[b-z]$", "", name)
