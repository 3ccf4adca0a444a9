"""A reading is a number of a training run and what it means. No torch."""

from __future__ import annotations

from dataclasses import dataclass

LEVELS = ("fine", "open", "watch", "failing")  # from good to bad; `open` where nothing can be said (yet)


@dataclass(frozen=True)
class Reading:
    """One number and what it means in one sentence; `measured` says how it was measured."""

    name: str
    value: str
    unit: str
    level: str
    sentence: str
    measured: str = ""


def number(value: float, digits: int = 2) -> str:
    """With thousands separators and a true minus; a number that rounds to 0 has none."""
    text = f"{value:,.{digits}f}"
    return text.replace("-", "−") if float(text.replace(",", "")) else text.lstrip("-")
