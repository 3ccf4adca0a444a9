"""What a person asks for: files, a data set, a name, and what the files don't tell. It becomes a job."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from vae.checkpoints.checkpoint_files import NAME_PATTERN, checkpoint_path
from vae.errors import CheckpointError, ConfigError
from vae.jobs import queue
from vae.jobs.command_line import option_words
from vae.jobs.job import Job
from vae.storage import probe

KIND = "adopt"
ONNX, WEIGHTS = (".onnx",), (".pt", ".pth", ".ckpt", ".safetensors")
LONGEST = 60  # characters of a file's name
AUTO = "auto"


@dataclass(frozen=True)
class LoadRequest:
    """`files` by name; `settings` are options of `python -m vae adopt` and their values, without those left open."""

    name: str
    dataset: str
    files: Mapping[str, bytes]
    settings: Mapping[str, str] = field(default_factory=dict)
    again: bool = False

    def check(self) -> None:
        """Raise ConfigError for files that are no model, CheckpointError for a name that can't be used."""
        kinds = {PurePath(name).suffix.lower() for name in self.files}
        if not self.files:
            raise ConfigError("There are no files yet.", "Choose two .onnx files, or one file of weights.")
        if kinds <= set(ONNX) and len(self.files) != 2:
            raise ConfigError(
                f"There is {len(self.files)} ONNX file, expected two: an encoder and a decoder.",
                "One model with both inside is cut from a terminal: python -m vae adopt --onnx FILE --cut NAMES.",
            )
        if not kinds <= set(ONNX) and (len(self.files) != 1 or not kinds <= set(WEIGHTS)):
            raise ConfigError(
                f"Found {', '.join(self.files)!s:.200}; expected two .onnx files, or one of {', '.join(WEIGHTS)}."
            )
        if probe.is_there(checkpoint_path(self.name)) and not self.again:
            raise CheckpointError(f"There is already a model {self.name!r}.", "Choose another name.")

    def submit(self) -> Job:
        """Queue it. Raises JobError, and as `check` does."""
        self.check()
        files = {_plain(name): raw for name, raw in self.files.items()}
        onnx = all(name.lower().endswith(ONNX) for name in files)
        options = [word for name, value in self.settings.items() for word in (f"--{name}", value) if word]
        arguments = [
            "adopt",
            self.name,
            *option_words("--onnx" if onnx else "--weights", list(files)),
            *option_words("--dataset", [self.dataset]),
            *options,
            *(["--again"] if self.again else []),
        ]
        return queue.submit(KIND, f"Load {self.name}", arguments, files=files)


def suggested_name(files: Mapping[str, bytes]) -> str:
    """After the first file; empty for none."""
    stems = [PurePath(name).stem for name in files]
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", stems[0] if stems else "").strip("-._")[:LONGEST]
    if name.lower() in ("encoder", "decoder"):
        name = "my-vae"
    return _free(name) if NAME_PATTERN.fullmatch(name) else ""


def _free(name: str) -> str:
    """The name, or the first of name-2, name-3, … that no model has."""
    numbered = (f"{name}-{k}" if k > 1 else name for k in itertools.count(1))
    return next(one for one in numbered if not probe.is_there(checkpoint_path(one)))


def _plain(name: str) -> str:
    """A file's name that can go nowhere and is no option."""
    path = PurePath(name.replace("\\", "/").rpartition("/")[2])
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-.")[:LONGEST] or "model"
    return f"{stem}{path.suffix.lower()}"
