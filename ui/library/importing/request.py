"""What a person asks for: images, a name, and how they are taken. It becomes a job."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ui.library.importing.dropped import Archive
from vae.data.import_folder import free_folder
from vae.errors import ConfigError, DatasetError
from vae.jobs import queue
from vae.jobs.command_line import option_words
from vae.jobs.job import Job

KIND, LANE = "import", "import"
AUTO = "auto"
CHANNELS = {AUTO: "As they are", "grey": "Grey", "colour": "Colour"}


@dataclass(frozen=True)
class ImportRequest:
    """`source` is an archive in memory, or a folder of this machine; `within` are folders that no link may lead out of.

    `classes` and `channels` are words of `python -m vae import`, or AUTO.
    """

    name: str
    source: Archive | Path
    height: int
    width: int
    fit: str = "cut"
    channels: str = AUTO
    classes: str = AUTO
    splits: str = AUTO
    within: tuple[Path, ...] = field(default=())

    def check(self) -> None:
        """Raise DatasetError for a name that is taken or can't be one, ConfigError for none."""
        if not self.name:
            raise ConfigError("The data set has no name yet.", "Type one: letters, digits, dots, dashes, underscores.")
        free_folder(self.name)
        if any(job.active and job.arguments[1:2] == (self.name,) for job in queue.all_jobs() if job.kind == KIND):
            raise DatasetError(f"An import that has not ended will write {self.name!r}.", "Choose another name.")

    def submit(self) -> Job:
        """Queue it. Raises JobError, and as `check` does."""
        self.check()
        if isinstance(self.source, Archive):
            source, files = f"upload{self.source.suffix}", {f"upload{self.source.suffix}": self.source.content()}
        else:
            source, files = str(self.source), {}
        words = ["import", self.name, source, *option_words("--size", [f"{self.height}x{self.width}"])]
        words += option_words("--fit", [self.fit])
        words += [] if self.channels == AUTO else [f"--{self.channels}"]
        words += option_words("--classes-from", [self.classes]) + option_words("--split-from", [self.splits])
        for folder in self.within:
            words += option_words("--within", [str(folder)])
        return queue.submit(KIND, f"Import {self.name}", words, lane=LANE, files=files)
