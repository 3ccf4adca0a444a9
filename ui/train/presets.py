"""What a training can be for, each with all of its settings for every data set. No streamlit."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from vae.config import TrainConfig, default_model_config
from vae.data import datasets, kl_scale
from vae.data.traits import Traits, traits
from vae.errors import ConfigError, DatasetError
from vae.training.request import TrainingRequest
from vae.training.suggested import FEW, suggest


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
    """A place to start. `wishes(dataset, traits)`: the settings that make it what it is; the others follow the data.

    `word` names its models, where β and objective don't. `enough` is the number of training images from which on it has
    shown what its sentence says, where fewer were tried and did not (`python -m benchmarks.presets`).
    """

    id: str
    title: str
    sentence: str
    wishes: Callable[[str, Traits], dict[str, Any]]
    word: str = ""
    enough: int = 0

    def shortfall(self, dataset: str) -> str:
        """What to know before training on too few images; empty where they are enough. Raises DatasetError."""
        images = traits(dataset).train_images
        if images >= self.enough:
            return ""
        return (
            f"{images:,} training images are few for this goal: expect a verdict of “Watch”. From about "
            f"{self.enough:,} on it showed what it promises."
        )

    def settings(self, dataset: str) -> Settings:
        """All settings for this data set. Raises DatasetError."""
        known = traits(dataset)
        wished = self.wishes(dataset, known)
        chosen = {name: choice.value for name, choice in suggest(known, wished).items()}
        values = _as_fields(chosen | wished, known)
        if values.get("kl_schedule") == "linear":
            values["kl_warmup"] = max(1, round(values["epochs"] * values.pop("warm_up_share")))
        if values.pop("keep_best", False):
            values["patience"] = values["epochs"]
        return Settings(**values)


OWN = "own"
TINY = 256  # pixel values: Bernoulli says too little of so few grey ones for ten dimensions to be worth their KL
MOST_UNITS = 16
MANY_IMAGES = 10_000  # training images: of fewer a large network knows some by heart before its last epoch
FAR_ABOVE = 1.5  # times the β at which a linear decoder keeps nothing
KEPT = {"bernoulli": 5, "gaussian": 3}  # of ten dimensions, by a linear decoder: a network keeps one to three more
CONV_SHARE = 0.25  # of that β: convolutions come to less of what a linear decoder knows, in as many steps
# Where few pictures have a learned variance: the nats of their pixels outweigh the KL's, and are learnt by heart. The
# plane of 240 colour shapes lies 0.5 nats off the prior with β = 4 and 3.2 with β = 1, and its −ELBO is better, too.
FEW_PICTURES_BETA = 6.0
ROOMY = 8  # dimensions that tell normal images from others


def _plane(dataset: str, known: Traits) -> dict[str, Any]:
    return _near_the_prior(known, {"latent_dim": 2})


def _sharp(dataset: str, known: Traits) -> dict[str, Any]:
    wished = _precise(known) | _best(known) | {"architecture": "conv", "latent_dim": MOST_UNITS}
    return _near_the_prior(known, wished)


def _anomalies(dataset: str, known: Traits) -> dict[str, Any]:
    """What suits the images, and room for what normal ones have in common, where they are enough for it."""
    suited = suggest(known, {})["latent_dim"].value
    enough = known.train_images >= 20 * ROOMY
    wished = _precise(known) | _best(known) | {"latent_dim": max(suited, ROOMY) if enough else suited}
    return _near_the_prior(known, wished)


def _disentangle(dataset: str, known: Traits) -> dict[str, Any]:
    """So heavy a KL term that about half of the ten dimensions stay unused, on these images."""
    wished = _precise(known) | {"latent_dim": 10, "kl_schedule": "linear", "warm_up_share": 0.5}
    likelihood = str(suggest(known, wished)["likelihood"].value if "likelihood" not in wished else wished["likelihood"])
    share = CONV_SHARE if suggest(known, wished)["architecture"].value == "conv" else 1.0
    return wished | {"beta": max(1.0, _two_digits(share * _beta(dataset, known, likelihood, KEPT[likelihood])))}


def _collapse(dataset: str, known: Traits) -> dict[str, Any]:
    weight = {"beta": _two_digits(FAR_ABOVE * _beta(dataset, known, "bernoulli", 0))}
    return weight | {"kl_schedule": "linear", "warm_up_share": 0.8, "latent_dim": 10, "likelihood": "bernoulli"}


def _autoencoder(dataset: str, known: Traits) -> dict[str, Any]:
    return {"latent_dim": 10, "objective": "autoencoder"}


def _best(known: Traits) -> dict[str, Any]:
    """The best epoch is kept where the last ones may know images by heart."""
    return {"keep_best": True} if known.train_images < MANY_IMAGES else {}


def _near_the_prior(known: Traits, wished: dict[str, Any]) -> dict[str, Any]:
    """With a KL that counts for more, where few pictures with a learned variance would pull latents off the prior."""
    chosen = {name: choice.value for name, choice in suggest(known, wished).items()} | wished
    few = known.train_images < FEW and chosen["likelihood"] == "gaussian"
    return wished | ({"beta": FEW_PICTURES_BETA} if few and math.prod(known.image_shape) > TINY else {})


def _precise(known: Traits) -> dict[str, Any]:
    """A learned variance says enough of a tiny picture; the KL term waits until it does."""
    if math.prod(known.image_shape) > TINY:
        return {}
    return {"likelihood": "gaussian", "kl_schedule": "linear", "warm_up_share": 0.5}


def _beta(dataset: str, known: Traits, likelihood: str, kept: int) -> float:
    """The β at which a linear decoder keeps so many dimensions of these images (kl_scale.py)."""
    try:
        strengths = kl_scale.strengths(dataset, likelihood)
    except DatasetError:  # not on this machine, or damaged: whoever trains on it says so; MNIST's are of this order
        return _two_digits(32 * math.prod(known.image_shape) / 784 / (1 + kept / 3))
    return _two_digits(float(strengths[min(kept, len(strengths) - 1)]) or 1.0)


def _two_digits(value: float) -> float:
    return float(f"{value:.2g}")


PRESETS = (
    Preset(
        "plane",
        "See a 2-D map",
        "Every image becomes a point on a plane that you can look at.",
        _plane,
    ),
    Preset(
        "sharp",
        "Sharp pictures",
        "Convolutions and 16 dimensions draw the clearest pictures. Takes the longest.",
        _sharp,
    ),
    Preset(
        "anomalies",
        "Find anomalies",
        "Learns what is normal. On Anomalies, images that it redraws badly then stand out.",
        _anomalies,
        enough=300,
    ),
    Preset(
        "collapse",
        "Watch it fail",
        "The KL term grows until the decoder ignores the latents and all samples look alike.",
        _collapse,
        word="collapse",
    ),
    Preset(
        "disentangle",
        "Disentangle (β-VAE)",
        "So heavy a KL term that about half of ten dimensions stay unused.",
        _disentangle,
    ),
    Preset(
        "autoencoder",
        "Plain autoencoder",
        "No noise and no KL term: sharp reconstructions, poor samples.",
        _autoencoder,
    ),
)


def _as_fields(values: Mapping[str, Any], known: Traits) -> dict[str, Any]:
    """Settings as the form's fields hold them: widths as text, empty where the form would fill in the same."""
    fields_ = dict(values)
    default = default_model_config(values["architecture"], known.image_shape, 2)
    for name, usual in (("hidden", default.hidden), ("channels", default.channels)):
        chosen = fields_.pop(name, usual)
        fields_[name] = "" if chosen == usual else widths_text(chosen)
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
