"""A VAE of which there is only a file of weights, adopted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vae.adoption import adopting
from vae.adoption.adopting import Adopted, Destination
from vae.adoption.candidates import NO_WISHES, Wishes
from vae.adoption.judging import Ranking
from vae.adoption.weights import guessing, parts, state_dict, weights_file
from vae.adoption.weights.guessing import NO_CHOICE, LayerChoice
from vae.data import datasets
from vae.errors import ConfigError
from vae.jobs.progress import Progress

FROM_PYTHON = "With the code that made it: vae.adopt({name!r}, encoder=model.encode, decoder=model.decode, dataset=…)"


def ranked(
    path: Path,
    dataset: str,
    wishes: Wishes = NO_WISHES,
    choice: LayerChoice = NO_CHOICE,
    on_tried: Callable[[int, int], None] = lambda done, total: None,
) -> Ranking:
    """All ways to read the file, by their reconstructions of training images.

    Raises ConfigError, with the line of Python that would do instead, for a file whose layers are not understood.
    """
    tensors = weights_file.read(path)
    try:
        layers = state_dict.layers_of(state_dict.without_wrappers(tensors))
        found = parts.parts_of(layers)
        return guessing.ranked(found, datasets.load(dataset, "train").images, wishes, choice, on_tried)
    except ConfigError as error:
        hint = FROM_PYTHON.format(name=path.stem)
        raise ConfigError(f"{path.name}: {error.message}", f"{error.hint} {hint}".strip()) from error


def adopt(
    destination: Destination,
    path: Path,
    dataset: str,
    wishes: Wishes = NO_WISHES,
    choice: LayerChoice = NO_CHOICE,
    progress: Progress | None = None,
) -> Adopted:
    """Make a model out of a file of weights. Raises ConfigError, DatasetError, CheckpointError."""
    destination.check()
    progress = progress or Progress(None)
    progress.stage("trying ways to read it", "ways")
    ranking = ranked(path, dataset, wishes, choice, progress.update)
    told = " ".join(f"{what}: {chosen}." for what, chosen in ranking.best.reading.choices.items())
    return adopting.write(
        destination,
        ranking,
        dataset,
        f"From weights: {path.name}. {told}",
        f"python -m vae adopt {destination.name} --weights {path.name} --dataset {dataset}",
        progress,
    )
