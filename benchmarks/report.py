"""What all benchmarks share: the --json option, percentiles, and a table of what was measured."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path

import numpy as np

Values = dict[str, float | int | str | None]  # None: not measured, null in the file


def parser(description: str) -> argparse.ArgumentParser:
    """A parser with --json FILE."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--json", type=Path, metavar="FILE", help="write the figures as one flat JSON object")
    return made


def percentile(values: Sequence[float], share: float) -> float:
    """The `share`-th percentile, rounded to what was measured."""
    return round(float(np.percentile(values, share)), 2)


def machine() -> Values:
    """Where it was measured."""
    return {"machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}"}


def show(values: Values, file: Path | None) -> None:
    """Print the figures, and write them to `file` when there is one."""
    for name, value in values.items():
        print(f"{name:32} {value}")
    if file:
        file.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
