"""From a model read elsewhere to an ordinary checkpoint: latents of the test images, maps, numbers with protocols."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from vae.adoption.judging import ModelReading, Ranking
from vae.budget import limits, needs
from vae.checkpoints import checkpoint_files, checkpoint_writing, every_image, inference, loading, placing
from vae.checkpoints.baseline import pixel_moments
from vae.checkpoints.checkpoint import DatasetRef, FloatArray, Latents, NewCheckpoint
from vae.checkpoints.checkpoint_files import checkpoint_path, summary
from vae.checkpoints.metrics import measured_by, metrics_of
from vae.config import ADOPTED, GAUSSIANS, MAX_LOGVAR, MIN_LOGVAR, ModelConfig, Networks, TrainConfig
from vae.data import datasets
from vae.data.image_dataset import SPLITS, ImageDataset
from vae.errors import ConfigError
from vae.jobs.progress import Progress
from vae.maps import making
from vae.maps.projection import TITLES, ProjectionMap
from vae.model.pixels import to_unit

FITTED_TO = 2_000  # training images, evenly spread: of these a Gaussian's variance is the mean squared error
KEPT = 3  # readings that are told of
MAPPED_AT_ONCE = (
    2_000  # images: more would keep a person waiting; the page makes their t-SNE and UMAP maps when it is asked to
)
PLACED_AT_ONCE = 5_000  # images of all splits, likewise: the page encodes more when it is asked to
POINT_SIGMA = 1e-3  # below, on average over images and dimensions, an encoder's answer is a point: an autoencoder


@dataclass(frozen=True)
class Tried:
    """One way to read a model: its choices in words, and the error share of up to 256 training images."""

    choices: dict[str, str]
    error: float


@dataclass(frozen=True)
class Adopted:
    """What became of a model: where it is, and `error`, the share of the mean image's squared error that it leaves.

    `tried` are the readings that were nearest to right, the one that was taken first; `is_clear` says whether that one
    is clearly better than the next. `notes` are what else a person should know.
    """

    path: Path
    error: float
    test_loss: float
    tried: tuple[Tried, ...]
    is_clear: bool
    notes: tuple[str, ...] = ()

    @property
    def choices(self) -> dict[str, str]:
        """How it is read."""
        return self.tried[0].choices

    def lines(self) -> list[str]:
        """For a person."""
        said = [f"{name}: {choice}" for name, choice in self.choices.items()]
        verdict = (
            f"Reconstructions leave {100 * self.error:.1f} % of the squared error of the mean image (test images)."
        )
        if self.error >= 1:
            verdict += " That is no better than one picture for all: the images or their range may be wrong."
        return [*said, verdict, *self._runner_up(), *self.notes]

    def _runner_up(self) -> list[str]:
        if len(self.tried) < 2:
            return []
        first, second = self.tried[:2]
        other = ", ".join(
            f"{name}: {choice}" for name, choice in second.choices.items() if first.choices.get(name) != choice
        )
        return [f"Runner-up: {other} ({100 * second.error:.1f} % beside {100 * first.error:.1f} %, training images)."]


@dataclass(frozen=True)
class Destination:
    """The name of a new model. `again`: an adopted model of that name gives way, as when it is read otherwise."""

    name: str
    again: bool = False

    def check(self) -> Path:
        """Where it will be. Raises CheckpointError when the name is taken or not allowed."""
        path = checkpoint_path(self.name)
        checkpoint_writing.check_writable(path, self.replacing())
        return path

    def replacing(self) -> tuple[str, ...]:
        """The identity of the model that gives way; none for one that was trained here."""
        there = summary(checkpoint_path(self.name)) if self.again else None
        return (there.identity,) if there and there.model and there.model.architecture == ADOPTED else ()


def write(
    destination: Destination,
    ranking: Ranking,
    dataset: str,
    origin: str,
    command: str,
    progress: Progress | None = None,
) -> Adopted:
    """Write the best reading. `origin` tells where the model comes from, `command` how to do it again.

    Raises ConfigError for a model that gives no finite numbers, DatasetError, and CheckpointError for a name that is
    taken.
    """
    progress = progress or Progress(None)
    path, reading = destination.check(), ranking.best.reading
    progress.stage("reading images")
    splits = {split: datasets.load(dataset, split) for split in SPLITS}
    config = config_of(reading, splits["test"].image_shape)
    limits.check_memory(needs.encoding(config, len(splits["test"])), "Loading this model", "Close other programs.")
    weights = reading.weights()
    if config.likelihood in GAUSSIANS:
        weights["likelihood.logvar"] = _fitted_logvar(config, weights, splits["train"])
    model = loading.model_from(config, weights)
    progress.stage("encoding test images", "images")
    test = splits["test"]
    encoded = inference.encode(model, test.images, test.labels, on_batch=progress.update)
    if not all(np.isfinite(a).all() for a in (encoded.mu, encoded.sigma, encoded.elbo)):
        raise ConfigError(
            "The model gives numbers that are not finite for some test images.",
            "Its images may be those of another data set, or its weights are damaged.",
        )
    train = TrainConfig(dataset, epochs=1, objective="autoencoder" if encoded.sigma.mean() < POINT_SIGMA else "elbo")
    known, measured = datasets.info(dataset), measured_by(config, train)
    yardstick = pixel_moments(splits["train"].images).yardstick(pixel_moments(test.images), measured)
    metrics = metrics_of(encoded, known.title, measured, yardstick=yardstick)
    maps = _maps(encoded, progress)
    new = NewCheckpoint(
        model=config,
        train=train,
        dataset=DatasetRef(
            test.name,
            known.title,
            test.image_shape,
            test.class_names,
            test.fingerprint,
            measured.preprocessing,
            known.reading,
        ),
        command=command,
        weights=weights,
        latents=encoded,
        maps=maps,
        metrics=metrics,
        origin=origin,
    )
    checkpoint_writing.write(new, path, destination.replacing())
    if sum(map(len, splits.values())) <= PLACED_AT_ONCE:
        written = checkpoint_files.read_folder(path, path.name)
        progress.stage("encoding the other images", "images")
        placing.place(written, model, {name: splits[name] for name in every_image.SPLITS[1:]}, progress.update)
    mean = np.asarray(test.images, np.float64).mean(0) / 255
    nothing = sum(float(((image / 255 - mean) ** 2).sum()) for image in test.images) or 1.0
    error = float(encoded.squared_error.sum(dtype=np.float64)) / nothing
    progress.close()
    tried = tuple(Tried(dict(one.reading.choices), one.error) for one in ranking.judged[:KEPT])
    return Adopted(path, error, metrics["test_loss"].value, tried, ranking.is_clear)


def config_of(reading: ModelReading, image_shape: tuple[int, int, int]) -> ModelConfig:
    """The model's config. Raises ConfigError for networks that don't fit the images or each other."""
    return ModelConfig(
        ADOPTED,
        image_shape,
        reading.latent_dim,
        likelihood=reading.likelihood,
        networks=Networks(reading.encoder.graph, reading.decoder.graph),
    )


def _fitted_logvar(config: ModelConfig, weights: dict[str, FloatArray], train: ImageDataset) -> FloatArray:
    """The log variance that fits best: that of the errors of training images from one posterior sample each.

    Source: Rybkin, Daniilidis & Levine 2021, whose optimal variance this is.
    """
    model = loading.model_from(config, {**weights, "likelihood.logvar": np.zeros(1, np.float32)})
    rows = np.linspace(0, len(train) - 1, min(len(train), FITTED_TO)).astype(np.int64)
    noise, total = torch.Generator().manual_seed(0), 0.0
    with torch.inference_mode():
        for part in np.array_split(rows, max(1, len(rows) // 100)):
            x = to_unit(torch.tensor(np.asarray(train.images[part])))
            posterior = model.encode(x)
            z = posterior.at(torch.empty_like(posterior.mu).normal_(generator=noise))
            total += float((x - model.decode_mean(z)).square().double().sum())
    variance = total / (len(rows) * np.prod(config.image_shape))
    return np.array([np.clip(np.log(max(variance, 1e-300)), MIN_LOGVAR, MAX_LOGVAR)], np.float32)


def _maps(latents: Latents, progress: Progress) -> list[ProjectionMap]:
    progress.stage("PCA map")
    found = [making.fit("pca", latents.mu, latents.labels)]
    if len(latents.mu) > MAPPED_AT_ONCE:
        return found
    with contextlib.suppress(ConfigError):  # too few images, or all alike
        for method in making.OF_NEIGHBOURS:
            progress.stage(f"{TITLES[method]} map", "iterations")
            found.append(making.fit(method, latents.mu, latents.labels, on_step=progress.update))
    return found
