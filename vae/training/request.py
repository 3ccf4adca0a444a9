"""What a training run is to do: the same for form and command line, in the run folder as JSON, and for the trainer."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from vae.checkpoints.checkpoint_files import checkpoint_path
from vae.config import ModelConfig, TrainConfig, check_together
from vae.data import datasets
from vae.errors import ConfigError
from vae.storage import paths, probe
from vae.storage.validation import short

PARTS = ("model", "train", "output")


@dataclass(frozen=True)
class TrainingRequest:
    """One training run, checked, but for what its data set says.

    Parameters
    ----------
    model, train
        What is trained, and how.
    output
        Where the checkpoint goes: a name below checkpoints/, or the path of a folder elsewhere.

    Raises
    ------
    ConfigError
        For a model and a training that don't fit each other.
    CheckpointError
        For an output that no checkpoint can have.
    """

    model: ModelConfig
    train: TrainConfig
    output: str

    def __post_init__(self) -> None:
        check_together(self.model, self.train)
        folder = self.destination  # one folder has one name: jobs are told apart by it
        name = folder.name if folder.parent == paths.checkpoints_dir() else str(folder)
        object.__setattr__(self, "output", name)

    @property
    def destination(self) -> Path:
        """The checkpoint's folder."""
        path = Path(self.output)
        if path.name == self.output:
            return checkpoint_path(self.output)
        return checkpoint_path(path.name, probe.resolved(self.output).parent)

    def check_dataset(self) -> None:
        """Raise DatasetError for an unknown data set, ConfigError for one that doesn't fit."""
        known = datasets.info(self.train.dataset)
        if known.image_shape != self.model.image_shape:
            raise ConfigError(
                f"The model is for images of shape {self.model.image_shape}, those of {known.title} have "
                f"{known.image_shape}.",
                "Start a new run.",
            )
        if unknown := [name for name in self.train.classes if name not in known.class_names]:
            raise ConfigError(
                f"{known.title} has no class {unknown[0]!r:.60}.", f"Its classes: {', '.join(known.class_names[:20])}."
            )

    def to_json(self) -> bytes:
        """For `from_json`, which gives an equal request."""
        values = {"model": self.model.to_dict(), "train": self.train.to_dict(), "output": self.output}
        return json.dumps(values, indent=2).encode()

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The request that `to_json` wrote, parsed. Raises ConfigError and CheckpointError for anything else."""
        if set(values) != set(PARTS):
            raise ConfigError(f"A training request has {short(sorted(values))}, expected {', '.join(PARTS)}.")
        output = values["output"]
        if not isinstance(output, str) or "\0" in output:
            raise ConfigError(f"output is {short(output)}, expected a name or a path.")
        return cls(ModelConfig.from_dict(values["model"]), TrainConfig.from_dict(values["train"]), output)

    def words(self) -> list[str]:
        """The command line of this run after `python -m vae`, every setting written out."""
        model, train = self.model.to_dict(), self.train.to_dict()
        del model["image_shape"]  # the data set has it
        words = ["train", "--dataset", train.pop("dataset")]
        for name, value in (model | train).items():
            option = f"--{name.replace('_', '-')}"
            if not isinstance(value, tuple):
                words += [option, str(value)]
            elif value or name == "hidden":  # none of these is also said: `--hidden` alone
                words += option_words(option, tuple(map(str, value)))
        return [*words, "--output", self.output]

    def command(self) -> str:
        """The shell line that repeats this run."""
        return shlex.join(["python", "-m", "vae", *self.words()])


def option_words(option: str, values: Sequence[str]) -> list[str]:
    """An option and its values as a command line gives them: one that looks like an option itself is tied to it."""
    if not any(value.startswith("-") for value in values):
        return [option, *values]
    return [f"{option}={value}" for value in values]
