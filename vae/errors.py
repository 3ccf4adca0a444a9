"""One family of errors: everything a person can get wrong, said in words that help them on."""

from __future__ import annotations

LONGEST = 1_500  # characters of a message and of a hint: whoever forgets to cut what a file holds floods nobody


class VAEError(Exception):
    """What was found and expected (`message`), and what to do next (`hint`).

    Pages show both in place; the command line prints both on one line and exits with code 2.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(_cut(message))
        self.message = _cut(message)
        self.hint = _cut(hint)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


class StorageError(VAEError):
    """A file that can't be read, or holds what it should not; whoever wanted it says what for (storage/reporting)."""


class ConfigError(VAEError):
    """A setting that no model or training run can have."""


class DatasetError(VAEError):
    """A data set or an image that is unknown, damaged or of the wrong shape."""


class DatasetMissingError(DatasetError):
    """A known data set whose images are not on this machine; it can be fetched."""


class CheckpointError(VAEError):
    """A checkpoint that is absent, truncated, tampered with, from another format, or of another shape."""


class JobError(VAEError):
    """A job that does not exist or can't be started."""


class TrainingError(VAEError):
    """A training run that can't go on: the loss is not finite, or nothing was finished."""


class GenerationError(VAEError):
    """Something asked of a model that can't be made: too many samples, an image or direction that doesn't fit."""


class SelectionError(VAEError):
    """Images that can't be tagged as asked: none, too many, or under no name."""


class ScoreError(VAEError):
    """An anomaly score that can't be computed or judged: unknown, of too few images, or without labels."""


class BudgetError(VAEError):
    """Work that needs more memory or disk than is free: told with the numbers, before it starts."""
