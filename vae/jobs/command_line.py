"""What a job's command line says."""

from __future__ import annotations

from collections.abc import Sequence


def option_words(option: str, values: Sequence[str]) -> list[str]:
    """An option and its values as a command line gives them: one that looks like an option itself is tied to it."""
    if not any(value.startswith("-") for value in values):
        return [option, *values]
    return [f"{option}={value}" for value in values]
