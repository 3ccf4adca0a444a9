"""Where things are on disk. Each folder has one environment variable, so tests and clusters can move it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from vae.storage import probe
from vae.storage.printing import visible

LONGEST = 200  # characters of a path in a message
_ABOVE = Path(__file__).resolve().parents[2]
PROJECT = (
    _ABOVE if probe.is_file(_ABOVE / "pyproject.toml") else probe.resolved(".")
)  # a wheel has no project: it works where it is


def _folder(variable: str, default: str) -> Path:
    value = os.environ.get(variable)
    return probe.resolved(value) if value else PROJECT / default


def data_dir() -> Path:
    """Data sets in torchvision's layout (`VAE_DATA`, default `data/`)."""
    return _folder("VAE_DATA", "data")


def readable_folders() -> tuple[Path, ...]:
    """Folders from which a page may read images (`VAE_FOLDERS`), resolved; by default home and `VAE_DATA`.

    Several are separated as in PATH. None where the variable is empty or `none`. The command line isn't bound by it.
    """
    value = os.environ.get("VAE_FOLDERS")
    named = ["~", str(data_dir())] if value is None else value.split(os.pathsep)
    found = []
    for name in named if value != "none" else []:
        with contextlib.suppress(OSError, RuntimeError, ValueError):  # nobody's home, a circle: nothing to read from
            if name.strip():
                found.append(Path(name.strip()).expanduser().resolve())
    # a service often has / for its home, and nobody has said that a page may read all of the disk
    return tuple(folder for folder in found if value is not None or folder != Path(folder.anchor))


def checkpoints_dir() -> Path:
    """One folder per model (`VAE_CHECKPOINTS`, default `checkpoints/`)."""
    return _folder("VAE_CHECKPOINTS", "checkpoints")


def runs_dir() -> Path:
    """One folder per job (`VAE_RUNS`, default `runs/`)."""
    return _folder("VAE_RUNS", "runs")


def derived_dir() -> Path:
    """What is made from a checkpoint after it was written (`VAE_DERIVED`, default `derived/`)."""
    return _folder("VAE_DERIVED", "derived")


def derived_folder(identity: str) -> Path:
    """Where things derived from the checkpoint of this identity are kept."""
    return derived_dir() / identity[:16]


def problems() -> list[str]:
    """A sentence for each folder that is there and can't be read; what needs it is missing, the rest goes on."""
    folders = {
        "VAE_DATA": data_dir(),
        "VAE_CHECKPOINTS": checkpoints_dir(),
        "VAE_RUNS": runs_dir(),
        "VAE_DERIVED": derived_dir(),
    }
    return [said for variable, folder in folders.items() if (said := problem(folder, variable))]


def problem(folder: Path, variable: str = "") -> str:
    """A sentence for a folder, which `variable` names, that is there and can't be read; empty for any other."""
    why = (_why_odd(variable) if variable else "") or probe.why_closed(folder)
    named = f" ({variable})" if variable else ""
    return f"The folder {visible(str(folder))[:LONGEST]}{named} can't be read: {why}." if why else ""


def _why_odd(variable: str) -> str:
    return "there is nobody of that name" if probe.is_nobodys(os.environ.get(variable, "")) else ""
