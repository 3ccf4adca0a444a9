"""What a training run is to do: the same for form and command line, in the run folder as JSON, and for the trainer."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any, Self

from msgspec import Meta

from vae.checkpoints.checkpoint_files import checkpoint_path
from vae.config import ModelConfig, TrainConfig, check_together
from vae.data import datasets
from vae.errors import ConfigError
from vae.jobs.command_line import option_words
from vae.storage import paths, probe
from vae.storage.reporting import storage_errors_as
from vae.storage.schema import read_as, text
from vae.storage.validation import short

PARTS = ("model", "train", "output")
DERIVED = "derived"
Reason = Annotated[str, text(1_000)]
Derived = Annotated[dict[Reason, Reason], Meta(max_length=100, description="reasons by the names of settings")]


@dataclass(frozen=True)
class TrainingRequest:
    """One training run, checked, but for what its data set says.

    Parameters
    ----------
    model, train
        What is trained, and how.
    output
        Where the checkpoint goes: a name below checkpoints/, or the path of a folder elsewhere.
    derived
        Settings that nobody chose, each with the reason for its value (suggested.py). Two requests that ask for the
        same are equal, whoever chose.

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
    derived: Mapping[str, str] = field(default_factory=dict, compare=False)

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

    def with_settings(self, settings: Mapping[str, Any]) -> TrainingRequest:
        """The same request with these settings of its model and its training, by name. Raises ConfigError."""
        of_model, of_training = (
            {f.name: settings[f.name] for f in fields(part) if f.name in settings} for part in (self.model, self.train)
        )
        derived = {name: why for name, why in self.derived.items() if name not in settings}
        return replace(
            self, model=replace(self.model, **of_model), train=replace(self.train, **of_training), derived=derived
        )

    def to_json(self) -> bytes:
        """For `from_json`, which gives an equal request."""
        values: dict[str, Any] = {"model": self.model.to_dict(), "train": self.train.to_dict(), "output": self.output}
        if self.derived:
            values[DERIVED] = dict(self.derived)
        return json.dumps(values, indent=2).encode()

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The request that `to_json` wrote, parsed. Raises ConfigError and CheckpointError for anything else."""
        if set(values) - {DERIVED} != set(PARTS):
            raise ConfigError(f"A training request has {short(sorted(values))}, expected {', '.join(PARTS)}.")
        output = values["output"]
        if not isinstance(output, str) or "\0" in output:
            raise ConfigError(f"output is {short(output)}, expected a name or a path.")
        with storage_errors_as(ConfigError):
            derived = read_as(values.get(DERIVED, {}), Derived, DERIVED)
        return cls(ModelConfig.from_dict(values["model"]), TrainConfig.from_dict(values["train"]), output, derived)

    def words(self) -> list[str]:
        """The command line of this run after `python -m vae`, every setting written out."""
        words = ["train", "--dataset", self.train.dataset]
        for name, value in self._settings().items():
            if value != () or name == "hidden":  # none of these is also said: `--hidden` alone
                words += self.option(name)
        return [*words, "--output", self.output]

    def option(self, setting: str) -> list[str]:
        """How a command line gives a setting of the model or the training: the option and its values."""
        option, value = f"--{setting.replace('_', '-')}", self._settings()[setting]
        return option_words(option, tuple(map(str, value))) if isinstance(value, tuple) else [option, str(value)]

    def _settings(self) -> dict[str, Any]:
        settings = self.model.to_dict() | self.train.to_dict()
        del settings["image_shape"], settings["dataset"]  # the data set has the shape, and is named first
        return settings

    def command(self) -> str:
        """The shell line that repeats this run."""
        return shlex.join(["python", "-m", "vae", *self.words()])
