"""What one kind of work has suffered from being killed."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import report
from vae.errors import VAEError

UNREADABLE = (VAEError, OSError, ValueError, KeyError)  # what a reader raises for half a result


class KillError(Exception):
    """What was to be killed did something else."""


@dataclass
class Tally:
    """Kills, and what they did: each problem is a sentence."""

    kills: int = 0
    lost_epochs: int = 0
    half_results: int = 0
    unequal: int = 0  # finished after kills, and not bit for bit what it is without them
    problems: list[str] = field(default_factory=list)

    def look(self, read: Callable[[], object]) -> None:
        """Count what `read` can't read: it raises one of UNREADABLE."""
        try:
            read()
        except UNREADABLE as error:
            self.half_results += 1
            self.problems.append(f"half: {error!s:.300}")

    def compare(self, found: str, expected: str, what: str) -> None:
        """Count an end that is not the undisturbed one."""
        if found != expected:
            self.unequal += 1
            self.problems.append(f"{what} is not what it is without kills")

    def figures(self, name: str) -> report.Values:
        """This kind's part of the report."""
        lost: report.Values = {f"{name}_lost_epochs": self.lost_epochs} if name.startswith("train") else {}
        halves: report.Values = {f"{name}_half_results": self.half_results, f"{name}_not_bit_equal": self.unequal}
        return {f"{name}_kills": self.kills, **lost, **halves}

    @property
    def faults(self) -> int:
        """All that must be 0."""
        return self.lost_epochs + self.half_results + self.unequal


def digest(result: Path) -> str:
    """Of a file, or of all files in a folder and their names; empty where nothing is there."""
    if not result.exists():
        return ""
    files = sorted(path for path in result.rglob("*") if path.is_file()) if result.is_dir() else [result]
    total = hashlib.sha256()
    for path in files:
        total.update(f"{path.relative_to(result)} {path.stat().st_size}\n".encode() + path.read_bytes())
    return total.hexdigest()


def remove(result: Path) -> None:
    """Delete a file or a folder, if it is there."""
    if result.is_dir():
        shutil.rmtree(result)
    result.unlink(missing_ok=True)
